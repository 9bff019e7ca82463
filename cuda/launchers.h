#pragma once

#include "cuda/bin/bin.h"
#include "cuda/optim/whitened_adam.h"
#include "cuda/primitives.h"
#include "cuda/project/project.h"
#include "cuda/raster/raster.h"

namespace gsfit::gpu {

/// The functions of the rooms' headers in cuda/. They are called through this table, since the library that holds them
/// is loaded only when a GPU is asked for.
struct Launchers {
    decltype(&gpu::scan_bytes) scan_bytes;
    decltype(&gpu::sort_bytes) sort_bytes;
    decltype(&gpu::project_forward) project_forward;
    decltype(&gpu::project_backward) project_backward;
    decltype(&gpu::count_tiles) count_tiles;
    decltype(&gpu::list_tiles) list_tiles;
    decltype(&gpu::draw_image) draw_image;
    decltype(&gpu::differentiate_image) differentiate_image;
    decltype(&gpu::draw_loss) draw_loss;
    decltype(&gpu::gather_gradients) gather_gradients;
    decltype(&gpu::gather_partial_floats) gather_partial_floats;
    decltype(&gpu::draw_loss_sums) draw_loss_sums;
    decltype(&gpu::whitened_adam) whitened_adam;
};

/// All of them, as this library was built.
inline Launchers launchers() {
    return {gpu::scan_bytes,
            gpu::sort_bytes,
            gpu::project_forward,
            gpu::project_backward,
            gpu::count_tiles,
            gpu::list_tiles,
            gpu::draw_image,
            gpu::differentiate_image,
            gpu::draw_loss,
            gpu::gather_gradients,
            gpu::gather_partial_floats,
            gpu::draw_loss_sums,
            gpu::whitened_adam};
}

}  // namespace gsfit::gpu

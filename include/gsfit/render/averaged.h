#pragma once

#include "gsfit/types.h"

namespace gsfit {

/// An image of any size without aliasing: rendered at a multiple of it, at least as fine as the field's raster, clamped
/// to [0,1] and averaged. A target made smaller likewise differs from it only where the fit does.
class AveragedRender {
public:
    /// width, height [pixels]: 1 and more.
    AveragedRender(const Field& field, const Blending& blending, std::int64_t width, std::int64_t height);

    /// Rows from `first` on: [C,rows,width] on the CPU.
    [[nodiscard]] at::Tensor rows(std::int64_t first, std::int64_t rows) const;

private:
    Blending blending_;
    std::int64_t width_;
    std::int64_t factor_;
    Lattice fine_;
    Splats splats_;
    int channels_;
};

/// What rows() holds at most beside its result [bytes], without the lists of tiles.
std::int64_t averaged_render_bytes(int channels);

}  // namespace gsfit

#pragma once

#include <cstdint>
#include <vector>

#include "bench/row.h"

namespace gsfit::bench {

/// A field and a target of noise: the time of a step depends on where Gaussians lie, not on what they show.
struct Scene {
    Field field;
    std::vector<std::uint8_t> pixels;
    PackedView target{};
};

/// Centres are uniform, sigmas log-normal along both axes, with about 12 pairs a pixel inside 3 sigma whatever the
/// cutoff; in Morton order. The same for every run.
Scene make_scene(const Row& row);

/// Samples inside the ellipses, counted row by row.
std::int64_t count_pairs(const Splats& splats, const Lattice& lattice, double cutoff);

}  // namespace gsfit::bench

#include "train/workload.h"

#include <algorithm>
#include <limits>

#include "cuda/bin/tiles.h"
#include "gsfit/bins.h"
#include "train/step.h"

namespace gsfit {

Workload::Workload(const ImageInfo& image, const TrainOptions& options, const MemorySettings& settings)
    : image_(image), options_(options), settings_(settings), schedule_(options, image.width, image.height) {}

double Workload::most_steps() const {
    return options_.max_seconds > 0 ? std::numeric_limits<double>::infinity() : static_cast<double>(options_.max_steps);
}

Lattice Workload::lattice_of(std::int64_t stride) const {
    return Lattice::phase(image_.width, image_.height, stride, 0, 0);
}

Rows Workload::band(const Lattice& lattice) const {
    return {0, std::min(band_height(lattice.height, settings_.bands), lattice.height)};
}

Rows Workload::drawn(const Lattice& lattice) const {
    Rows inner = band(lattice);
    inner.first = (lattice.height - inner.count) / 2;  // one with rows on both sides, where there is one
    return loss_rows(lattice, inner, schedule_.fullest_loss().of_image());
}

double Workload::extent(const Lattice& lattice, double reach) const {
    const double cutoff = static_cast<double>(options_.blending.cutoff / Blending().cutoff);
    const double of_pitch = 2 * reach * cutoff * schedule_.pitch();
    const double of_start = options_.image_gs ? 2 * 3 * static_cast<double>(options_.image_gs->init_scale) : 0;
    return std::max(of_pitch, of_start) / static_cast<double>(lattice.stride);
}

double Workload::gaussians_of(const Lattice& lattice, const Rows& rows, double side) const {
    const double share = (static_cast<double>(rows.count) + side) / static_cast<double>(lattice.height);
    return static_cast<double>(options_.num_gaussians) * std::min(1.0, share);
}

std::int64_t Workload::pairs(const Lattice& lattice, const Rows& rows) const {
    const double side = extent(lattice, 2.9);
    const auto blocks = [side](std::int64_t samples) {
        return std::min(static_cast<double>(samples), side) / block_size + 1;
    };
    return static_cast<std::int64_t>(gaussians_of(lattice, rows, side) * blocks(lattice.width) * blocks(rows.count));
}

/// A convex shape thrown on a grid of side t meets area / t^2 + (width + height) / t + 1 of its squares on average. The
/// mean area is `fill` times the square of the mean side, as sizes differ.
std::int64_t Workload::tile_pairs(const Lattice& lattice, const Rows& rows) const {
    const double side = extent(lattice, 2.4);
    const double fill = options_.blending.support == Support::tile16 ? 1.8 : 0.82;
    const auto tiles = [side](std::int64_t samples) {
        return std::min(static_cast<double>(samples), side) / gpu::tile_size;
    };
    const double across = tiles(lattice.width);
    const double down = tiles(rows.count);
    const double each = fill * across * down + across + down + 1;
    return static_cast<std::int64_t>(gaussians_of(lattice, rows, side) * each);
}

}  // namespace gsfit

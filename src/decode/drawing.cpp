#include "decode/drawing.h"

#include <algorithm>

#include "bin/block_lists.h"
#include "gsfit/core/parallel.h"
#include "project/project_kernels.h"
#include "raster/raster_kernels.h"

namespace gsfit::decode {
namespace {

constexpr std::int64_t grain = 2048;

}  // namespace

Drawing::Drawing(const codec::Gaussians& gaussians, int first, int channels, const Blending& blending,
                 const Lattice& lattice, std::int64_t fitted_height)
    : size_(gaussians.size()), channels_(channels), blending_(blending), width_(lattice.width) {
    const auto n = static_cast<std::size_t>(size_);
    center_.resize(2 * n);
    conic_.resize(3 * n);
    det_.resize(n);
    feature_.resize(n * static_cast<std::size_t>(channels));
    const ProjectForward arrays{gaussians.position.data(),
                                gaussians.inv_scale.data(),
                                gaussians.rotation.data(),
                                center_.data(),
                                conic_.data(),
                                det_.data()};
    const Projection projection = projection_onto(lattice, fitted_height);
    const std::int64_t all = size_ == 0 ? channels : static_cast<std::int64_t>(gaussians.feature.size()) / size_;
    parallel_ranges(size_, grain, [&](std::int64_t begin, std::int64_t end) {
        project_forward(arrays, projection, begin, end);
        for (std::int64_t i = begin; i < end; ++i) {
            std::copy_n(gaussians.feature.data() + i * all + first, channels, feature_.data() + i * channels);
        }
    });
}

PrepareArrays Drawing::arrays() const {
    return {.center = center_.data(),
            .conic = conic_.data(),
            .det = det_.data(),
            .feature = feature_.data(),
            .channels = channels_};
}

void Drawing::draw(const Rows& rows, float* planes) const {
    const Bins bins = list_blocks(
        arrays(), size_, {.width = width_, .rows = rows, .cutoff = blending_.cutoff, .support = blending_.support});
    const RasterJob job{.bins = &bins,
                        .feature = feature_.data(),
                        .channels = channels_,
                        .blend = blending_.blend,
                        .eps = blending_.eps,
                        .topk = blending_.topk};
    parallel_for(bins.block_count(),
                 [&](std::int64_t block) { rasterize_block(job, block, {.image = {.data = planes}}); });
}

}  // namespace gsfit::decode

#include "gsfit/render/averaged.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "gsfit/project.h"
#include "gsfit/render.h"

namespace gsfit {
namespace {

constexpr std::int64_t band_samples = std::int64_t{1} << 22;  // of all channels that are rendered at a time

}  // namespace

AveragedRender::AveragedRender(const Field& field, const Blending& blending, std::int64_t width, std::int64_t height)
    : blending_(blending),
      width_(width),
      factor_(std::max((field.raster_width + width - 1) / width, (field.raster_height + height - 1) / height)),
      fine_(Lattice::whole(factor_ * width, factor_ * height)),
      channels_(field.channels()) {
    const at::NoGradGuard no_gradients;
    splats_ = project(field, fine_);
}

at::Tensor AveragedRender::rows(std::int64_t first, std::int64_t rows) const {
    const at::NoGradGuard no_gradients;
    at::Tensor image = at::empty({channels_, rows, width_}, at::kFloat);
    const std::int64_t band = std::max<std::int64_t>(1, band_samples / (channels_ * factor_ * fine_.width));
    for (std::int64_t done = 0; done < rows; done += band) {
        const std::int64_t count = std::min(band, rows - done);
        const Rows fine_rows{factor_ * (first + done), factor_ * count};
        const at::Tensor fine = render_rows(splats_, fine_, fine_rows, blending_).cpu().clamp_(0, 1);
        image.narrow(1, done, count).copy_(fine.view({channels_, count, factor_, width_, factor_}).mean({2, 4}));
    }
    return image;
}

std::int64_t averaged_render_bytes(int channels) {
    constexpr std::int64_t widest_row = std::int64_t{1} << 16;
    return 2 * std::max(band_samples, channels * widest_row) * static_cast<std::int64_t>(sizeof(float));
}

}  // namespace gsfit

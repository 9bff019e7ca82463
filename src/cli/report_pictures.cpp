#include "cli/report_pictures.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <utility>

#include "gsfit/draw/ellipses.h"
#include "gsfit/image/pictures.h"
#include "gsfit/render.h"

namespace gsfit::cli {
namespace {

constexpr std::int64_t longest_side = 1600;                   // [pixels]
constexpr std::int64_t band_samples = std::int64_t{1} << 22;  // that are rendered at a time

/// The image at this size: rendered at a multiple of it, at least as fine as the field's raster, and averaged. A target
/// is made smaller likewise, so that the two differ only where the fit does.
at::Tensor averaged_render(const Field& field, const Blending& blending, const PictureSize& size) {
    const at::NoGradGuard no_gradients;
    const std::int64_t factor = std::max((field.raster_width + size.width - 1) / size.width,
                                         (field.raster_height + size.height - 1) / size.height);
    const Lattice lattice = Lattice::whole(factor * size.width, factor * size.height);
    const std::int64_t band = std::max<std::int64_t>(1, band_samples / (factor * lattice.width));
    at::Tensor image = at::empty({field.channels(), size.height, size.width}, at::kFloat);
    for (std::int64_t first = 0; first < size.height; first += band) {
        const std::int64_t rows = std::min(band, size.height - first);
        const at::Tensor fine = render(field, lattice.band({factor * first, factor * rows}), blending).clamp_(0, 1);
        image.narrow(1, first, rows)
            .copy_(fine.view({field.channels(), rows, factor, size.width, factor}).mean({2, 4}));
    }
    return image;
}

}  // namespace

Picture report_target(const PackedImage& image) {
    const PictureSize size = picture_size(image.width(), image.height(), longest_side);
    return picture_of(image, size.width, size.height);
}

ReportPictures report_pictures(const Field& field, const Blending& blending, Picture target) {
    const PictureSize size = picture_size(field.raster_width, field.raster_height, longest_side);
    ReportPictures pictures;
    pictures.render = picture_of(averaged_render(field, blending, size));
    pictures.ellipses = ellipses_picture(field, size.width, size.height);
    if (target.width > 0) pictures.error = error_map(target, pictures.render);
    pictures.target = std::move(target);
    return pictures;
}

}  // namespace gsfit::cli

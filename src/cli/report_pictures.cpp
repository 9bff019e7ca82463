#include "cli/report_pictures.h"

#include <utility>

#include "gsfit/draw/ellipses.h"
#include "gsfit/draw/error_map.h"
#include "gsfit/gaussians.h"
#include "gsfit/image/pictures.h"
#include "gsfit/render/averaged.h"

namespace gsfit::cli {
namespace {

constexpr std::int64_t longest_side = 1600;  // [pixels]

Picture averaged_picture(const Field& field, const ImageMaps& maps, const Blending& blending, const PictureSize& size) {
    const AveragedRender render(field, blending, size.width, size.height);
    return picture_of({.width = size.width,
                       .height = size.height,
                       .channels = field.channels(),
                       .band = [&](std::int64_t first, std::int64_t rows) { return render.rows(first, rows); }},
                      maps);
}

}  // namespace

Picture report_target(const PackedImage& image) {
    const PictureSize size = picture_size(image.width(), image.height(), longest_side);
    return picture_of(image, size.width, size.height);
}

ReportPictures report_pictures(const Field& field, const ImageMaps& maps, const Blending& blending, Picture target) {
    const PictureSize size = picture_size(field.raster_width, field.raster_height, longest_side);
    ReportPictures pictures;
    pictures.render = averaged_picture(field, maps, blending, size);
    pictures.ellipses = ellipses_picture(first_colors(field, maps), size.width, size.height);
    if (target.width > 0) pictures.error = error_map(target, pictures.render);
    pictures.target = std::move(target);
    return pictures;
}

}  // namespace gsfit::cli

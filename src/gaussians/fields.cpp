// Fields made of fields.

#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>

#include "gsfit/gaussians.h"

namespace gsfit {

namespace {

Field with_channels(Field field, int first, int count) {
    field.feature = field.feature.narrow(1, first, count).contiguous();
    return field;
}

}  // namespace

Field select(const Field& field, const at::Tensor& indices) {
    return {.position = field.position.index_select(0, indices),
            .inv_scale = field.inv_scale.index_select(0, indices),
            .rotation = field.rotation.index_select(0, indices),
            .feature = field.feature.index_select(0, indices),
            .raster_width = field.raster_width,
            .raster_height = field.raster_height};
}

Field concatenate(const Field& a, const Field& b) {
    return {.position = at::cat({a.position, b.position}),
            .inv_scale = at::cat({a.inv_scale, b.inv_scale}),
            .rotation = at::cat({a.rotation, b.rotation}),
            .feature = at::cat({a.feature, b.feature}),
            .raster_width = a.raster_width,
            .raster_height = a.raster_height};
}

Field on_device(const Field& field, const at::Device& device) {
    return {.position = field.position.to(device),
            .inv_scale = field.inv_scale.to(device),
            .rotation = field.rotation.to(device),
            .feature = field.feature.to(device),
            .raster_width = field.raster_width,
            .raster_height = field.raster_height};
}

Field part_of(const Field& field, const ImageMap& map) { return with_channels(field, map.first, map.channels); }

Field first_colors(const Field& field, const ImageMaps& maps) {
    const int channels = maps.empty() ? field.channels() : maps[0].channels;
    return with_channels(field, 0, channels < 3 ? 1 : 3);
}

}  // namespace gsfit

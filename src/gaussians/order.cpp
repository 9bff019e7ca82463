#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "gaussians/device_order.h"
#include "gsfit/core/places.h"
#include "gsfit/gaussians.h"

namespace gsfit {

at::Tensor morton_order(const at::Tensor& position) {
    if (const Gpu gpu(position); gpu) return device_morton_order(gpu, position);
    const auto n = static_cast<std::size_t>(position.size(0));
    const float* data = position.const_data_ptr<float>();
    std::vector<std::pair<std::uint32_t, std::int64_t>> codes(n);
    for (std::size_t i = 0; i < n; ++i) {
        codes[i] = {morton_code(data[2 * i], data[2 * i + 1]), static_cast<std::int64_t>(i)};
    }
    std::sort(codes.begin(), codes.end());
    auto order = at::empty({position.size(0)}, at::kLong);
    std::transform(codes.begin(), codes.end(), order.data_ptr<std::int64_t>(),
                   [](const auto& code) { return code.second; });
    return order;
}

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

}  // namespace gsfit

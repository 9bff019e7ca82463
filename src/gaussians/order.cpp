#include <ATen/ops/empty.h>

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

}  // namespace gsfit

#include "gaussians/device_order.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>

namespace gsfit {

at::Tensor device_morton_order(const Gpu& gpu, const at::Tensor& position) {
    const std::int64_t n = position.size(0);
    const auto integers = position.options().dtype(at::kInt);
    const at::Tensor codes = at::empty({2, n}, integers);  // as they come, then sorted
    const at::Tensor indices = at::arange(n, integers);
    const at::Tensor order = at::empty({n}, integers);
    const DeviceScratch sort(gpu->sort_bytes(n), position);
    const auto data = [](const at::Tensor& tensor) { return static_cast<std::uint32_t*>(tensor.mutable_data_ptr()); };
    gpu->morton_codes(position.const_data_ptr<float>(), n, data(codes), gpu.stream());
    constexpr int bits = 32;
    gpu->sort_pairs(data(codes), data(codes) + n, data(indices), data(order), n, bits, sort.workspace(), gpu.stream());
    return order.to(at::kLong);
}

}  // namespace gsfit

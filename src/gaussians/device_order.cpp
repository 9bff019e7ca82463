#include "gaussians/device_order.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>

#include "gsfit/gaussians.h"
#include "gsfit/gpu/device_bytes.h"

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

std::int64_t device_order_bytes(std::int64_t size) {
    constexpr std::int64_t number = sizeof(std::uint32_t);
    const std::int64_t sorting = device_bytes(2 * size * number) + device_bytes(size * number);  // codes, indices
    const std::int64_t order = device_bytes(size * number) + device_bytes(size * 2 * number);
    return sorting + estimated_sort_bytes(size) + order;
}

}  // namespace gsfit

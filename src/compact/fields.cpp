#include <ATen/ops/empty.h>

#include <algorithm>

#include "gsfit/compact.h"

namespace gsfit {
namespace {

std::vector<float> numbers_of(const at::Tensor& tensor) {
    const at::Tensor numbers = tensor.detach().cpu().contiguous();
    return {numbers.const_data_ptr<float>(), numbers.const_data_ptr<float>() + numbers.numel()};
}

at::Tensor tensor_of(const std::vector<float>& numbers, std::int64_t columns) {
    at::Tensor tensor = at::empty({static_cast<std::int64_t>(numbers.size()) / columns, columns}, at::kFloat);
    std::copy(numbers.begin(), numbers.end(), tensor.mutable_data_ptr<float>());
    return tensor;
}

}  // namespace

codec::Gaussians gaussians_of(const Field& field) {
    return {.position = numbers_of(field.position),
            .inv_scale = numbers_of(field.inv_scale),
            .rotation = numbers_of(field.rotation),
            .feature = numbers_of(field.feature)};
}

Field field_of(const codec::Gaussians& gaussians, const codec::Description& description) {
    return {.position = tensor_of(gaussians.position, 2),
            .inv_scale = tensor_of(gaussians.inv_scale, 2),
            .rotation = tensor_of(gaussians.rotation, 1),
            .feature = tensor_of(gaussians.feature, description.channels),
            .raster_width = description.width,
            .raster_height = description.height};
}

Held held_of(const codec::Freezer::Bounds& bounds, const codec::Description& description) {
    return {.least = field_of(bounds.least, description),
            .most = field_of(bounds.most, description),
            .size = tensor_of(bounds.size, 2)};
}

codec::Reader reader_of(std::span<const std::byte> file) {
    const auto read = [file](std::uint64_t offset, std::span<std::byte> target) {
        std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(offset), target.size(), target.begin());
        return target.size();
    };
    return {read, file.size(), "encoded"};
}

}  // namespace gsfit

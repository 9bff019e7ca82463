#include "image/map_values.h"

#include "gsfit/core/parallel.h"
#include "image/file_samples.h"

namespace gsfit {

at::Tensor file_values(const at::Tensor& image, const ImageMap& map, bool multiplied) {
    if (are_file_samples(map)) return image;  // clamped as it is stored
    at::Tensor values = image.clone(at::MemoryFormat::Contiguous);
    auto* samples = values.mutable_data_ptr<float>();
    const std::int64_t width = values.size(2);
    parallel_for(values.size(1), [&](std::int64_t y) {
        to_file_samples(samples + y * width, values.stride(0), width, map, multiplied);
    });
    return values;
}

at::Tensor multiplied_by_alpha(const at::Tensor& values) {
    at::Tensor result = values.clone();
    const std::int64_t colours = values.size(0) - 1;
    result.narrow(0, 0, colours).mul_(values.narrow(0, colours, 1));
    return result;
}

}  // namespace gsfit

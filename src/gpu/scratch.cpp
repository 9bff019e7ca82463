#include <ATen/ops/empty.h>

#include "gsfit/gpu.h"

namespace gsfit {

DeviceScratch::DeviceScratch(std::size_t bytes, const at::Tensor& like)
    : bytes_(at::empty({static_cast<std::int64_t>(bytes)}, like.options().dtype(at::kByte).requires_grad(false))) {}

}  // namespace gsfit

#include "gsfit/gpu/device_bytes.h"

namespace gsfit {

std::int64_t device_bytes(std::int64_t bytes) {
    constexpr std::int64_t block = 512;
    constexpr std::int64_t shared_up_to = std::int64_t{10} << 20;
    constexpr std::int64_t segment = std::int64_t{2} << 20;
    const std::int64_t unit = bytes > shared_up_to ? segment : block;
    return (bytes + unit - 1) / unit * unit;
}

std::int64_t estimated_sort_bytes(std::int64_t pairs) {
    constexpr std::int64_t pair = 8;
    return device_bytes(pair * pairs + pairs / 4);
}

}  // namespace gsfit

#pragma once

#include <new>

namespace gsfit {

/// A GPU's memory ran out where no tensor was asked for.
struct DeviceBadAlloc : std::bad_alloc {
    [[nodiscard]] const char* what() const noexcept override { return "out of memory on the GPU"; }
};

}  // namespace gsfit

#include <c10/util/Exception.h>

#include <new>
#include <string_view>
#include <system_error>

#include "gsfit/memory.h"

namespace gsfit {

bool is_out_of_memory(const std::exception& error) {
    if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
    if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
    if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
        return system->code() == std::errc::not_enough_memory;
    }
    // LibTorch's allocator of host memory has no exception type of its own for this.
    return std::string_view(error.what()).find("can't allocate memory") != std::string_view::npos;
}

}  // namespace gsfit

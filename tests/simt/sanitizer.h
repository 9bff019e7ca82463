// What AddressSanitizer wants to be told; nothing in builds without it.
#pragma once

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIMT_ASAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SIMT_ASAN
#endif

#if defined(SIMT_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace simt {

inline void poison([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#if defined(SIMT_ASAN)
    __asan_poison_memory_region(memory, bytes);
#endif
}

inline void unpoison([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#if defined(SIMT_ASAN)
    __asan_unpoison_memory_region(memory, bytes);
#endif
}

/// Before a stack is left: `fake_stack` keeps the locals that AddressSanitizer put elsewhere.
inline void leave_stack([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* next,
                        [[maybe_unused]] std::size_t bytes) {
#if defined(SIMT_ASAN)
    __sanitizer_start_switch_fiber(fake_stack, next, bytes);
#endif
}

/// After a stack is entered, with what leave_stack kept of it; null the first time.
inline void enter_stack([[maybe_unused]] void* fake_stack) {
#if defined(SIMT_ASAN)
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
}

}  // namespace simt

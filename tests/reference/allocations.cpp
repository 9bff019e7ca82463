#include "reference/allocations.h"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <new>

namespace gsfit::reference {
namespace {

std::array<std::atomic<std::size_t>, 1 << 16> sizes;
std::atomic<std::int64_t> made{0};
std::atomic<std::int64_t> failing_one{-1};
std::atomic<std::int64_t> held{0};
std::atomic<std::int64_t> peak{0};

void hold(std::int64_t bytes) {
    const std::int64_t now = held += bytes;
    std::int64_t before = peak;
    while (before < now && !peak.compare_exchange_weak(before, now)) {
    }
}

void* allocate(std::size_t size, std::size_t alignment) {
    if (size >= large_allocation) {
        const std::int64_t number = made++;
        sizes[static_cast<std::size_t>(number) % sizes.size()] = size;
        if (number == failing_one) throw std::bad_alloc();
    }
    void* memory = nullptr;
    if (posix_memalign(&memory, std::max(alignment, sizeof(void*)), size) != 0) throw std::bad_alloc();
    if (malloc_usable_size(memory) >= large_allocation) hold(static_cast<std::int64_t>(malloc_usable_size(memory)));
    return memory;
}

void release(void* memory) {
    if (malloc_usable_size(memory) >= large_allocation) held -= static_cast<std::int64_t>(malloc_usable_size(memory));
    std::free(memory);
}

}  // namespace

void watch_allocations(std::int64_t failing) {
    made = 0;
    held = 0;
    peak = 0;
    failing_one = failing;
}

bool has_failed() { return failing_one >= 0 && made > failing_one; }

std::int64_t count_allocations(std::int64_t bytes) {
    return std::count(sizes.begin(), sizes.begin() + made, static_cast<std::size_t>(bytes));
}

std::int64_t peak_of_allocations() { return peak; }

}  // namespace gsfit::reference

void* operator new(std::size_t size) { return gsfit::reference::allocate(size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return gsfit::reference::allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
    try {
        return gsfit::reference::allocate(size, 0);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void operator delete(void* memory) noexcept { gsfit::reference::release(memory); }
void operator delete(void* memory, std::size_t) noexcept { gsfit::reference::release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { gsfit::reference::release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { gsfit::reference::release(memory); }

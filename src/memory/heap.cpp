#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <new>

#include "gsfit/memory.h"
#include "gsfit/memory/device_memory.h"

namespace gsfit {

void keep_freed_memory() {
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

void release_free_memory() {
    malloc_trim(0);
    release_device_cache();
}

void reserve_memory(std::int64_t bytes) {
    if (bytes > host_memory().available) throw std::bad_alloc();
    mallopt(M_ARENA_MAX, 1);        // threads share the heap
    mallopt(M_MMAP_MAX, 0);         // large blocks come from it too
    mallopt(M_TRIM_THRESHOLD, -1);  // and freed ones stay
    auto* const block = static_cast<char*>(std::malloc(static_cast<std::size_t>(bytes)));
    if (block == nullptr) throw std::bad_alloc();
    const std::int64_t page = sysconf(_SC_PAGESIZE);
    for (std::int64_t i = 0; i < bytes; i += page) static_cast<volatile char*>(block)[i] = 0;
    std::free(block);
}

}  // namespace gsfit

// A library for LD_PRELOAD that makes one allocation fail. Those of at least FAULT_BYTES bytes are counted; the
// FAULT_AT-th of them (from 1; 0: none) fails as when memory has run out. FAULT_COUNT_FILE: a file for the number
// counted, written at the end. glibc's own names for its allocator serve all others, so that nothing is looked up, or
// allocated, at the start.

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* block, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
}

namespace {

// Read before the program's main(); what is allocated before that is not counted.
std::atomic<std::size_t> least_bytes{SIZE_MAX};
std::atomic<std::uint64_t> fault{0};
std::atomic<std::uint64_t> counted{0};

std::uint64_t number_in(const char* variable) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

__attribute__((constructor)) void read_environment() {
    fault = number_in("FAULT_AT");
    least_bytes = number_in("FAULT_BYTES");
}

__attribute__((destructor)) void write_count() {
    const char* const path = std::getenv("FAULT_COUNT_FILE");
    const int file = path == nullptr ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0) return;
    dprintf(file, "%" PRIu64 "\n", counted.load());
    close(file);
}

bool fails(std::size_t bytes) {
    if (bytes < least_bytes || ++counted != fault) return false;
    errno = ENOMEM;
    return true;
}

}  // namespace

extern "C" {

void* malloc(std::size_t bytes) { return fails(bytes) ? nullptr : __libc_malloc(bytes); }

void* calloc(std::size_t count, std::size_t bytes) {
    std::size_t product = 0;
    const bool counts = !__builtin_mul_overflow(count, bytes, &product);  // what overflows fails by itself
    return counts && fails(product) ? nullptr : __libc_calloc(count, bytes);
}

void* realloc(void* block, std::size_t bytes) { return fails(bytes) ? nullptr : __libc_realloc(block, bytes); }

void* memalign(std::size_t alignment, std::size_t bytes) {
    return fails(bytes) ? nullptr : __libc_memalign(alignment, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) { return memalign(alignment, bytes); }

int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
    const bool is_power_of_two = alignment != 0 && (alignment & (alignment - 1)) == 0;
    if (!is_power_of_two || alignment % sizeof(void*) != 0) return EINVAL;
    const int before = errno;  // which this function leaves alone
    void* const found = memalign(alignment, bytes);
    errno = before;
    if (found == nullptr) return ENOMEM;
    *block = found;
    return 0;
}

}  // extern "C"

#include "simt/shared_memory.h"

#include <cstring>
#include <vector>

#include "simt/sanitizer.h"
#include "simt/scheduler.h"

namespace simt {
namespace {

constexpr std::size_t red_zone = 128;
constexpr std::size_t max_arrays = 64;

struct Array {
    const void* tag;
    unsigned char* data;
};

alignas(red_zone) unsigned char arena[shared_limit + (max_arrays + 1) * 2 * red_zone];
std::size_t arena_end = 0;  // of the arrays so far
std::size_t used_bytes = 0;
std::vector<Array> arrays;
const char dynamic_tag = 0;

}  // namespace

void* shared_array(const void* tag, const char* name, std::size_t bytes, std::size_t alignment) {
    for (const Array& array : arrays) {
        if (array.tag == tag) return array.data;
    }
    used_bytes += bytes;
    if (used_bytes > shared_limit || alignment > red_zone || arrays.size() == max_arrays) {
        fail(*current, "With ", name, " the block has ", used_bytes, " bytes of shared memory in ", arrays.size() + 1,
             " arrays; it can have ", shared_limit, " bytes in ", max_arrays, ".");
    }
    unsigned char* const data = arena + arena_end + red_zone;
    arena_end = (arena_end + red_zone + bytes + red_zone - 1) / red_zone * red_zone;
    unpoison(data, bytes);
    std::memset(data, 0xff, bytes);  // NaN: nobody may count on zeros
    arrays.push_back({tag, data});
    return data;
}

void* dynamic_shared() { return arrays.front().data; }

void renew_shared_memory(std::size_t dynamic_bytes) {
    poison(arena, sizeof arena);
    arrays.clear();
    arena_end = used_bytes = 0;
    shared_array(&dynamic_tag, "the launch's", dynamic_bytes, red_zone);
}

bool is_shared(const void* address) {
    return static_cast<std::size_t>(static_cast<const unsigned char*>(address) - arena) < sizeof arena;
}

}  // namespace simt

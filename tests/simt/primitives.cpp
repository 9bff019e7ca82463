// cuda/primitives.h where kernels run on the CPU.

#include "cuda/primitives.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string>

#include "simt/engine.h"

namespace gsfit::gpu {
namespace {

/// What the device leaves in a workspace is nobody's business: here it is neither zero nor what was there before.
void scribble(Workspace workspace, std::size_t needed) { std::memset(workspace.data, 0xa5, needed); }

void check_workspace(Workspace workspace, std::size_t needed) {
    if (workspace.bytes >= needed) return;
    throw std::invalid_argument("A workspace of " + std::to_string(workspace.bytes) + " bytes is too small: give " +
                                std::to_string(needed) + ".");
}

template <class Key>
void sort_in(Workspace workspace, const Key* keys, Key* sorted_keys, const std::uint32_t* values,
             std::uint32_t* sorted_values, std::int64_t n, int bits) {
    constexpr int all = 8 * sizeof(Key);
    if (bits < 0 || bits > all) {
        throw std::invalid_argument("Keys have no " + std::to_string(bits) + " bits to sort by.");
    }
    if (n == 0) return;
    check_workspace(workspace, n * sizeof(std::int64_t));
    simt::enqueue([=] {
        scribble(workspace, n * sizeof(std::int64_t));
        const Key mask = bits == 0 ? 0 : ~Key{0} >> (all - bits);
        auto* order = static_cast<std::int64_t*>(workspace.data);
        std::iota(order, order + n, 0);
        std::stable_sort(order, order + n, [=](auto a, auto b) { return (keys[a] & mask) < (keys[b] & mask); });
        for (std::int64_t i = 0; i < n; ++i) {
            sorted_keys[i] = keys[order[i]];
            sorted_values[i] = values[order[i]];
        }
    });
}

}  // namespace

std::size_t scan_bytes(std::int64_t n) { return 256 + n / 128; }

void exclusive_scan(const std::uint32_t* in, std::uint64_t* out, std::int64_t n, Workspace workspace, Stream) {
    if (n == 0) return;
    check_workspace(workspace, scan_bytes(n));
    simt::enqueue([=] {
        scribble(workspace, scan_bytes(n));
        std::exclusive_scan(in, in + n, out, std::uint64_t{0});
    });
}

std::size_t sort_bytes(std::int64_t n) { return n * sizeof(std::int64_t); }

std::size_t sort_bytes64(std::int64_t n) { return n * sizeof(std::int64_t); }

void sort_pairs(const std::uint32_t* keys, std::uint32_t* sorted_keys, const std::uint32_t* values,
                std::uint32_t* sorted_values, std::int64_t n, int bits, Workspace workspace, Stream) {
    sort_in(workspace, keys, sorted_keys, values, sorted_values, n, bits);
}

void sort_pairs(const std::uint64_t* keys, std::uint64_t* sorted_keys, const std::uint32_t* values,
                std::uint32_t* sorted_values, std::int64_t n, int bits, Workspace workspace, Stream) {
    sort_in(workspace, keys, sorted_keys, values, sorted_values, n, bits);
}

}  // namespace gsfit::gpu

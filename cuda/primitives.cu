#include "cuda/primitives.h"

#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>
#include <stdexcept>
#include <string>

#include "cuda/simt.h"

namespace gsfit::gpu {
namespace {

/// Asked without memory, CUB says how much it needs.
std::size_t scan(void* memory, std::size_t bytes, const std::uint32_t* in, std::uint64_t* out, std::int64_t n,
                 Stream stream) {
    // The start's type is the sum's.
    simt::check(cub::DeviceScan::ExclusiveScan(memory, bytes, in, out, ::cuda::std::plus<std::uint64_t>(),
                                               std::uint64_t{0}, n, stream),
                "scan");
    return bytes;
}

template <class Key>
std::size_t sort(void* memory, std::size_t bytes, const Key* keys, Key* sorted_keys, const std::uint32_t* values,
                 std::uint32_t* sorted_values, std::int64_t n, int bits, Stream stream) {
    simt::check(
        cub::DeviceRadixSort::SortPairs(memory, bytes, keys, sorted_keys, values, sorted_values, n, 0, bits, stream),
        "sort");
    return bytes;
}

template <class Key>
std::size_t sort_bytes_of(std::int64_t n) {
    return sort<Key>(nullptr, 0, nullptr, nullptr, nullptr, nullptr, n, 8 * sizeof(Key), nullptr);
}

void check_workspace(Workspace workspace, std::size_t needed) {
    if (workspace.bytes >= needed) return;
    throw std::invalid_argument("A workspace of " + std::to_string(workspace.bytes) + " bytes is too small: give " +
                                std::to_string(needed) + ".");
}

template <class Key>
void sort_in(Workspace workspace, const Key* keys, Key* sorted_keys, const std::uint32_t* values,
             std::uint32_t* sorted_values, std::int64_t n, int bits, Stream stream) {
    if (bits < 0 || bits > 8 * static_cast<int>(sizeof(Key))) {
        throw std::invalid_argument("Keys have no " + std::to_string(bits) + " bits to sort by.");
    }
    if (n == 0) return;
    check_workspace(workspace, sort_bytes_of<Key>(n));
    sort(workspace.data, workspace.bytes, keys, sorted_keys, values, sorted_values, n, bits, stream);
}

}  // namespace

std::size_t scan_bytes(std::int64_t n) { return scan(nullptr, 0, nullptr, nullptr, n, nullptr); }

void exclusive_scan(const std::uint32_t* in, std::uint64_t* out, std::int64_t n, Workspace workspace, Stream stream) {
    if (n == 0) return;
    check_workspace(workspace, scan_bytes(n));
    scan(workspace.data, workspace.bytes, in, out, n, stream);
}

std::size_t sort_bytes(std::int64_t n) { return sort_bytes_of<std::uint32_t>(n); }

std::size_t sort_bytes64(std::int64_t n) { return sort_bytes_of<std::uint64_t>(n); }

void sort_pairs(const std::uint32_t* keys, std::uint32_t* sorted_keys, const std::uint32_t* values,
                std::uint32_t* sorted_values, std::int64_t n, int bits, Workspace workspace, Stream stream) {
    sort_in(workspace, keys, sorted_keys, values, sorted_values, n, bits, stream);
}

void sort_pairs(const std::uint64_t* keys, std::uint64_t* sorted_keys, const std::uint32_t* values,
                std::uint32_t* sorted_values, std::int64_t n, int bits, Workspace workspace, Stream stream) {
    sort_in(workspace, keys, sorted_keys, values, sorted_values, n, bits, stream);
}

}  // namespace gsfit::gpu

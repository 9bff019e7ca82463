#include "cuda/densify/sampling.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "cuda/densify/sampling_kernels.cuh"

namespace gsfit::gpu {

namespace {

/// Blocks with a thread for every place.
std::int64_t blocks_for(std::int64_t places) { return (places + digits - 1) / digits; }

/// How add() divides its workspace.
struct Division {
    explicit Division(std::int64_t places)
        : blocks(blocks_for(places)),
          before(0),
          counts(before + static_cast<std::size_t>(2 * blocks) * sizeof(std::uint64_t)),
          scan((counts + static_cast<std::size_t>(2 * blocks) * sizeof(std::uint32_t) + 255) / 256 * 256),
          end(scan + scan_bytes(2 * blocks)) {}

    std::int64_t blocks;
    std::size_t before, counts, scan, end;  // [bytes]
};

}  // namespace

std::size_t WeightedSampler::bytes(std::int64_t count) {
    return 2 * static_cast<std::size_t>(count) * (sizeof(std::uint64_t) + sizeof(std::int64_t)) + sizeof(Selection);
}

std::size_t WeightedSampler::workspace_bytes(std::int64_t count, std::int64_t weights) {
    return Division(count + weights).end;
}

WeightedSampler::WeightedSampler(std::int64_t count, std::uint64_t seed, Workspace memory)
    : count_(count), seed_(seed) {
    if (count < 0) throw std::invalid_argument("a negative number of places cannot be drawn");
    if (memory.bytes < bytes(count)) {
        throw std::invalid_argument("a sampler was given less memory than WeightedSampler::bytes().");
    }
    kept_.keys = static_cast<std::uint64_t*>(memory.data);
    spare_.keys = kept_.keys + count;
    kept_.indices = reinterpret_cast<std::int64_t*>(spare_.keys + count);
    spare_.indices = kept_.indices + count;
    selection_ = reinterpret_cast<Selection*>(spare_.indices + count);
}

void WeightedSampler::add(std::int64_t first, const float* weights, std::int64_t size, Workspace workspace,
                          Stream stream) {
    if (first < next_) throw std::invalid_argument("places were offered to a sampler out of their order.");
    next_ = first + size;
    if (count_ == 0 || size == 0) return;
    const std::int64_t all = size_ + size;
    const Division division(all);
    if (all > std::int64_t{1} << 31) {
        throw std::invalid_argument("a sampler was offered more than 2^31 places at once: offer them in bands.");
    }
    if (workspace.bytes < division.end) {
        throw std::invalid_argument("a sampler was given less workspace than WeightedSampler::workspace_bytes().");
    }
    auto* const memory = static_cast<std::byte*>(workspace.data);
    auto* const before = reinterpret_cast<std::uint64_t*>(memory + division.before);
    auto* const counts = reinterpret_cast<std::uint32_t*>(memory + division.counts);
    const Workspace scan{memory + division.scan, workspace.bytes - division.scan};

    const Places places{kept_.keys, kept_.indices, size_, seed_, first, weights, size};
    const std::int64_t drawn = std::min(count_, all);
    const dim3 threads(digits);
    const dim3 grid(static_cast<unsigned>(division.blocks));
    constexpr std::int64_t most_counting = 2048;  // blocks: each adds its counts to the selection's
    const dim3 counting(static_cast<unsigned>(std::min(division.blocks, most_counting)));
    simt::launch(begin_selection, dim3(1), threads, 0, stream, selection_, static_cast<std::uint64_t>(drawn - 1),
                 size_ == count_);
    for (int shift = 64 - digit_bits; shift >= 0; shift -= digit_bits) {
        simt::launch(count_digits, counting, threads, 0, stream, places, shift, selection_);
        simt::launch(take_digit, dim3(1), threads, 0, stream, shift, selection_);
    }
    simt::launch(count_selected, grid, threads, 0, stream, places, selection_, counts);
    exclusive_scan(counts, before, 2 * division.blocks, scan, stream);
    simt::launch(keep_selected, grid, threads, 0, stream, places, selection_, before, spare_.keys, spare_.indices,
                 static_cast<std::uint64_t>(drawn));
    std::swap(kept_, spare_);
    size_ = drawn;
}

const std::int64_t* WeightedSampler::drawn() const {
    if (size_ < count_) throw std::invalid_argument("more places cannot be drawn than were offered: ask for fewer.");
    return kept_.indices;
}

}  // namespace gsfit::gpu

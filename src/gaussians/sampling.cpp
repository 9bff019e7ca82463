#include "gsfit/gaussians/sampling.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/core/places.h"

namespace gsfit {

namespace {

constexpr std::size_t chunk = 256;  // weights between two looks at the threshold

/// Threads of the pool flush denormals, others do not: with a normal number as the least weight that makes no
/// difference.
double usable(float weight) {
    constexpr float least = std::numeric_limits<float>::min();
    constexpr float most = std::numeric_limits<float>::max();
    return weight > least && weight <= most ? weight : least;
}

/// A window of three rows that moves down a map; the rows are padded on either side.
class MovingRows {
public:
    MovingRows(const NeighbourhoodWeights& map, std::int64_t first)
        : map_(map),
          next_(std::max<std::int64_t>(0, first - 1)),
          rows_(static_cast<std::size_t>(3 * (map.width + 2))) {}

    /// Of row y; y grows by one from call to call.
    RowTriple around(std::int64_t y) {
        const std::int64_t last = std::min(y + 1, map_.height - 1);
        while (next_ <= last) make(next_++);
        return {row(std::max<std::int64_t>(0, y - 1)), row(y), row(last)};
    }

private:
    float* row(std::int64_t y) { return rows_.data() + y % 3 * (map_.width + 2) + 1; }

    void make(std::int64_t y) {
        float* values = row(y);
        map_.map_row(y, values);
        values[-1] = values[0];
        values[map_.width] = values[map_.width - 1];
    }

    const NeighbourhoodWeights& map_;
    std::int64_t next_;
    std::vector<float> rows_;
};

}  // namespace

WeightedSampler::WeightedSampler(std::int64_t count, std::uint64_t seed)
    : count_(count), seed_(seed), threshold_(std::numeric_limits<double>::infinity()) {
    if (count < 0) throw Error("a negative number of places cannot be drawn");
    candidates_.reserve(capacity(count));
}

/// Twice the count, so that keeping the smallest costs constant time per candidate.
std::size_t WeightedSampler::capacity(std::int64_t count) {
    constexpr std::int64_t least_spare = 16 * chunk;
    return static_cast<std::size_t>(count + std::max(count, least_spare));
}

std::int64_t WeightedSampler::bytes(std::int64_t count) {
    return static_cast<std::int64_t>(capacity(count) * sizeof(Candidate)) +
           count * static_cast<std::int64_t>(sizeof(std::int64_t));
}

void WeightedSampler::add(std::int64_t first, std::span<const float> weights) {
    if (count_ == 0) return;
    std::array<Candidate, chunk> found;
    for (std::size_t begin = 0; begin < weights.size(); begin += chunk) {
        const auto part = weights.subspan(begin, std::min(chunk, weights.size() - begin));
        const std::size_t number = find(first + static_cast<std::int64_t>(begin), part, found);
        if (number > 0) merge(std::span(found).first(number));
    }
}

/// With v uniform in [0,1), E = -ln(1 - v) is at least v: nearly all indices lose by comparing v / w.
std::size_t WeightedSampler::find(std::int64_t first, std::span<const float> weights,
                                  std::span<Candidate> found) const {
    constexpr double unit = 0x1.0p-53;
    constexpr double rounding = 1.0 + 1e-9;  // of threshold and products: no winner may be lost to it
    const double bound = threshold_.load(std::memory_order_relaxed) * rounding / unit;
    std::size_t number = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const std::int64_t index = first + static_cast<std::int64_t>(i);
        const auto v = static_cast<double>(hash(seed_, static_cast<std::uint64_t>(index)));
        const double weight = usable(weights[i]);
        if (v > bound * weight) continue;
        found[number++] = {-std::log1p(-unit * v) / weight, index};
    }
    return number;
}

void WeightedSampler::merge(std::span<const Candidate> found) {
    const std::lock_guard lock(mutex_);
    if (candidates_.size() + found.size() > capacity(count_)) keep_smallest();
    candidates_.insert(candidates_.end(), found.begin(), found.end());
}

void WeightedSampler::keep_smallest() {
    const auto last = candidates_.begin() + (count_ - 1);
    std::nth_element(candidates_.begin(), last, candidates_.end(), [](const Candidate& a, const Candidate& b) {
        return std::tie(a.key, a.index) < std::tie(b.key, b.index);
    });
    threshold_.store(last->key, std::memory_order_relaxed);
    candidates_.erase(last + 1, candidates_.end());
}

std::vector<std::int64_t> WeightedSampler::take() {
    const auto offered = static_cast<std::int64_t>(candidates_.size());
    if (offered < count_) {
        throw Error(std::to_string(count_) + " places cannot be drawn from " + std::to_string(offered) +
                    ": ask for fewer");
    }
    if (count_ > 0) keep_smallest();
    std::vector<std::int64_t> drawn;
    drawn.reserve(candidates_.size());
    for (const Candidate& candidate : candidates_) drawn.push_back(candidate.index);
    candidates_.clear();
    std::sort(drawn.begin(), drawn.end());
    return drawn;
}

void add_rows(WeightedSampler& sampler, const NeighbourhoodWeights& weights, const Rows& rows) {
    constexpr std::int64_t grain = 16;
    parallel_ranges(rows.count, grain, [&](std::int64_t begin, std::int64_t end) {
        MovingRows window(weights, rows.first + begin);
        std::vector<float> row(static_cast<std::size_t>(weights.width));
        for (std::int64_t y = rows.first + begin; y < rows.first + end; ++y) {
            weights.weigh_row(window.around(y), row.data());
            sampler.add(y * weights.width, row);
        }
    });
}

std::int64_t add_rows_bytes(std::int64_t width) {
    return threads() * (3 * (width + 2) + width) * static_cast<std::int64_t>(sizeof(float));
}

}  // namespace gsfit

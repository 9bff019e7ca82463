#pragma once

// What adapts while symbols are coded. Everything here is the same for an encoder and a decoder: `value` is what an
// encoder writes, a decoder ignores it, and both get the value back.

#include <algorithm>
#include <array>
#include <cstdint>

#include "codec/fixed_point.h"
#include "codec/range_coder.h"

namespace gsfit::codec {

/// The probability that a bit is set, as the mean of one estimate that adapts fast and one that adapts slowly.
struct AdaptiveBit {
    std::int32_t fast = 1 << 15;  ///< of 2^16, like `slow`
    std::int32_t slow = 1 << 15;
    int seen = 0;

    /// Of 2^16, never 0 nor 1.
    [[nodiscard]] std::uint32_t probability() const {
        return static_cast<std::uint32_t>(std::clamp((fast + slow) / 2, 64, (1 << 16) - 64));
    }
    void adapt(bool bit) {
        seen = std::min(seen + 1, 120);
        const std::int32_t target = bit ? (1 << 16) - 1 : 0;
        fast += (target - fast) / std::min(seen + 1, 24);
        slow += (target - slow) / (seen + 1);
    }
};

template <class Coder>
bool code_bit(Coder& coder, bool value, AdaptiveBit& model) {
    constexpr std::uint32_t total = 1 << 16;
    const std::uint32_t clear = total - model.probability();
    if constexpr (Coder::decodes) {
        value = coder.place(total) >= clear;
        coder.consume(value ? clear : 0, value ? total - clear : clear);
    } else {
        coder.encode(value ? clear : 0, value ? total - clear : clear, total);
    }
    model.adapt(value);
    return value;
}

/// One of `count` values that are equally likely; count is 1 to 2^20.
template <class Coder>
int code_uniform(Coder& coder, int value, int count) {
    if (count == 1) return 0;
    const auto total = static_cast<std::uint32_t>(count);
    if constexpr (Coder::decodes) {
        value = static_cast<int>(coder.place(total));
        coder.consume(static_cast<std::uint32_t>(value), 1);
    } else {
        coder.encode(static_cast<std::uint32_t>(value), 1, total);
    }
    return value;
}

inline constexpr int chance_bits = 30;

/// One of the values from `least` to `most`. below(k) is the chance that the value is below k, of 2^30, for k from
/// least + 1 to most, and does not fall with k. Every value keeps a chance of at least 2^-22.
template <class Coder, class Below>
int code_symbol(Coder& coder, int value, int least, int most, const Below& below) {
    if (least == most) return least;
    constexpr std::uint32_t total = 1 << 22;
    const std::int64_t spread = total - (most - least + 1);
    const auto start = [&](int k) {
        if (k <= least) return std::uint32_t{0};
        if (k > most) return total;
        return static_cast<std::uint32_t>((below(k) * spread >> chance_bits) + (k - least));
    };
    if constexpr (Coder::decodes) {
        const std::uint32_t place = coder.place(total);
        int low = least;
        for (int high = most; low < high;) {
            const int middle = low + (high - low + 1) / 2;
            if (start(middle) <= place) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        value = low;
        coder.consume(start(value), start(value + 1) - start(value));
    } else {
        coder.encode(start(value), start(value + 1) - start(value), total);
    }
    return value;
}

/// The distribution of a number in [0, 1), which is given in 2^-16ths, as a histogram of `bins` that adapts.
template <int bins>
class Histogram {
public:
    Histogram() { counts_.fill(2 * unit); }

    /// The chance of a number below u, of 2^30; u from 0 to 2^16.
    [[nodiscard]] std::int64_t below(std::int32_t u) const {
        const int bin = u * bins >> 16;
        std::int64_t sum = 0;
        for (int i = 0; i < bin; ++i) sum += counts_[i];
        sum <<= 16;
        if (bin < bins) sum += counts_[bin] * (u * bins & 0xFFFF);
        return (sum << (chance_bits - 16)) / total_;
    }

    void add(std::int32_t u) {
        const int bin = std::min(u * bins >> 16, bins - 1);
        raise(bin, 22);
        if (bin > 0) raise(bin - 1, 5);
        if (bin < bins - 1) raise(bin + 1, 5);
        if (total_ > most) halve();
    }

private:
    static constexpr std::int64_t unit = 32;  // of an observation
    static constexpr std::int64_t most = 1 << 18;

    void raise(int bin, std::int64_t by) {
        counts_[bin] += by;
        total_ += by;
    }
    void halve() {
        total_ = 0;
        for (std::int64_t& count : counts_) total_ += count = count / 2 + 1;
    }

    std::array<std::int64_t, bins> counts_{};
    std::int64_t total_ = 2 * unit * bins;
};

}  // namespace gsfit::codec

#pragma once

// What is known of a Gaussian's neighbourhood once pass 0 is decoded: its nearest neighbours by their cells, what each
// weighs, and how dense it is there.

#include <span>
#include <vector>

#include "codec/part.h"

namespace gsfit::codec {

struct Neighbour {
    int gaussian;
    std::int32_t weight;  ///< in 2^-24ths, above 0; 1 is the most
};

class Surroundings {
public:
    explicit Surroundings(const Part& part);

    /// The nearest 16 of all, or fewer.
    [[nodiscard]] std::span<const Neighbour> around(int gaussian) const { return list(around_, gaussian); }
    /// The nearest 16 of those that come before it, or fewer.
    [[nodiscard]] std::span<const Neighbour> before(int gaussian) const { return list(before_, gaussian); }
    /// log2 of how many Gaussians overlap there.
    [[nodiscard]] Log density(int gaussian) const { return density_[gaussian]; }

    static constexpr int most = 16;

private:
    struct Lists {
        std::vector<Neighbour> neighbours;
        std::vector<std::size_t> ends{0};  // of each Gaussian's, after that of the one before
    };
    [[nodiscard]] static std::span<const Neighbour> list(const Lists& lists, int gaussian) {
        const std::size_t first = lists.ends[gaussian];
        return std::span(lists.neighbours).subspan(first, lists.ends[gaussian + 1] - first);
    }

    Lists around_, before_;
    std::vector<Log> density_;
};

}  // namespace gsfit::codec

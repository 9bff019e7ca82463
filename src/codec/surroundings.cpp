#include "codec/surroundings.h"

#include <algorithm>
#include <array>

namespace gsfit::codec {
namespace {

constexpr int reach = 12;  // cells in which neighbours are looked for

struct Offset {
    int dx, dy;
    [[nodiscard]] int distance() const { return dx * dx + dy * dy; }
};

/// All within reach, the nearest first, then from top to bottom, then from left to right.
const std::vector<Offset>& offsets() {
    static const std::vector<Offset> all = [] {
        std::vector<Offset> found;
        for (int dy = -reach; dy <= reach; ++dy) {
            for (int dx = -reach; dx <= reach; ++dx) {
                if (dx * dx + dy * dy <= reach * reach) found.push_back({dx, dy});
            }
        }
        std::stable_sort(found.begin(), found.end(),
                         [](const Offset& a, const Offset& b) { return a.distance() < b.distance(); });
        return found;
    }();
    return all;
}

/// A Gaussian and its cell's squared distance from one that looks for neighbours [cells].
struct Candidate {
    int gaussian;
    int distance;
};

/// Of other cells, the nearest first; `before`: only of those that are coded before.
std::vector<Candidate> candidates_of(const Part& part, int cell, bool before) {
    const Grid& grid = part.grid;
    const int column = cell % grid.columns;
    const int row = cell / grid.columns;
    std::vector<Candidate> candidates;
    for (const Offset& offset : offsets()) {
        const int x = column + offset.dx;
        const int y = row + offset.dy;
        const int other = y * grid.columns + x;
        const bool is_one = x >= 0 && y >= 0 && x < grid.columns && y < grid.rows && other != cell;
        if (!is_one || (before && other > cell)) continue;
        for (int i = part.first[other]; i < part.first[other + 1]; ++i) {
            if (candidates.size() == Surroundings::most) return candidates;
            candidates.push_back({i, offset.distance()});
        }
    }
    return candidates;
}

/// Of its own cell, those of the nearest places in the order first.
std::vector<Candidate> siblings_of(const Part& part, int i, bool before) {
    const int cell = part.cell[i];
    std::vector<Candidate> siblings;
    for (int d = 1; static_cast<int>(siblings.size()) < Surroundings::most; ++d) {
        const bool has_lower = i - d >= part.first[cell];
        const bool has_higher = !before && i + d < part.first[cell + 1];
        if (!has_lower && !has_higher) break;
        if (has_lower) siblings.push_back({i - d, 0});
        if (has_higher) siblings.push_back({i + d, 0});
    }
    return siblings;
}

/// Squared sizes by class of area, in squared cells' 2^-16ths.
std::array<std::int64_t, most_areas> squares(const Part& part) {
    std::array<std::int64_t, most_areas> sizes{};
    const Log cell = log2_fixed(static_cast<std::uint64_t>(part.grid.cell), 0);
    for (int area = 0; area < most_areas; ++area) {
        const Log size = least_area + area * area_step + area_step / 2 - cell;
        sizes[area] = exp2_fixed(std::min(2 * size, 16 * octave), 16);
    }
    return sizes;
}

/// 2^-x with 24 bits after the binary point; x is numerator / denominator octaves.
std::int32_t falling(std::int64_t numerator, std::int64_t denominator) {
    const std::int64_t x = std::min<std::int64_t>((numerator << log_bits) / denominator, 32 * octave);
    return static_cast<std::int32_t>(exp2_fixed(static_cast<Log>(-x), 24));
}

// Squared distances [cells] are 1/6 more than their cells': what two places within a cell are apart. Times 6 here.

std::int32_t weight_of(std::int64_t distance, std::int64_t squares) {
    const std::int64_t tail = 4 / ((distance + 1) * (distance + 1)) + 1;
    return static_cast<std::int32_t>(falling((6 * distance + 1) << 11, squares + 2048) + tail);
}

/// exp(-d^2 / (2 (s^2 + 1/12)))
std::int32_t overlap_of(std::int64_t distance, std::int64_t square) {
    constexpr std::int64_t log2_e = 94548;  // in 2^-16ths
    return falling((6 * distance + 1) * log2_e, 12 * square + (1 << 16));
}

/// The first of both lists, as many as count.
std::vector<Candidate> nearest(std::vector<Candidate> siblings, const std::vector<Candidate>& others) {
    siblings.insert(siblings.end(), others.begin(), others.end());
    siblings.resize(std::min<std::size_t>(siblings.size(), Surroundings::most));
    return siblings;
}

}  // namespace

Surroundings::Surroundings(const Part& part) {
    const auto size = static_cast<std::size_t>(part.size());
    const auto sizes = squares(part);
    for (Lists* lists : {&around_, &before_}) lists->ends.reserve(size + 1);
    density_.reserve(size);
    const auto append = [&](Lists& lists, int i, const std::vector<Candidate>& candidates) {
        for (const Candidate& other : candidates) {
            const std::int64_t square = sizes[part.area[i]] + sizes[part.area[other.gaussian]];
            lists.neighbours.push_back({other.gaussian, weight_of(other.distance, square)});
        }
        lists.ends.push_back(lists.neighbours.size());
    };
    for (int cell = 0; cell < part.grid.cells(); ++cell) {
        if (part.first[cell] == part.first[cell + 1]) continue;
        const std::vector<Candidate> others = candidates_of(part, cell, false);
        const std::vector<Candidate> others_before = candidates_of(part, cell, true);
        for (int i = part.first[cell]; i < part.first[cell + 1]; ++i) {
            const std::vector<Candidate> all = nearest(siblings_of(part, i, false), others);
            append(around_, i, all);
            append(before_, i, nearest(siblings_of(part, i, true), others_before));
            std::int64_t overlap = std::int64_t{1} << 24;
            for (const Candidate& other : all) overlap += overlap_of(other.distance, sizes[part.area[other.gaussian]]);
            density_.push_back(log2_fixed(static_cast<std::uint64_t>(overlap), 24));
        }
    }
}

}  // namespace gsfit::codec

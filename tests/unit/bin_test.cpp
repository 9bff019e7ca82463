#include "gsfit/bin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "gsfit/bins.h"
#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/project.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "reference/simd_targets.h"

namespace gsfit {
namespace {

constexpr Blending blending;
constexpr float cutoff = blending.cutoff;

using Pairs = std::set<std::pair<std::int64_t, std::int64_t>>;  // (splat, block)

Pairs pairs_of(const Bins& bins) {
    Pairs pairs;
    for (std::int64_t block = 0; block < bins.block_count(); ++block) {
        for (auto i = bins.blocks[block]; i < bins.blocks[block + 1]; ++i) pairs.emplace(bins.entries[i].splat, block);
    }
    return pairs;
}

/// Pairs with a sample of the rows that surely sees the splat.
Pairs needed(const Splats& splats, const Lattice& lattice, const Rows& rows) {
    const auto seen = reference::support(reference::to_double(splats), lattice, cutoff * (1 - 1e-4));
    Pairs pairs;
    for (std::int64_t y = rows.first; y < rows.first + rows.count; ++y) {
        for (std::int64_t x = 0; x < lattice.width; ++x) {
            const std::int64_t block_row = y / block_size - rows.first / block_size;
            const std::int64_t block = block_row * blocks_along(lattice.width) + x / block_size;
            for (const auto splat : seen[y * lattice.width + x]) pairs.emplace(splat, block);
        }
    }
    return pairs;
}

/// Pairs whose block's part of the rows meets the ellipse's rectangle, a sample generously.
Pairs allowed(const Splats& splats, const Bins& bins) {
    const auto s = reference::to_double(splats);
    const Rows& rows = bins.rows;
    Pairs pairs;
    for (std::int64_t i = 0; i < s.size; ++i) {
        if (s.degenerate[i]) continue;
        const double det = splats.det[i].item<float>();
        const double half_width = cutoff * std::sqrt(s.conic[3 * i + 2] / det) + 1;
        const double half_height = cutoff * std::sqrt(s.conic[3 * i] / det) + 1;
        for (std::int64_t block = 0; block < bins.block_count(); ++block) {
            const std::int64_t left = block % bins.blocks_x * block_size;
            const std::int64_t block_top = (rows.first / block_size + block / bins.blocks_x) * block_size;
            const std::int64_t top = std::max(block_top, rows.first);
            const std::int64_t bottom = std::min(block_top + block_size, rows.first + rows.count);
            const auto meets = [&](int axis, double half, std::int64_t first, std::int64_t last) {
                const double center = s.center[2 * i + axis];
                return center + half >= static_cast<double>(first) && center - half <= static_cast<double>(last);
            };
            if (meets(0, half_width, left, left + block_size) && meets(1, half_height, top, bottom)) {
                pairs.emplace(i, block);
            }
        }
    }
    return pairs;
}

void expect_right_blocks(const Field& field, const Lattice& lattice, const Rows& rows) {
    const Splats splats = project(field, lattice);
    const auto bins = bin(splats, lattice.width, rows, blending);
    const Pairs pairs = pairs_of(*bins);
    const Pairs must = needed(splats, lattice, rows);
    const Pairs may = allowed(splats, *bins);
    EXPECT_EQ(pairs.size(), bins->entries.size()) << "a splat is twice in a block";
    EXPECT_EQ(pairs.size(), bins->slots.back());
    EXPECT_EQ(count_pairs(splats, lattice.width, rows, blending), bins->pair_count());
    EXPECT_TRUE(std::includes(pairs.begin(), pairs.end(), must.begin(), must.end()));
    EXPECT_TRUE(std::includes(may.begin(), may.end(), pairs.begin(), pairs.end()));
}

void expect_right_blocks(const Field& field, const Lattice& lattice) {
    expect_right_blocks(field, lattice, {0, lattice.height});
}

TEST(Bin, PutsSplatsIntoTheBlocksThatSeeThem) {
    for (const auto& [width, height] : {std::pair{1, 1}, {7, 3}, {64, 64}, {65, 63}, {200, 129}, {33, 300}}) {
        SCOPED_TRACE(testing::Message() << width << " x " << height);
        expect_right_blocks(reference::random_field(150, 1, width, height, 1), Lattice::whole(width, height));
        expect_right_blocks(reference::awkward_field(60, 1, width, height, 2), Lattice::whole(width, height));
        expect_right_blocks(reference::degenerate_field(60, 1, width, height, 3), Lattice::whole(width, height));
    }
}

TEST(Bin, PutsSplatsIntoTheBlocksOfABand) {
    for (const Lattice& lattice : {Lattice::whole(200, 300), Lattice::phase(400, 600, 3, 2, 1)}) {
        for (const Rows& rows : {Rows{0, 64}, {64, 64}, {100, 100}, {37, 1}, {130, lattice.height - 130}}) {
            SCOPED_TRACE(testing::Message()
                         << "stride " << lattice.stride << ", " << rows.count << " from " << rows.first);
            expect_right_blocks(reference::random_field(150, 1, 200, 300, 1), lattice, rows);
            expect_right_blocks(reference::awkward_field(60, 1, 200, 300, 2), lattice, rows);
            expect_right_blocks(reference::degenerate_field(60, 1, 200, 300, 3), lattice, rows);
        }
    }
}

TEST(Bin, GivesSplatsOutsideABandNoSlots) {
    const Splats splats = project(reference::random_field(500, 1, 200, 1000, 11), Lattice::whole(200, 1000));
    const auto bins = bin(splats, 200, Rows{500, 20}, blending);
    const Pairs pairs = pairs_of(*bins);
    std::int64_t outside = 0;
    for (std::int64_t i = 0; i < 500; ++i) {
        const auto first = pairs.lower_bound({i, 0});
        if (first != pairs.end() && first->first == i) continue;
        ++outside;
        EXPECT_EQ(bins->slots[i], bins->slots[i + 1]) << "splat " << i;
    }
    EXPECT_GT(outside, 400);
}

TEST(Bin, DoesSoOnEverySimdTarget) {
    for (const auto target : reference::simd_targets()) {
        SCOPED_TRACE(hwy::TargetName(target));
        const reference::OnTarget on(target);
        expect_right_blocks(reference::awkward_field(101, 1, 200, 129, 4), Lattice::whole(200, 129));
    }
}

TEST(Bin, LeavesDegenerateSplatsOut) {
    const Lattice lattice = Lattice::whole(130, 70);
    const auto bins = bin(project(reference::degenerate_field(50, 1, 130, 70, 5), lattice), 130, 70, blending);
    for (const auto& [splat, block] : pairs_of(*bins)) EXPECT_GE(splat, reference::degenerate_count());
}

/// Each (splat, block) pair has a slot of its own and a splat's are consecutive, in the order of blocks: sums over them
/// do not depend on who fills them.
TEST(Bin, GivesEveryPairASlot) {
    const Field field = reference::awkward_field(80, 1, 200, 129, 6);
    const auto bins = bin(project(field, Lattice::whole(200, 129)), 200, 129, blending);
    std::vector<int> taken(bins->entries.size());
    std::vector<std::int64_t> next(bins->slots.begin(), bins->slots.end() - 1);
    for (std::int64_t block = 0; block < bins->block_count(); ++block) {
        std::int64_t last = -1;
        for (auto i = bins->blocks[block]; i < bins->blocks[block + 1]; ++i) {
            const BinEntry& entry = bins->entries[i];
            EXPECT_GT(entry.splat, last) << "a block's splats are not in order";
            last = entry.splat;
            EXPECT_EQ(entry.slot, next[entry.splat]++);
            ++taken.at(entry.slot);
        }
    }
    EXPECT_TRUE(std::all_of(taken.begin(), taken.end(), [](int count) { return count == 1; }));
}

/// Blocks' beginnings, and of each entry the splat and the slot.
std::vector<std::uint32_t> lists_of(const Bins& bins) {
    std::vector<std::uint32_t> lists = bins.blocks;
    for (const BinEntry& entry : bins.entries) {
        lists.push_back(static_cast<std::uint32_t>(entry.splat));
        lists.push_back(entry.slot);
    }
    return lists;
}

TEST(Bin, IsTheSameForAnyNumberOfThreads) {
    const Splats splats = project(reference::random_field(7000, 1, 300, 200, 7), Lattice::whole(300, 200));
    set_threads(1);
    const auto alone = lists_of(*bin(splats, 300, 200, blending));
    for (const int count : {2, 3, 7}) {
        set_threads(count);
        EXPECT_EQ(lists_of(*bin(splats, 300, 200, blending)), alone);
    }
    set_threads(0);
}

TEST(Bin, TakesFewSplatsOnAHugeLattice) {
    const Lattice lattice = Lattice::whole(1 << 20, 4096);
    const auto bins = bin(project(reference::random_field(3, 1, 64, 48, 8), lattice), 1 << 20, 4096, blending);
    EXPECT_EQ(bins->block_count(), (1 << 14) * 64);
    EXPECT_EQ(bins->blocks.size(), (1 << 14) * 64 + 1U);
}

TEST(Bin, TakesNoSplats) {
    const auto bins = bin(project(reference::random_field(0, 1, 64, 48, 9), Lattice::whole(65, 64)), 65, 64, blending);
    EXPECT_EQ(bins->block_count(), 2);
    EXPECT_TRUE(bins->entries.empty());
}

TEST(Bin, RefusesWhatCannotBeBinned) {
    const Splats good = project(reference::random_field(5, 1, 64, 48, 10), Lattice::whole(64, 48));
    EXPECT_THROW(bin(good, 0, 48, blending), Error);
    EXPECT_THROW(bin(good, 64, -1, blending), Error);
    EXPECT_THROW(bin(good, std::int64_t{1} << 40, 48, blending), Error);
    EXPECT_THROW(bin(good, 64, Rows{-1, 5}, blending), Error);
    EXPECT_THROW(bin(good, 64, Rows{3, 0}, blending), Error);
    EXPECT_THROW(bin(good, 64, Rows{std::int64_t{1} << 24, 1}, blending), Error);
    EXPECT_THROW(bin(good, 64, Rows{std::int64_t{1} << 62, std::int64_t{1} << 62}, blending), Error);
    EXPECT_THROW(bin(good, 64, 48, {.cutoff = 0}), Error);
    EXPECT_THROW(bin(good, 64, 48, {.cutoff = std::nanf("")}), Error);
    const auto refused = [&](const auto& spoil) {
        Splats splats = good;
        spoil(splats);
        EXPECT_THROW(bin(splats, 64, 48, blending), Error);
    };
    refused([](Splats& splats) { splats.center = at::Tensor(); });
    refused([](Splats& splats) { splats.conic = splats.conic.slice(0, 0, 4); });
    refused([](Splats& splats) { splats.det = splats.det.unsqueeze(1); });
    refused([](Splats& splats) { splats.conic = splats.conic.to(at::kDouble); });
}

}  // namespace
}  // namespace gsfit

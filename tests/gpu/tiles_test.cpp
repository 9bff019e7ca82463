// What the tile kernels promise beyond what every rasterizer does: the lists, and images in half precision.

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "gpu/device.h"
#include "gsfit/bin.h"
#include "gsfit/bins.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"
#include "gsfit/tile_bins.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

constexpr int size = gpu::tile_size;

/// The splats of each tile that see a sample of it, by the reference.
std::vector<std::set<int>> seen_by_tile(const Splats& splats, const Lattice& lattice, const Rows& rows, float cutoff) {
    const auto support = reference::support(reference::to_double(splats), lattice, cutoff);
    const std::int64_t across = (lattice.width + size - 1) / size;
    const std::int64_t above = rows.first / size;  // rows of the lattice's tiles
    const std::int64_t down = (rows.first + rows.count + size - 1) / size - above;
    std::vector<std::set<int>> seen(static_cast<std::size_t>(across * down));
    for (std::int64_t row = 0; row < rows.count; ++row) {
        for (std::int64_t column = 0; column < lattice.width; ++column) {
            auto& tile = seen[static_cast<std::size_t>(((rows.first + row) / size - above) * across + column / size)];
            for (const std::int64_t splat :
                 support[static_cast<std::size_t>((rows.first + row) * lattice.width + column)]) {
                tile.insert(static_cast<int>(splat));
            }
        }
    }
    return seen;
}

/// Every tile lists what is seen there, in order, and little else.
void expect_lists(const Field& field, const Lattice& lattice, const Rows& rows) {
    const Blending blending;
    const Splats splats = project(field, lattice);
    const auto seen = seen_by_tile(splats, lattice, rows, blending.cutoff);
    const auto bins = bin(splats, lattice.width, rows, blending);
    const at::Tensor listed_tensor = bins->tiles->splats.cpu();
    const at::Tensor range_tensor = bins->tiles->ranges.cpu();
    const auto* listed = listed_tensor.const_data_ptr<int>();
    const auto* ranges = range_tensor.const_data_ptr<int>();
    std::int64_t pairs = 0;
    std::int64_t seen_pairs = 0;
    for (std::size_t tile = 0; tile < seen.size(); ++tile) {
        const std::vector<int> list(listed + ranges[2 * tile], listed + ranges[2 * tile + 1]);
        EXPECT_TRUE(std::is_sorted(list.begin(), list.end())) << "tile " << tile;
        EXPECT_TRUE(std::includes(list.begin(), list.end(), seen[tile].begin(), seen[tile].end())) << "tile " << tile;
        pairs += static_cast<std::int64_t>(list.size());
        seen_pairs += static_cast<std::int64_t>(seen[tile].size());
    }
    EXPECT_EQ(pairs, bins->tiles->splats.numel());
    EXPECT_EQ(pairs, count_pairs(splats, lattice.width, rows, blending));
    EXPECT_LE(pairs, seen_pairs + seen_pairs / 5 + 20);  // an ellipse may reach between samples
}

using Tiles = OnGpu;

TEST_F(Tiles, ListTheSplatsThatAreSeen) {
    for (const auto& [width, height] : {std::pair{1, 1}, {16, 16}, {17, 33}, {130, 70}, {200, 129}}) {
        SCOPED_TRACE(testing::Message() << width << " x " << height);
        expect_lists(put(reference::awkward_field(150, 3, width, height, 1)), Lattice::whole(width, height),
                     {0, height});
    }
}

TEST_F(Tiles, ListThoseOfABand) {
    const Field field = put(reference::awkward_field(150, 3, 200, 129, 2));
    for (const Rows& rows : {Rows{0, 1}, Rows{5, 40}, Rows{31, 97}, Rows{128, 1}}) {
        SCOPED_TRACE(testing::Message() << rows.count << " rows from " << rows.first);
        expect_lists(field, Lattice::whole(200, 129), rows);
    }
}

TEST_F(Tiles, AreMoreThanThePairsOfFewGaussians) {
    Field field = reference::random_field(1, 3, 2000, 1000, 3);
    reference::reshape(field, 0, {700, 500, 3, 40});
    const auto bins = bin(project(put(field), Lattice::whole(2000, 1000)), 2000, 1000, Blending());
    EXPECT_GT(bins->tiles->splats.numel(), 0);
    EXPECT_GT(bins->tiles->ranges.size(0), bins->tiles->splats.numel());
}

TEST_F(Tiles, ListNothingWhereNothingIsSeen) {
    Field field = reference::random_field(2, 3, 70, 40, 4);
    for (std::int64_t i = 0; i < 2; ++i) reference::reshape(field, i, {-500, -500, 2, 2});
    const auto bins = bin(project(put(field), Lattice::whole(70, 40)), 70, 40, Blending());
    EXPECT_EQ(bins->tiles->splats.numel(), 0);
    EXPECT_EQ(bins->tiles->ranges.abs().max().item<int>(), 0);
}

class HalfTiles : public OnGpu, public testing::WithParamInterface<Blending> {
protected:
    void SetUp() override {
        OnGpu::SetUp();
        if (!IsSkipped()) splats = project(put(reference::random_field(150, 3, 130, 97, 5)), lattice);
    }

    const Lattice lattice = Lattice::whole(130, 97);
    Splats splats;
    const Blending blending = GetParam();

    [[nodiscard]] std::shared_ptr<const Bins> bins() const { return bin(splats, 130, 97, blending); }

    [[nodiscard]] Splats differentiated(const at::Tensor& gradient) const {
        Splats leaves = reference::leaves(splats);
        rasterize(leaves, bins(), blending, gradient.scalar_type()).backward(put(gradient));
        return leaves;
    }
};

TEST_P(HalfTiles, AreTheImageRounded) {
    const at::Tensor image = rasterize(splats, bins(), blending);
    EXPECT_TRUE(reference::identical(rasterize(splats, bins(), blending, at::kHalf), image.to(at::kHalf)));
}

TEST_P(HalfTiles, HaveNearlyTheGradientsOfTheFloatImage) {
    const at::Tensor gradient = reference::random_tensor({3, 97, 130}, 6).to(at::kHalf);
    const Splats half = differentiated(gradient);
    const Splats whole = differentiated(gradient.to(at::kFloat));
    constexpr double rounding = 3e-3;  // of the image, 11 bits
    EXPECT_LT(reference::relative_error(half.center.grad(), reference::to_double(whole.center.grad())), rounding);
    EXPECT_LT(reference::relative_error(half.conic.grad(), reference::to_double(whole.conic.grad())), rounding);
    EXPECT_LT(reference::relative_error(half.feature.grad(), reference::to_double(whole.feature.grad())), rounding);
}

/// A splat reads only the samples that blend it.
TEST_P(HalfTiles, WhatIsNotFiniteReachesTheSplatsSeenThereAndNoOthers) {
    const std::int64_t row = 10;
    const std::int64_t column = 20;
    const auto blended = [&](float slack) {
        Blending wider = blending;
        wider.cutoff += slack;
        return reference::blended(reference::to_double(splats), lattice, wider)[row * lattice.width + column];
    };
    const auto seen = blended(-1e-3F);
    const auto near = blended(1e-3F);
    ASSERT_GT(seen.size(), 5U);
    for (const float value : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        at::Tensor gradient = reference::random_tensor({3, 97, 130}, 7);
        for (int c = 0; c < 3; ++c) gradient.select(0, c).select(0, row).select(0, column).fill_(value);
        const at::Tensor x = differentiated(gradient.to(at::kHalf)).center.grad().cpu();
        for (std::int64_t i = 0; i < splats.center.size(0); ++i) {
            const bool finite = std::isfinite(x[i][0].item<float>());
            const bool is_seen = std::find(seen.begin(), seen.end(), i) != seen.end();
            const bool is_near = std::find(near.begin(), near.end(), i) != near.end();
            EXPECT_LE(finite, !is_seen) << "splat " << i;
            EXPECT_GE(finite, !is_near) << "splat " << i;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(, HalfTiles, testing::ValuesIn(reference::blendings()),
                         [](const auto& test) { return reference::name_of(test.param); });

}  // namespace
}  // namespace gsfit

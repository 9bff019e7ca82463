// What a sample sees and blends, by the kernels alone: against all splats of the band, taken one by one.

#include "cuda/raster/raster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <vector>

#include "cuda/raster/scene.cuh"
#include "gsfit/project.h"
#include "gsfit/tile_bins.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

/// Splats of a lattice, binned for some of its rows.
class Band {
public:
    Band(const Splats& splats, std::int64_t width, const Rows& rows, const Blending& blending)
        : grid(width, rows), blending_(blending), splats_(splats), size_(splats.center.size(0)), lines(size_) {
        std::vector<std::uint32_t> counts(size_ + 1);
        std::vector<std::uint64_t> offsets(size_ + 1);
        std::vector<std::byte> memory(std::max(gpu::scan_bytes(size_ + 1), std::size_t{1}));
        gpu::count_tiles(splat_arrays(splats_), grid, blending, lines.data(), counts.data(), offsets.data(),
                         workspace(memory), {});
        const auto pairs = static_cast<std::int64_t>(offsets.back());
        std::vector<std::uint32_t> tiles(pairs), unsorted(pairs), sorted_tiles(pairs);
        listed.resize(pairs);
        ranges.resize(std::size_t{2} * grid.tiles_x * grid.tiles_y);
        memory.resize(std::max(gpu::sort_bytes(pairs), std::size_t{1}));
        gpu::list_tiles(lines.data(), offsets.data(), size_, grid,
                        {tiles.data(), unsorted.data(), sorted_tiles.data(), listed.data(), pairs}, ranges.data(),
                        workspace(memory), {});
    }

    [[nodiscard]] gpu::DrawJob job() const {
        return {.grid = grid,
                .lists = {lines.data(), listed.data(), ranges.data()},
                .feature = splats_.feature.const_data_ptr<float>(),
                .channels = static_cast<int>(splats_.feature.size(1)),
                .normalise = blending_.blend != Blend::sum,
                .eps = blending_.eps,
                .smallest_weight = smallest_weight(),
                .threshold = thresholds_.empty() ? nullptr : thresholds_.data()};
    }

    [[nodiscard]] const std::vector<float>& find_thresholds(int topk) {
        std::vector<float> found(samples(), std::numeric_limits<float>::quiet_NaN());
        gpu::find_thresholds(job(), topk, found.data(), {});
        thresholds_ = std::move(found);
        return thresholds_;
    }

    /// The image, channel after channel.
    [[nodiscard]] std::vector<float> drawn() const {
        std::vector<float> image(samples() * splats_.feature.size(1));
        gpu::draw_image(job(), {.image = {image.data(), false}}, {});
        return image;
    }

    /// The gradient with respect to feature 0 of each splat when u = 1 in every sample: the weights it adds to them.
    [[nodiscard]] std::vector<float> gathered() const {
        const gpu::DrawJob job = this->job();
        const std::vector<float> planes(samples() * gpu::gradient_planes(job.channels, job.normalise), 1.0F);
        std::vector<float> partial(gpu::gather_partial_floats(size_, job.channels));
        std::vector<float> center(2 * size_), conic(3 * size_), feature(job.channels * size_);
        gpu::gather_gradients(job, splat_arrays(splats_), planes.data(), partial.data(),
                              {center.data(), conic.data(), feature.data()}, {});
        for (std::int64_t i = 0; i < size_; ++i) feature[i] = feature[job.channels * i];
        feature.resize(size_);
        return feature;
    }

    /// The weight of splat i at a sample of the band that sees it; else 0.
    [[nodiscard]] float weight(std::int64_t i, std::int64_t column, std::int64_t row) const {
        const gpu::TileSplat& line = lines[i];
        const std::int64_t y = grid.rows.first + row;
        if (line.extent_y < 0 || !sees(i, column / gpu::tile_size, y / gpu::tile_size)) return 0;
        return gpu::weight_at(line.qa, line.qb, line.qc, static_cast<float>(column) + 0.5F - line.x,
                              static_cast<float>(y) + 0.5F - line.y, smallest_weight());
    }

    /// Whether the support leaves splat i to the samples of a tile of the lattice; by the formula, in double precision.
    [[nodiscard]] bool sees(std::int64_t i, std::int64_t tile_x, std::int64_t tile_y) const {
        if (blending_.support == Support::ellipse) return true;
        const double det = splats_.det.const_data_ptr<float>()[i];
        const float* conic = splats_.conic.const_data_ptr<float>() + 3 * i;
        const float* center = splats_.center.const_data_ptr<float>() + 2 * i;
        const double mid = (double{conic[0]} + conic[2]) / det / 2;
        const double half = std::ceil(3 * std::sqrt(mid + std::sqrt(std::max(0.1, mid * mid - 1 / det))));
        const auto touches = [half](double at, std::int64_t tile) {
            const auto begin = static_cast<double>(tile);
            return std::floor((at - 0.5 - half) / 16) <= begin && begin <= std::floor((at - 0.5 + half) / 16);
        };
        return touches(center[0], tile_x) && touches(center[1], tile_y);
    }

    /// Calls visit(column, row) for every sample of the band.
    void for_each_sample(const std::function<void(std::int64_t, std::int64_t)>& visit) const {
        for (std::int64_t row = 0; row < grid.rows.count; ++row) {
            for (std::int64_t column = 0; column < grid.width; ++column) visit(column, row);
        }
    }

    [[nodiscard]] std::int64_t samples() const { return grid.width * grid.rows.count; }
    [[nodiscard]] float smallest_weight() const {
        return blending_.support == Support::tile16 ? std::numeric_limits<float>::min()
                                                    : std::exp(-0.5F * blending_.cutoff * blending_.cutoff);
    }

    gpu::TileGrid grid;

private:
    static gpu::Workspace workspace(std::vector<std::byte>& memory) { return {memory.data(), memory.size()}; }

    Blending blending_;
    Splats splats_;
    std::int64_t size_;
    std::vector<float> thresholds_;

public:
    std::vector<gpu::TileSplat> lines;
    std::vector<std::uint32_t> listed, ranges;
};

constexpr std::int64_t width = 41;
constexpr std::int64_t height = 53;
/// Bands that begin and end with the lattice's tiles, and between them.
constexpr Rows bands[] = {{0, height}, {16, 16}, {0, 5}, {7, 2}, {13, 30}, {31, 22}, {52, 1}};

/// Several batches of splats on every tile; some Gaussians larger than the lattice, some outside it, some unsound.
Splats crowd() {
    Field field = reference::degenerate_field(1100, 1, width, height, 1);
    const std::int64_t first = reference::degenerate_count();
    reference::reshape(field, first, {20, 25, 90, 30, 0.4});
    reference::reshape(field, first + 1, {-30, 10, 7, 5, 1});
    reference::reshape(field, first + 2, {20, 500, 9, 9});
    reference::reshape(field, first + 3, {20, 25, 0.01, 0.01});
    return project(field, Lattice::whole(width, height));
}

class Supports : public testing::TestWithParam<Support> {
protected:
    [[nodiscard]] static Band band_of(const Splats& splats, const Rows& rows, Blend blend = Blend::topk_norm) {
        return {splats, width, rows, {.blend = blend, .support = GetParam()}};
    }
};

TEST_P(Supports, ThresholdsAreTheKthLargestWeights) {
    const Splats splats = crowd();
    for (const Rows& rows : bands) {
        Band band = band_of(splats, rows);
        std::vector<std::vector<float>> seen(band.samples());
        band.for_each_sample([&](std::int64_t column, std::int64_t row) {
            auto& weights = seen[row * width + column];
            for (std::int64_t i = 0; i < splats.center.size(0); ++i) {
                if (const float weight = band.weight(i, column, row); weight > 0) weights.push_back(weight);
            }
            std::sort(weights.begin(), weights.end(), std::greater<>());
        });
        for (const int topk : {1, 7, 10, 11, 32}) {
            SCOPED_TRACE(testing::Message() << topk << " of " << rows.count << " rows from " << rows.first);
            const auto& found = band.find_thresholds(topk);
            for (std::size_t place = 0; place < found.size(); ++place) {
                const auto k = static_cast<std::size_t>(topk - 1);
                const float expected = k < seen[place].size() ? seen[place][k] : band.smallest_weight();
                ASSERT_EQ(found[place], expected) << "sample " << place;
            }
        }
    }
}

/// What a splat adds to the samples is what these see of it, whether a threshold holds them off or not.
TEST_P(Supports, AreTheSameOnTheWayBack) {
    const Splats splats = crowd();
    for (const Rows& rows : bands) {
        for (const int topk : {0, 5}) {
            SCOPED_TRACE(testing::Message() << topk << " of " << rows.count << " rows from " << rows.first);
            Band band = band_of(splats, rows);
            std::vector<float> least(band.samples(), band.smallest_weight());
            if (topk > 0) least = band.find_thresholds(topk);
            std::vector<double> expected(splats.center.size(0));
            band.for_each_sample([&](std::int64_t column, std::int64_t row) {
                for (std::size_t i = 0; i < expected.size(); ++i) {
                    const float weight = band.weight(static_cast<std::int64_t>(i), column, row);
                    if (weight >= least[row * width + column]) expected[i] += weight;
                }
            });
            const auto found = band.gathered();
            for (std::size_t i = 0; i < expected.size(); ++i) {
                ASSERT_NEAR(found[i], expected[i], 1e-5 * expected[i]) << "splat " << i;
            }
        }
    }
}

/// Each sample's only splat is the one that gets its gradient: its weight has the same bits in all three passes.
TEST_P(Supports, TheLargestWeightAloneIsDrawnAndDifferentiated) {
    Splats splats = crowd();
    splats.feature.fill_(1);
    Band band = band_of(splats, {5, 43}, Blend::sum);
    static_cast<void>(band.find_thresholds(1));
    const auto image = band.drawn();
    const auto gradient = band.gathered();
    double drawn = 0;
    double differentiated = 0;
    for (const float value : image) drawn += value;
    for (const float value : gradient) {
        if (std::isfinite(value)) differentiated += value;
    }
    EXPECT_GT(drawn, 0.5 * static_cast<double>(image.size()));
    EXPECT_NEAR(differentiated, drawn, 1e-5 * drawn);
}

TEST_P(Supports, TiesAreAllKept) {
    constexpr std::int64_t many = 10000;
    Field field = reference::random_field(many, 1, width, height, 2);
    for (std::int64_t i = 0; i < many; ++i) reference::reshape(field, i, {20.2, 25.1, 0.7, 0.5, 0.3});
    field.feature.fill_(0.5);
    Band band = band_of(project(field, Lattice::whole(width, height)), {0, height});
    const auto& threshold = band.find_thresholds(3);
    const auto image = band.drawn();
    band.for_each_sample([&](std::int64_t column, std::int64_t row) {
        const double weight = band.weight(0, column, row);
        const std::int64_t place = row * width + column;
        EXPECT_EQ(threshold[place], weight > 0 ? static_cast<float>(weight) : band.smallest_weight());
        const double sum = weight * static_cast<double>(many);
        EXPECT_NEAR(image[place], 0.5 * sum / (sum + Blending().eps), 1e-4);
    });
}

TEST_P(Supports, NothingIsSeenOfNothing) {
    for (const std::int64_t size : {0, 3}) {
        Field field = reference::random_field(size, 1, width, height, 3);
        for (std::int64_t i = 0; i < size; ++i) reference::reshape(field, i, {-900, 5, 2, 3});
        Band band = band_of(project(field, Lattice::whole(width, height)), {3, 20});
        const auto smallest = [&](float value) { return value == band.smallest_weight(); };
        const auto& threshold = band.find_thresholds(4);
        EXPECT_TRUE(std::all_of(threshold.begin(), threshold.end(), smallest));
        for (const float value : band.drawn()) EXPECT_EQ(value, 0);
        for (const float value : band.gathered()) EXPECT_EQ(value, 0);
    }
}

INSTANTIATE_TEST_SUITE_P(, Supports, testing::Values(Support::ellipse, Support::tile16),
                         [](const auto& test) { return test.param == Support::ellipse ? "ellipse" : "tile16"; });

/// Every tile of the band lists those splats whose square touches it, wherever the band begins.
TEST(Tile16, ListsTheSplatsOfEachTile) {
    const Splats splats = crowd();
    for (const Rows& rows : bands) {
        SCOPED_TRACE(testing::Message() << rows.count << " rows from " << rows.first);
        const Band band(splats, width, rows, {.support = Support::tile16});
        for (int tile = 0; tile < band.grid.tiles_x * band.grid.tiles_y; ++tile) {
            std::vector<std::uint32_t> expected;
            for (std::int64_t i = reference::degenerate_count(); i < splats.center.size(0); ++i) {
                const std::int64_t tile_y = rows.first / gpu::tile_size + tile / band.grid.tiles_x;
                if (band.sees(i, tile % band.grid.tiles_x, tile_y)) expected.push_back(static_cast<std::uint32_t>(i));
            }
            const auto begin = band.listed.begin();
            EXPECT_EQ(expected, std::vector(begin + band.ranges[2 * tile], begin + band.ranges[2 * tile + 1]));
        }
    }
}

}  // namespace
}  // namespace gsfit

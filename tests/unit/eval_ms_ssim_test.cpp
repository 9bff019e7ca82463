// What MS-SSIM is worth is told by tests/golden; here it is held to a slow writing of the definition, with odd sides.

#include "gsfit/eval/ms_ssim.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "unit/eval_images.h"

namespace gsfit {
namespace {

using Grid = std::vector<std::vector<double>>;  // [height][width]

Grid grid_of(const at::Tensor& plane) {
    Grid grid(static_cast<std::size_t>(plane.size(0)), std::vector<double>(static_cast<std::size_t>(plane.size(1))));
    const auto values = plane.accessor<float, 2>();
    for (std::size_t y = 0; y < grid.size(); ++y) {
        for (std::size_t x = 0; x < grid[y].size(); ++x) {
            grid[y][x] = values[static_cast<std::int64_t>(y)][static_cast<std::int64_t>(x)];
        }
    }
    return grid;
}

struct Means {
    double similarity = 0;
    double contrast = 0;
};

Means ssim_inside(const Grid& a, const Grid& b) {
    std::array<double, 11> window{};
    double total = 0;
    for (int k = 0; k < 11; ++k) total += window.at(static_cast<std::size_t>(k)) = std::exp(-(k - 5) * (k - 5) / 4.5);
    Means sums;
    double count = 0;
    for (std::size_t y = 0; y + 10 < a.size(); ++y) {
        for (std::size_t x = 0; x + 10 < a[y].size(); ++x) {
            double ma = 0;
            double mb = 0;
            double aa = 0;
            double bb = 0;
            double ab = 0;
            for (std::size_t i = 0; i < 11; ++i) {
                for (std::size_t j = 0; j < 11; ++j) {
                    const double w = window.at(i) * window.at(j) / (total * total);
                    const double p = a[y + i][x + j];
                    const double q = b[y + i][x + j];
                    ma += w * p, mb += w * q, aa += w * p * p, bb += w * q * q, ab += w * p * q;
                }
            }
            const double contrast = (2 * (ab - ma * mb) + 9e-4) / (aa - ma * ma + bb - mb * mb + 9e-4);
            sums.contrast += contrast;
            sums.similarity += (2 * ma * mb + 1e-4) / (ma * ma + mb * mb + 1e-4) * contrast;
            ++count;
        }
    }
    return {sums.similarity / count, sums.contrast / count};
}

Grid halved(const Grid& grid) {
    const std::size_t odd_rows = grid.size() % 2;
    const std::size_t odd_columns = grid[0].size() % 2;
    Grid result((grid.size() + odd_rows) / 2, std::vector<double>((grid[0].size() + odd_columns) / 2));
    for (std::size_t y = 0; y < grid.size(); ++y) {
        for (std::size_t x = 0; x < grid[y].size(); ++x) {
            result[(y + odd_rows) / 2][(x + odd_columns) / 2] += grid[y][x] / 4;
        }
    }
    return result;
}

double by_definition(const at::Tensor& image, const at::Tensor& target) {
    double sum = 0;
    for (std::int64_t c = 0; c < image.size(0); ++c) {
        Grid a = grid_of(image[c]);
        Grid b = grid_of(target[c]);
        double product = 1;
        for (const double exponent : {0.0448, 0.2856, 0.3001, 0.2363}) {
            product *= std::pow(std::max(ssim_inside(a, b).contrast, 0.0), exponent);
            a = halved(a);
            b = halved(b);
        }
        sum += product * std::pow(std::max(ssim_inside(a, b).similarity, 0.0), 0.1333);
    }
    return sum / static_cast<double>(image.size(0));
}

TEST(MsSsim, AgreesWithItsDefinition) {
    for (const auto& [channels, height, width] :
         std::vector<std::array<std::int64_t, 3>>{{1, 161, 161}, {3, 170, 167}, {1, 193, 162}, {2, 162, 261}}) {
        const ImagePair pair(channels, height, width);
        const std::optional<double> value = ms_ssim(rows_of(pair.image), rows_of(pair.target));
        ASSERT_TRUE(value);
        EXPECT_NEAR(*value, by_definition(pair.image, pair.target), 2e-6) << height << " x " << width;
    }
}

TEST(MsSsim, IsOneForTheSameImage) {
    const ImageBands image = rows_of(patches(3, 200, 181, 1));
    EXPECT_EQ(*ms_ssim(image, image), 1);
}

TEST(MsSsim, IsZeroForAnImageAndItsNegative) {
    const at::Tensor image = patches(1, 170, 170, 1);
    EXPECT_EQ(*ms_ssim(rows_of(image), rows_of(image.neg().add(1))), 0);
}

TEST(MsSsim, OfFlatImagesIsThatOfTheirMeans) {
    const auto flat = [](double value) { return rows_of(at::full({1, 176, 176}, value, at::kFloat)); };
    const double means = (2 * 0.5 * 0.75 + 1e-4) / (0.5 * 0.5 + 0.75 * 0.75 + 1e-4);
    EXPECT_NEAR(*ms_ssim(flat(0.5), flat(0.75)), std::pow(means, 0.1333), 1e-6);
}

TEST(MsSsim, IsTheMeanOfChannels) {
    const ImagePair red(1, 165, 165);
    const at::Tensor same = patches(1, 165, 165, 9);
    const auto together = [&](const at::Tensor& first) { return rows_of(at::cat({first, same})); };
    EXPECT_NEAR(*ms_ssim(together(red.image), together(red.target)),
                (*ms_ssim(rows_of(red.image), rows_of(red.target)) + 1) / 2, 1e-12);
}

TEST(MsSsim, SmallImagesHaveNone) {
    const auto has_one = [](std::int64_t height, std::int64_t width) {
        const ImageBands image = rows_of(patches(1, height, width, 1));
        return ms_ssim(image, image).has_value();
    };
    EXPECT_TRUE(has_one(161, 161));
    EXPECT_FALSE(has_one(160, 400));
    EXPECT_FALSE(has_one(400, 160));
    EXPECT_FALSE(has_one(1, 1));
}

TEST(MsSsim, EveryRowIsAskedForOnceInBands) {
    const ImagePair pair(1, 300, 170);
    AskedRows image;
    AskedRows target;
    ms_ssim(copied_rows_of(pair.image, image), copied_rows_of(pair.target, target));
    const AskedRows expected{{0, 128}, {128, 128}, {256, 44}};
    EXPECT_EQ(image, expected);
    EXPECT_EQ(target, expected);
}

TEST(MsSsim, IsTheSameForAnyNumberOfThreads) {
    const ImagePair pair(3, 300, 201);
    set_threads(1);
    const double one = *ms_ssim(rows_of(pair.image), rows_of(pair.target));
    set_threads(3);
    const double three = *ms_ssim(rows_of(pair.image), rows_of(pair.target));
    set_threads(0);
    EXPECT_EQ(one, three);
}

TEST(MsSsim, NanStays) {
    const ImagePair pair(1, 165, 165);
    pair.image[0][80][80] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(*ms_ssim(rows_of(pair.image), rows_of(pair.target))));
}

}  // namespace
}  // namespace gsfit

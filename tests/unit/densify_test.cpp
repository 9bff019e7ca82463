#include "gsfit/densify.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/gaussians.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "unit/numbered.h"

namespace gsfit {
namespace {

/// Rows of a ready image.
RenderRows rows_of(const at::Tensor& image) {
    return [image](const Rows& rows) { return image.narrow(1, rows.first, rows.count).contiguous(); };
}

/// Moments go where their Gaussian goes; those with age 0 are new and have none.
void expect_together(const Numbered& numbered, std::int64_t old) {
    std::int64_t found = 0;
    for (std::int64_t i = 0; i < numbered.field.size(); ++i) {
        const int age = numbered.moments.age[i].item<int>();
        EXPECT_TRUE(numbered.moments.first[i].eq(age).all().item<bool>());
        EXPECT_TRUE(numbered.moments.second[i].eq(age).all().item<bool>());
        EXPECT_TRUE(numbered.moments.products[i].eq(age).all().item<bool>());
        if (age == 0) continue;
        EXPECT_EQ(numbered.field.rotation[i].item<float>(), static_cast<float>(age));
        ++found;
    }
    EXPECT_EQ(found, old);
}

bool in_morton_order(const at::Tensor& position) {
    const at::Tensor order = morton_order(position);
    return order.equal(at::arange(order.size(0)));
}

TEST(Sort, KeepsFieldAndMomentsTogether) {
    Numbered numbered(50);
    sort(numbered.field, numbered.moments);
    expect_together(numbered, 50);
    EXPECT_TRUE(in_morton_order(numbered.field.position));
}

TEST(RemoveCheapest, KeepsTheOthersInTheirOrder) {
    Field field = reference::random_field(6, 3, 40, 30, 1);
    Moments moments = Moments::zeros(6, 3);
    for (std::int64_t i = 0; i < 6; ++i) {
        field.rotation[i] = static_cast<double>(i);
        moments.age[i] = i;
        moments.first[i].fill_(static_cast<double>(i));
    }
    const double nan = std::numeric_limits<double>::quiet_NaN();
    remove_cheapest(field, moments, at::tensor({nan, 2.0, -1.0, 5.0, 2.0, 3.0}, at::kFloat), 2);
    const at::Tensor kept = at::tensor({0.0, 3.0, 4.0, 5.0}, at::kFloat);  // of equals the first goes
    EXPECT_TRUE(at::equal(field.rotation.flatten(), kept)) << field.rotation;
    EXPECT_TRUE(at::equal(moments.age.flatten().to(at::kFloat), kept)) << moments.age;
    EXPECT_TRUE(at::equal(moments.first.select(1, 7), kept)) << moments.first;
    EXPECT_EQ(field.feature.size(0), 4);
    EXPECT_EQ(field.position.size(0), 4);
    EXPECT_EQ(field.inv_scale.size(0), 4);
    EXPECT_EQ(moments.second.size(0), 4);
}

TEST(Grow, AddsGaussiansWithoutMoments) {
    Numbered numbered(50);
    const reference::Target target(64, 48, 3, 8, 2);
    Random random(3);
    grow(numbered.field, numbered.moments, rows_of(at::full({3, 48, 64}, 0.5)), target.view(), Lattice::whole(64, 48),
         {.count = 20, .sigma = 1.5F, .pitch = 6}, random);
    EXPECT_EQ(numbered.field.size(), 70);
    EXPECT_EQ(numbered.moments.age.size(0), 70);
    expect_together(numbered, 50);
    EXPECT_TRUE(in_morton_order(numbered.field.position));
}

/// The centres [pixels] of those that grow() adds to nothing, on a black target where `image` is black too but at some
/// samples.
std::vector<double> grown_at(const at::Tensor& image, const Lattice& lattice, std::int64_t count) {
    const std::vector<std::byte> black(64 * 48);
    const PackedView target{black.data(), 64, 48, 1, 8, 64};
    Field field = reference::random_field(0, 1, 64, 48, 4);
    Moments moments = Moments::zeros(0, 1);
    Random random(5);
    grow(field, moments, rows_of(image), target, lattice, {.count = count}, random);
    auto position = reference::to_double(field.position);
    for (std::size_t i = 0; i < position.size(); i += 2) {
        position[i] *= 64;
        position[i + 1] *= 48;
    }
    return position;
}

TEST(Grow, GoesWhereTheResidualIs) {
    at::Tensor image = at::full({1, 48, 64}, 0.0);
    image.slice(1, 10, 20).slice(2, 30, 45).fill_(0.8);
    const auto centres = grown_at(image, Lattice::whole(64, 48), 60);
    EXPECT_EQ(centres.size(), 120U);
    for (std::size_t i = 0; i < centres.size(); i += 2) {
        EXPECT_TRUE(centres[i] > 30 && centres[i] < 45) << centres[i];
        EXPECT_TRUE(centres[i + 1] > 10 && centres[i + 1] < 20) << centres[i + 1];
    }
}

TEST(Grow, FindsThePixelsOfASublattice) {
    const Lattice lattice = Lattice::phase(64, 48, 4, 3, 1);
    at::Tensor image = at::full({1, lattice.height, lattice.width}, 0.0);
    image[0][5][7].fill_(1);  // of pixel (3 + 4 * 7, 1 + 4 * 5)
    const auto centres = grown_at(image, lattice, 1);
    EXPECT_NEAR(centres.at(0), 31.5, 1e-3);
    EXPECT_NEAR(centres.at(1), 21.5, 1e-3);
}

TEST(Grow, LeavesOutWhatIsNotFinite) {
    at::Tensor image = at::full({1, 48, 64}, 0.5);
    image.slice(1, 0, 24).fill_(std::numeric_limits<float>::quiet_NaN());
    const auto centres = grown_at(image, Lattice::whole(64, 48), 200);
    for (std::size_t i = 1; i < centres.size(); i += 2) EXPECT_GT(centres[i], 24);
}

TEST(Grow, AddsAtMostHalfAsManyAsThereAreSamples) {
    EXPECT_EQ(grown_at(at::full({1, 48, 64}, 0.5), Lattice::whole(64, 48), 5000).size(), 2U * (64 * 48 / 2));
    EXPECT_EQ(grown_at(at::full({1, 1, 1}, 0.5), {64, 48, 5, 5, 1, 1, 1}, 5000).size(), 2U);
}

/// Bands of a lattice higher than one of them: each row is rendered once, and no more at once than said.
TEST(Grow, RendersRowsInBands) {
    const std::vector<std::byte> black(4 * 1000);
    const PackedView target{black.data(), 4, 1000, 1, 8, 4};
    Field field = reference::random_field(0, 1, 4, 1000, 4);
    Moments moments = Moments::zeros(0, 1);
    Random random(5);
    std::vector<int> rendered(1000);
    const auto render = [&](const Rows& rows) {
        EXPECT_LE(rows.count, growth_band_rows);
        for (std::int64_t i = rows.first; i < rows.first + rows.count; ++i) ++rendered.at(static_cast<std::size_t>(i));
        at::Tensor image = at::full({1, rows.count, 4}, 0.0);
        for (const std::int64_t row : {0, 255, 256, 511, 999}) {
            if (row >= rows.first && row < rows.first + rows.count) image[0][row - rows.first].fill_(1);
        }
        return image;
    };
    grow(field, moments, render, target, Lattice::whole(4, 1000), {.count = 5 * 4}, random);
    for (const int times : rendered) EXPECT_EQ(times, 1);
    std::set<std::int64_t> rows;
    for (std::int64_t i = 0; i < field.size(); ++i) {
        rows.insert(static_cast<std::int64_t>(field.position[i][1].item<float>() * 1000));
    }
    EXPECT_EQ(rows, (std::set<std::int64_t>{0, 255, 256, 511, 999}));
}

TEST(Grow, RefusesRendersOfAnotherShape) {
    Numbered numbered(50);
    const reference::Target target(64, 48, 3, 8, 2);
    Random random(3);
    const auto grow_with = [&](const at::Tensor& image) {
        grow(
            numbered.field, numbered.moments, [&](const Rows&) { return image; }, target.view(), Lattice::whole(64, 48),
            {.count = 20}, random);
    };
    EXPECT_THROW(grow_with(at::full({3, 47, 64}, 0.5)), Error);
    EXPECT_THROW(grow_with(at::full({1, 48, 64}, 0.5)), Error);
    EXPECT_THROW(grow_with(at::full({48, 64}, 0.5)), Error);
    EXPECT_THROW(grow_with(at::full({3, 48, 64}, 0.5, at::kDouble)), Error);
    EXPECT_THROW(grow_with(at::full({3, 64, 48}, 0.5).transpose(1, 2)), Error);
    EXPECT_EQ(numbered.field.size(), 50);
}

TEST(Grow, IsTheSameForAnyNumberOfThreads) {
    const reference::Target target(64, 48, 3, 8, 6);
    const auto run = [&](int threads) {
        set_threads(threads);
        Numbered numbered(50);
        Random random(7);
        grow(numbered.field, numbered.moments, rows_of(reference::random_tensor({3, 48, 64}, 8)), target.view(),
             Lattice::whole(64, 48), {.count = 100, .sigma = 1.5F, .pitch = 6}, random);
        return numbered.field;
    };
    const Field alone = run(1);
    for (const int threads : {2, 7}) {
        const Field together = run(threads);
        EXPECT_TRUE(reference::identical(together.position, alone.position));
        EXPECT_TRUE(reference::identical(together.inv_scale, alone.inv_scale));
    }
}

}  // namespace
}  // namespace gsfit

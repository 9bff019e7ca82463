// What blend `topk_norm` chooses.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "gsfit/bin.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

constexpr double tolerance = 5e-5;

const Lattice lattice = Lattice::whole(70, 40);

Blending top(int topk) { return {.blend = Blend::topk_norm, .topk = topk}; }

at::Tensor image_of(const Splats& splats, const Blending& blending, at::ScalarType type = at::kFloat) {
    return rasterize(splats, bin(splats, lattice.width, lattice.height, blending), blending, type);
}

void expect_reference(const Field& field, const Blending& blending) {
    const Splats splats = project(field, lattice);
    const auto truth = reference::to_double(splats);
    const auto image = reference::rasterize(truth, reference::blended(truth, lattice, blending), lattice, blending);
    const auto open = reference::undecided(truth, lattice, blending, 10 * tolerance);
    EXPECT_LE(reference::excess(image_of(splats, blending), image, open), tolerance * reference::largest(image));
}

/// Splats of one shape on one spot.
Splats pile(std::int64_t size) {
    Field field = reference::random_field(1, 3, 70, 40, 1);
    reference::reshape(field, 0, {30.3, 20.6, 7, 5, 0.4});
    const Splats one = project(field, lattice);
    return {.center = one.center.repeat({size, 1}),
            .conic = one.conic.repeat({size, 1}),
            .det = one.det.repeat({size}),
            .feature = reference::random_tensor({size, 3}, 9)};
}

TEST(RasterTopk, EqualsTheReferenceForEveryTopk) {
    for (int topk = 1; topk <= max_topk; ++topk) {
        for (const Support support : {Support::ellipse, Support::tile16}) {
            SCOPED_TRACE(testing::Message() << "top " << topk);
            Blending blending = top(topk);
            blending.support = support;
            expect_reference(reference::random_field(60, 3, 70, 40, 2), blending);
            expect_reference(reference::random_field(300, 5, 20, 30, 3), blending);
        }
    }
}

TEST(RasterTopk, KeepsAllThatAreTied) {
    for (const std::int64_t size : {2, 11, 40, 10000}) {
        const Splats splats = pile(size);
        const at::Tensor all = image_of(splats, {.blend = Blend::norm});
        for (const int topk : {1, 10, 32}) {
            SCOPED_TRACE(testing::Message() << "top " << topk << " of " << size);
            EXPECT_TRUE(reference::identical(image_of(splats, top(topk)), all));
        }
    }
}

TEST(RasterTopk, GivesTiedGaussiansTheirGradients) {
    const Splats splats = pile(40);
    const at::Tensor upstream = reference::random_tensor({3, 40, 70}, 4);
    const auto differentiated = [&](const Blending& blending) {
        Splats leaves = reference::leaves(splats);
        image_of(leaves, blending).backward(upstream);
        return leaves;
    };
    const Splats all = differentiated({.blend = Blend::norm});
    const Splats chosen = differentiated(top(10));
    EXPECT_TRUE(reference::identical(chosen.center.grad(), all.center.grad()));
    EXPECT_TRUE(reference::identical(chosen.conic.grad(), all.conic.grad()));
    EXPECT_TRUE(reference::identical(chosen.feature.grad(), all.feature.grad()));
}

TEST(RasterTopk, IsTheMeanOfAllWhereFewAreSeen) {
    for (const Support support : {Support::ellipse, Support::tile16}) {
        const Splats splats = project(reference::random_field(32, 3, 70, 40, 5), lattice);
        Blending some = top(32);
        some.support = support;
        const Blending all{.blend = Blend::norm, .support = support};
        EXPECT_TRUE(reference::identical(image_of(splats, some), image_of(splats, all)));
    }
}

/// The largest weight alone: with eps far below it, its feature.
TEST(RasterTopk, OfOneIsTheNearestGaussian) {
    Field field = reference::random_field(9, 1, 70, 40, 6);
    for (std::int64_t i = 0; i < 9; ++i) {
        reference::reshape(field, i, {4.0 + 7.7 * static_cast<double>(i), 20.5, 6, 6});
        field.feature.data_ptr<float>()[i] = static_cast<float>(i);
    }
    Blending blending = top(1);
    blending.eps = 1e-9F;
    const at::Tensor row = image_of(project(field, lattice), blending).select(0, 0).select(0, 20).contiguous();
    for (std::int64_t x = 0; x < 70; ++x) {
        const double nearest = std::min(8.0, std::max(0.0, std::round((static_cast<double>(x) + 0.5 - 4.0) / 7.7)));
        EXPECT_NEAR(row.data_ptr<float>()[x], nearest, 1e-4) << "column " << x;
    }
}

/// No sample's value or gradient depends on the band it is drawn in, nor its choice on the channels drawn with it.
TEST(RasterTopk, ChoosesTheSameForAllChannels) {
    const Splats sixteen = project(reference::random_field(150, 16, 70, 40, 7), lattice);
    const at::Tensor whole = image_of(sixteen, top(10));
    for (const int channels : {1, 3, 4, 5}) {
        Splats some = sixteen;
        some.feature = sixteen.feature.slice(1, 0, channels).contiguous();
        EXPECT_TRUE(reference::identical(image_of(some, top(10)), whole.slice(0, 0, channels).contiguous()));
    }
}

/// Any weight of a tile counts, however far below that of the ellipse's edge: with eps below it, it is seen.
TEST(RasterTile16, SeesSmallWeights) {
    Field field = reference::random_field(1, 1, 70, 40, 8);
    for (const auto& [sigma, tiles] : {std::pair{1.0, 1}, {2.0, 1}, {5.0, 3}, {7.0, 3}}) {
        SCOPED_TRACE(sigma);
        reference::reshape(field, 0, {24, 24, sigma, sigma});
        field.feature.fill_(1);
        const Splats splats = project(field, lattice);
        const Blending blending{.eps = 1e-37F, .support = Support::tile16};
        const at::Tensor image = image_of(splats, blending).select(0, 0).contiguous();
        const std::int64_t first = 16 * (1 - tiles / 2);
        for (std::int64_t y = 0; y < 40; ++y) {
            for (std::int64_t x = 0; x < 70; ++x) {
                const bool within = x >= first && x < first + 16 * tiles && y >= first && y < first + 16 * tiles;
                const double dx = static_cast<double>(x) - 23.5;
                const double dy = static_cast<double>(y) - 23.5;
                const double power = (dx * dx + dy * dy) / (2 * sigma * sigma) / std::log(2.0);
                if (within && power > 110 && power < 127) continue;  // of the order of eps
                EXPECT_NEAR(image.data_ptr<float>()[70 * y + x], within && power < 110 ? 1 : 0, 1e-2) << x << ", " << y;
            }
        }
    }
}

}  // namespace
}  // namespace gsfit

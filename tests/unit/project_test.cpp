#include "gsfit/project.h"

#include <gtest/gtest.h>

#include "gsfit/core/error.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "reference/simd_targets.h"

namespace gsfit {
namespace {

/// A handful of float32 roundings.
constexpr double tolerance = 2e-6;

void expect_reference(const Field& field, const Lattice& lattice) {
    const Splats splats = project(field, lattice);
    const auto truth = reference::project(reference::to_double(field), lattice);
    EXPECT_LT(reference::relative_error(splats.center, truth.center), tolerance);
    EXPECT_LT(reference::relative_error(splats.conic, truth.conic), tolerance);
    EXPECT_TRUE(reference::identical(splats.feature, field.feature));
}

TEST(Project, EqualsTheReferenceOnEveryLattice) {
    const Field field = reference::random_field(301, 3, 200, 129, 1);
    for (const Lattice& lattice :
         {Lattice::whole(200, 129), Lattice::whole(1, 1), Lattice{400, 258, 17, 31, 65, 63, 1},
          Lattice::phase(200, 129, 2, 1, 1), Lattice::phase(200, 129, 8, 5, 3), Lattice{100, 300, 9, 4, 7, 3, 3}}) {
        SCOPED_TRACE(testing::Message() << "stride " << lattice.stride << ", from " << lattice.x << ", " << lattice.y);
        expect_reference(field, lattice);
    }
}

TEST(Project, EqualsTheReferenceOnEverySimdTarget) {
    for (const auto target : reference::simd_targets()) {
        SCOPED_TRACE(hwy::TargetName(target));
        const reference::OnTarget on(target);
        for (const std::int64_t size : {1, 3, 15, 16, 17, 100}) {
            expect_reference(reference::random_field(size, 3, 200, 129, 2), Lattice::phase(200, 129, 3, 2, 1));
        }
    }
}

TEST(Project, IsRightForLargeRotations) {
    Field field = reference::random_field(64, 1, 64, 64, 3);
    for (std::int64_t i = 0; i < 64; ++i) {
        reference::reshape(field, i, {30, 30, 2, 6, 1.7 * static_cast<double>(i - 32)});
    }
    expect_reference(field, Lattice::whole(64, 64));
}

TEST(Project, DeterminantOfThinGaussiansDoesNotCancel) {
    Field field = reference::random_field(20, 1, 200, 129, 4);
    for (std::int64_t i = 0; i < 20; ++i) {
        reference::reshape(field, i, {100, 60, 0.3, 1000, 0.3 * static_cast<double>(i)});
    }
    const auto det = reference::to_double(project(field, Lattice::whole(200, 129)).det);
    const double expected = 1 / (0.3 * 0.3) / 1e6;
    for (const double value : det) EXPECT_NEAR(value, expected, 1e-6 * expected);
}

TEST(Project, TwiceTheRasterHeightDoublesSigma) {
    const Field field = reference::random_field(50, 1, 64, 48, 5);
    const Splats once = project(field, Lattice::whole(64, 48));
    const Splats twice = project(field, Lattice::whole(200, 96));
    EXPECT_TRUE(reference::identical(twice.conic, once.conic.mul(0.25)));
    EXPECT_TRUE(reference::identical(twice.det, once.det.mul(0.0625)));
}

TEST(Project, CountsSamplesOfALattice) {
    Field field = reference::random_field(1, 1, 64, 48, 6);
    reference::reshape(field, 0, {5 + 3 * 4 + 0.5, 7 + 3 * 2 + 0.5, 6, 6});  // on the pixel of sample (4, 2)
    const Splats splats = project(field, {64, 48, 5, 7, 10, 10, 3});
    EXPECT_NEAR(splats.center[0][0].item<float>(), 4.5, 1e-5);
    EXPECT_NEAR(splats.center[0][1].item<float>(), 2.5, 1e-5);
    EXPECT_NEAR(splats.conic[0][0].item<float>(), 0.25, 1e-6);
}

TEST(Project, TakesAFieldWithoutGaussians) {
    const Splats splats = project(reference::random_field(0, 3, 64, 48, 7), Lattice::whole(64, 48));
    EXPECT_EQ(splats.center.size(0), 0);
    EXPECT_EQ(splats.conic.size(0), 0);
}

TEST(Project, RefusesWhatIsNoField) {
    const Field good = reference::random_field(5, 3, 64, 48, 8);
    const Lattice lattice = Lattice::whole(64, 48);
    const auto refused = [&](const auto& spoil) {
        Field field = good;
        spoil(field);
        EXPECT_THROW(project(field, lattice), Error);
    };
    refused([](Field& field) { field.position = at::Tensor(); });
    refused([](Field& field) { field.position = field.position.slice(0, 0, 4); });
    refused([](Field& field) { field.inv_scale = field.inv_scale.slice(1, 0, 1); });
    refused([](Field& field) { field.rotation = field.rotation.squeeze(1); });
    refused([](Field& field) { field.inv_scale = field.inv_scale.to(at::kDouble); });
    refused([](Field& field) { field.position = field.position.t().contiguous().t(); });
    refused([](Field& field) { field.raster_height = 0; });
}

TEST(Project, RefusesALatticeWithoutSamples) {
    const Field field = reference::random_field(5, 3, 64, 48, 9);
    for (const Lattice& lattice : {Lattice{}, Lattice{64, 48, 0, 0, 0, 48, 1}, Lattice{64, 48, 0, 0, 64, -1, 1},
                                   Lattice{64, 48, 0, 0, 64, 48, 0}, Lattice{0, 48, 0, 0, 64, 48, 1}}) {
        EXPECT_THROW(project(field, lattice), Error);
    }
}

}  // namespace
}  // namespace gsfit

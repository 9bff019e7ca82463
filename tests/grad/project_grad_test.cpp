// project()'s gradients against the double-precision reference.

#include <gtest/gtest.h>

#include "gsfit/project.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "reference/simd_targets.h"

namespace gsfit {
namespace {

/// A gradient is a sum of three products that may cancel; each carries a few roundings of 6e-8.
constexpr double tolerance = 1e-5;

/// project()'s gradients from random gradients of its results. The first `skipped` Gaussians' are 0: nothing reaches
/// project() of a degenerate Gaussian, and that must stay 0 on the way through its infinities.
void expect_reference_gradients(const Field& field, const Lattice& lattice, std::int64_t skipped = 0) {
    const at::Tensor to_center = reference::random_tensor({field.size(), 2}, 21);
    const at::Tensor to_conic = reference::random_tensor({field.size(), 3}, 22);
    to_center.slice(0, 0, skipped).zero_();
    to_conic.slice(0, 0, skipped).zero_();
    const Field leaves = reference::leaves(field);
    const Splats splats = project(leaves, lattice);
    splats.center.backward(to_center, /*retain_graph=*/true);
    splats.conic.backward(to_conic);

    const auto truth = reference::project_backward(
        reference::to_double(field), lattice, {reference::to_double(to_center), reference::to_double(to_conic), {}});
    EXPECT_LT(reference::relative_error(leaves.position.grad(), truth.position), tolerance);
    EXPECT_LT(reference::relative_error(leaves.inv_scale.grad(), truth.inv_scale), tolerance);
    EXPECT_LT(reference::relative_error(leaves.rotation.grad(), truth.rotation), tolerance);
}

TEST(ProjectGradient, EqualsTheReferenceOnEveryLattice) {
    const Field field = reference::random_field(301, 3, 200, 129, 3);
    for (const Lattice& lattice :
         {Lattice::whole(200, 129), Lattice::whole(400, 258), Lattice{200, 129, 17, 31, 65, 63, 1},
          Lattice::phase(200, 129, 2, 1, 1), Lattice::phase(200, 129, 3, 0, 2), Lattice::phase(200, 129, 8, 5, 3),
          Lattice{100, 300, 9, 4, 7, 3, 8}}) {
        SCOPED_TRACE(testing::Message() << "raster " << lattice.raster_width << " x " << lattice.raster_height
                                        << ", stride " << lattice.stride);
        expect_reference_gradients(field, lattice);
    }
}

TEST(ProjectGradient, IsRightForThinAndTurnedGaussians) {
    Field field = reference::random_field(40, 1, 200, 129, 4);
    for (std::int64_t i = 0; i < 20; ++i) {
        reference::reshape(field, i, {100, 60, 0.3, 100, 0.37 * static_cast<double>(i - 10)});
    }
    expect_reference_gradients(field, Lattice::whole(200, 129));
}

TEST(ProjectGradient, IsRightForAnyNumberOfGaussians) {
    for (const std::int64_t size : {1, 2, 3, 7, 15, 16, 17, 33}) {
        SCOPED_TRACE(size);
        expect_reference_gradients(reference::random_field(size, 3, 64, 64, 5), Lattice::whole(64, 64));
    }
}

/// Turning a round Gaussian changes nothing. Rounding noise instead of 0 would become a whole step of Adam.
TEST(ProjectGradient, OfARoundGaussiansRotationIsZero) {
    Field field = reference::random_field(101, 1, 200, 129, 9);
    for (std::int64_t i = 0; i < 101; ++i) field.inv_scale[i].fill_(0.013 * static_cast<double>(i + 1));
    for (const auto target : reference::simd_targets()) {
        SCOPED_TRACE(hwy::TargetName(target));
        const reference::OnTarget on(target);
        const Field leaves = reference::leaves(field);
        project(leaves, Lattice::phase(200, 129, 3, 1, 1)).conic.backward(reference::random_tensor({101, 3}, 10));
        EXPECT_EQ(leaves.rotation.grad().abs().max().item<float>(), 0);
    }
}

TEST(ProjectGradient, IsZeroForDegenerateGaussians) {
    expect_reference_gradients(reference::degenerate_field(50, 3, 64, 48, 6), Lattice::whole(64, 48),
                               reference::degenerate_count());
}

}  // namespace
}  // namespace gsfit

#include "gsfit/render/averaged.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "gsfit/render.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

constexpr double tolerance = 5e-5;

TEST(AveragedRender, AtTheRastersSizeIsTheClampedRender) {
    const Field field = reference::random_field(150, 3, 200, 129, 1);
    const at::Tensor whole = render(field, Lattice::whole(200, 129), {}).clamp(0, 1);
    const AveragedRender averaged(field, {}, 200, 129);
    EXPECT_LT(reference::difference(averaged.rows(0, 129), whole), tolerance);
    EXPECT_LT(reference::difference(averaged.rows(37, 20), whole.slice(1, 37, 57)), tolerance);
}

TEST(AveragedRender, OfASmallerSizeAveragesTheFullRender) {
    const Field field = reference::random_field(150, 2, 200, 120, 2);
    const at::Tensor fine = render(field, Lattice::whole(200, 120), {}).clamp(0, 1);
    const at::Tensor expected = fine.reshape({2, 30, 4, 50, 4}).mean({2, 4});
    const AveragedRender averaged(field, {}, 50, 30);
    EXPECT_LT(reference::difference(averaged.rows(0, 30), expected), tolerance);
    EXPECT_LT(reference::difference(averaged.rows(11, 5), expected.slice(1, 11, 16)), tolerance);
}

}  // namespace
}  // namespace gsfit

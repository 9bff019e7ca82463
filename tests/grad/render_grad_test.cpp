// The whole pipeline: gradient of render_loss() and of a loss of render() with respect to every parameter of the field,
// against the double-precision reference.

#include <gtest/gtest.h>

#include "gsfit/render.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

/// As for splats alone, and the splats' own rounding on top.
constexpr double tolerance = 2e-4;

/// See raster_grad_test.cpp.
constexpr double loss_tolerance = 3e-5;

struct Case {
    Blending blending;
    int channels;
    Lattice lattice;
    PixelLoss loss;
    int bits;
};

void PrintTo(const Case& c, std::ostream* out) {
    *out << reference::name_of(c.blending) << ", " << c.channels << " channels, " << c.lattice.width << " x "
         << c.lattice.height << " samples, stride " << c.lattice.stride << ", " << c.bits << " bits";
}

void expect_gradients(const Field& leaves, const reference::FieldGradient& truth, double allowed) {
    EXPECT_LT(reference::relative_error(leaves.position.grad(), truth.position), allowed);
    EXPECT_LT(reference::relative_error(leaves.inv_scale.grad(), truth.inv_scale), allowed);
    EXPECT_LT(reference::relative_error(leaves.rotation.grad(), truth.rotation), allowed);
    EXPECT_LT(reference::relative_error(leaves.feature.grad(), truth.feature), allowed);
}

void expect_reference(const Field& field, const Case& c, double allowed) {
    const reference::Target target(c.lattice.raster_width, c.lattice.raster_height, c.channels, c.bits, 61);
    const Blending& blending = c.blending;
    const Field leaves = reference::leaves(field);
    const at::Tensor value = render_loss(leaves, c.lattice, blending, target.view(), c.loss);
    value.backward();
    const auto truth = reference::render_loss(reference::to_double(field), c.lattice, blending, target.view(), c.loss);
    EXPECT_NEAR(value.item<float>(), truth.loss, loss_tolerance * truth.loss);
    expect_gradients(leaves, truth.gradient, allowed);
}

class RenderGradientOf : public testing::TestWithParam<Case> {};

TEST_P(RenderGradientOf, LossEqualsTheReference) {
    expect_reference(reference::random_field(150, GetParam().channels, 200, 129, 62), GetParam(), tolerance);
}

TEST_P(RenderGradientOf, ImageEqualsTheReference) {
    const Case& c = GetParam();
    const Blending& blending = c.blending;
    const Field field = reference::random_field(150, c.channels, 200, 129, 63);
    const Field leaves = reference::leaves(field);
    const at::Tensor upstream = reference::random_tensor({c.channels, c.lattice.height, c.lattice.width}, 64);
    render(leaves, c.lattice, blending).backward(upstream);

    const auto splats = reference::project(reference::to_double(field), c.lattice);
    const auto seen = reference::blended(splats, c.lattice, blending);
    const auto to_splats =
        reference::rasterize_backward(splats, seen, c.lattice, blending, reference::to_double(upstream));
    expect_gradients(leaves, reference::project_backward(reference::to_double(field), c.lattice, to_splats), tolerance);
}

INSTANTIATE_TEST_SUITE_P(
    , RenderGradientOf,
    testing::Values(
        Case{{.blend = Blend::norm}, 3, Lattice::whole(200, 129), {0, 1}, 8},
        Case{{.blend = Blend::sum}, 3, Lattice::whole(200, 129), {0, 1}, 8},
        Case{{.blend = Blend::norm}, 1, Lattice::phase(200, 129, 2, 1, 1), {1, 0}, 8},
        Case{{.blend = Blend::sum}, 2, Lattice::phase(200, 129, 3, 2, 0), {0.7F, 0.5F}, 16},
        Case{{.blend = Blend::norm}, 3, Lattice::phase(200, 129, 8, 3, 5), {0, 1}, 16},
        Case{{.blend = Blend::norm}, 4, Lattice{200, 129, 40, 9, 130, 70, 1}, {0, 1}, 8},
        Case{{.blend = Blend::sum}, 5, Lattice{200, 129, 63, 64, 65, 63, 1}, {0.7F, 0.5F}, 8},
        Case{{.blend = Blend::norm}, 16, Lattice{400, 258, 150, 90, 65, 63, 1}, {0, 1}, 8},
        Case{{.blend = Blend::norm}, 3, Lattice{100, 65, 3, 2, 7, 3, 5}, {0.7F, 0.5F}, 16},
        Case{{.blend = Blend::norm}, 3, Lattice{200, 129, 100, 60, 1, 1, 1}, {0, 1}, 8},
        Case{{.blend = Blend::norm, .support = Support::tile16}, 3, Lattice::phase(200, 129, 2, 1, 0), {0, 1}, 8}));

TEST(RenderGradient, EqualsTheReferenceForAwkwardGaussians) {
    for (const Blend blend : {Blend::norm, Blend::sum}) {
        const Case c{{.blend = blend}, 3, Lattice::whole(130, 97), {0.7F, 0.5F}, 8};
        expect_reference(reference::awkward_field(80, 3, 130, 97, 65), c, 1e-3);  // thin ones are among them
    }
}

TEST(RenderGradient, IsZeroForDegenerateGaussians) {
    for (const Blend blend : {Blend::norm, Blend::sum}) {
        const Case c{{.blend = blend}, 3, Lattice::whole(70, 40), {0.7F, 0.5F}, 8};
        expect_reference(reference::degenerate_field(60, 3, 70, 40, 66), c, tolerance);
    }
}

TEST(RenderGradient, AddsUpOverBands) {
    const Lattice whole = Lattice::whole(130, 97);
    const reference::Target target(130, 97, 3, 8, 67);
    const Field field = reference::random_field(120, 3, 130, 97, 68);
    const Field at_once = reference::leaves(field);
    const Field by_bands = reference::leaves(field);
    render_loss(at_once, whole, {}, target.view(), {}).backward();
    for (std::int64_t first = 0; first < whole.height; first += 40) {
        const Lattice band = whole.band({first, std::min<std::int64_t>(40, whole.height - first)});
        const auto share = static_cast<float>(band.samples()) / static_cast<float>(whole.samples());
        render_loss(by_bands, band, {}, target.view(), {}).mul(share).backward();
    }
    const auto truth = [](const at::Tensor& tensor) { return reference::to_double(tensor.grad()); };
    expect_gradients(
        by_bands, {truth(at_once.position), truth(at_once.inv_scale), truth(at_once.rotation), truth(at_once.feature)},
        1e-4);
}

}  // namespace
}  // namespace gsfit

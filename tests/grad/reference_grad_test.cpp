// The reference's analytic gradients against central differences of the reference, for every parameter.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit::reference {
namespace {

/// Central differences err by h^2 times a third derivative, and by a loss's rounding, some 1e-17, over h and over the
/// largest gradient, some 1e-4.
constexpr double tolerance = 1e-6;

/// Largest error of `gradient` relative to its largest value, by differences of loss() in every entry of `parameter`.
template <class Loss>
double difference_error(std::vector<double>& parameter, const std::vector<double>& gradient, const Loss& loss) {
    double largest = 0;
    double error = 0;
    for (std::size_t i = 0; i < parameter.size(); ++i) {
        const double kept = parameter[i];
        const double h = 1e-5 * std::max(1e-2, std::abs(kept));
        parameter[i] = kept + h;
        const double above = loss();
        parameter[i] = kept - h;
        const double below = loss();
        parameter[i] = kept;
        error = std::max(error, std::abs((above - below) / (2 * h) - gradient[i]));
        largest = std::max(largest, std::abs(gradient[i]));
    }
    EXPECT_GT(largest, 0);
    return error / largest;
}

struct Case {
    Blending blending;
    int channels;
    Lattice lattice;
    PixelLoss loss;
};

void PrintTo(const Case& c, std::ostream* out) {
    *out << name_of(c.blending) << ", " << c.channels << " channels, stride " << c.lattice.stride << ", L1 "
         << c.loss.l1 << ", L2 " << c.loss.l2;
}

class ReferenceGradient : public testing::TestWithParam<Case> {};

TEST_P(ReferenceGradient, EqualsFiniteDifferences) {
    const auto& [blending, channels, lattice, loss] = GetParam();
    const Target target(lattice.raster_width, lattice.raster_height, channels, 8, 11);
    Field field = to_double(random_field(25, channels, 30, 22, 5));
    const Support seen = blended(project(field, lattice), lattice, blending);
    const auto loss_now = [&] {
        return pixel_loss(rasterize(project(field, lattice), seen, lattice, blending), target.view(), lattice, loss);
    };

    const LossAndGradient truth = render_loss(field, lattice, blending, target.view(), loss);
    EXPECT_DOUBLE_EQ(truth.loss, loss_now());
    EXPECT_LT(difference_error(field.position, truth.gradient.position, loss_now), tolerance);
    EXPECT_LT(difference_error(field.inv_scale, truth.gradient.inv_scale, loss_now), tolerance);
    EXPECT_LT(difference_error(field.rotation, truth.gradient.rotation, loss_now), tolerance);
    EXPECT_LT(difference_error(field.feature, truth.gradient.feature, loss_now), tolerance);
}

TEST_P(ReferenceGradient, OfSplatsEqualsFiniteDifferences) {
    const auto& [blending, channels, lattice, loss] = GetParam();
    const Target target(lattice.raster_width, lattice.raster_height, channels, 16, 12);
    Splats splats = project(to_double(random_field(25, channels, 30, 22, 6)), lattice);
    const Support seen = blended(splats, lattice, blending);
    const auto draw = [&] { return rasterize(splats, seen, lattice, blending); };
    const auto loss_now = [&] { return pixel_loss(draw(), target.view(), lattice, loss); };

    const Image to_image = pixel_loss_backward(draw(), target.view(), lattice, loss);
    const SplatGradient gradient = rasterize_backward(splats, seen, lattice, blending, to_image);
    EXPECT_LT(difference_error(splats.center, gradient.center, loss_now), tolerance);
    EXPECT_LT(difference_error(splats.conic, gradient.conic, loss_now), tolerance);
    EXPECT_LT(difference_error(splats.feature, gradient.feature, loss_now), tolerance);
}

TEST(ReferenceBlockSsim, EqualsFiniteDifferences) {
    const Lattice lattice = Lattice::whole(67, 13);
    const Rows band{1, 11};
    const Target target(67, 13, 1, 8, 13);
    Image image(lattice.samples());
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = 0.5 + 0.4 * std::sin(0.7 * static_cast<double>(i));
    Image gradient;
    Image unused;
    block_dissimilarity(image, target.view(), lattice, band, gradient);
    const auto loss = [&] { return block_dissimilarity(image, target.view(), lattice, band, unused); };
    EXPECT_LT(difference_error(image, gradient, loss), tolerance);
}

/// The only window of an image of one sample has no variance.
TEST(ReferenceBlockSsim, OfOneSampleComparesTheTwo) {
    const Lattice lattice = Lattice::whole(1, 1);
    const Target target(1, 1, 1, 8, 14);
    const double x = 0.3;
    const double y = target.view().value(0, 0, 0);
    Image gradient;
    EXPECT_NEAR(block_dissimilarity({x}, target.view(), lattice, {0, 1}, gradient),
                1 - (2 * x * y + 1e-4) / (x * x + y * y + 1e-4), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(
    , ReferenceGradient,
    testing::Values(Case{{.blend = Blend::norm}, 3, Lattice::whole(30, 22), {0, 1}},
                    Case{{.blend = Blend::sum}, 3, Lattice::whole(30, 22), {0, 1}},
                    Case{{.blend = Blend::norm}, 1, Lattice::phase(30, 22, 2, 1, 0), {1, 0}},
                    Case{{.blend = Blend::sum}, 5, Lattice{60, 44, 7, 9, 31, 17, 1}, {0.7F, 0.5F}},
                    Case{{.blend = Blend::norm}, 2, Lattice{45, 33, 2, 1, 11, 7, 3}, {0.7F, 0.5F}},
                    Case{{.blend = Blend::topk_norm, .topk = 3}, 3, Lattice::whole(30, 22), {0, 1}},
                    Case{{.blend = Blend::norm, .support = gsfit::Support::tile16}, 2, Lattice::whole(30, 22), {0, 1}},
                    Case{{.blend = Blend::topk_norm, .topk = 1, .support = gsfit::Support::tile16},
                         1,
                         Lattice::phase(30, 22, 2, 1, 0),
                         {0.7F, 0.5F}}));

}  // namespace
}  // namespace gsfit::reference

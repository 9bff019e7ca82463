#include <gtest/gtest.h>

#include "gsfit/loss.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "unit/loss_images.h"

namespace gsfit {
namespace {

using reference::Target;

/// A reading of the sample's gradient off the reference by central differences.
double slope(reference::Image& image, std::size_t sample, const PackedView& target, const Lattice& lattice) {
    constexpr double step = 1e-4;
    const double value = image[sample];
    image[sample] = value + step;
    const double above = reference::ssim(image, target, lattice);
    image[sample] = value - step;
    const double below = reference::ssim(image, target, lattice);
    image[sample] = value;
    return (above - below) / (2 * step);
}

/// Holds d(scale * ssim) to finite differences at every `every`th sample.
void expect_slopes(const Target& target, const Lattice& lattice, float error, std::size_t every = 1) {
    const double scale = -2.5;
    const at::Tensor leaf = noisy(target.view(), lattice, error).set_requires_grad(true);
    ssim(leaf, target.view(), lattice).mul(scale).backward();
    const auto gradient = reference::to_double(leaf.grad());
    auto image = reference::to_double(leaf);
    double worst = 0;
    double largest = 0;
    for (std::size_t i = 0; i < image.size(); i += every) {
        const double expected = scale * slope(image, i, target.view(), lattice);
        worst = std::max(worst, std::abs(gradient[i] - expected));
        largest = std::max(largest, std::abs(expected));
    }
    EXPECT_LT(worst, 1e-4 * largest) << lattice.width << " x " << lattice.height << " samples, error " << error;
}

TEST(SsimGradient, AgreesWithFiniteDifferences) {
    for (const float error : {0.05F, 0.5F}) {
        expect_slopes(Target(17, 13, 3, 8, 1), Lattice::whole(17, 13), error);
        expect_slopes(Target(23, 9, 1, 16, 1), Lattice::whole(23, 9), error);
    }
}

TEST(SsimGradient, HoldsInImagesSmallerThanTheWindow) {
    expect_slopes(Target(1, 1, 1, 8, 1), Lattice::whole(1, 1), 0.3F);
    expect_slopes(Target(3, 5, 4, 8, 1), Lattice::whole(3, 5), 0.3F);
    expect_slopes(Target(1, 30, 3, 8, 1), Lattice::whole(1, 30), 0.3F);
}

TEST(SsimGradient, HoldsAcrossTilesAndOnSubLattices) {
    // 211 and 53 are no multiples of anything: the samples lie on both sides of the borders at row and column 64.
    expect_slopes(Target(81, 79, 1, 8, 1), Lattice::whole(81, 79), 0.3F, 211);
    expect_slopes(Target(61, 47, 3, 8, 1), Lattice::phase(61, 47, 3, 1, 2), 0.3F, 53);
}

TEST(SsimGradient, HoldsWithManyChannels) { expect_slopes(Target(12, 7, 16, 8, 1), Lattice::whole(12, 7), 0.3F, 13); }

}  // namespace
}  // namespace gsfit

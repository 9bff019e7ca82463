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

/// Holds the gradient of `scale` times the loss, summed over bands of `height` rows, to finite differences of SSIM and
/// the reference's pixel gradient at every `every`th sample.
void expect_slopes(const Target& target, const Lattice& lattice, const ImageLoss& loss, float error,
                   std::int64_t height, std::size_t every = 1) {
    const double scale = -2.5;
    const at::Tensor noise = noisy(target.view(), lattice, error);
    const auto gradient =
        reference::to_double(banded_loss(noise, target.view(), lattice, loss, height, scale).gradient);
    auto image = reference::to_double(noise);
    const auto pixels = reference::pixel_loss_backward(image, target.view(), lattice, loss.pixel);
    double worst = 0;
    double largest = 0;
    for (std::size_t i = 0; i < image.size(); i += every) {
        const double expected = scale * (pixels[i] - loss.ssim * slope(image, i, target.view(), lattice));
        worst = std::max(worst, std::abs(gradient[i] - expected));
        largest = std::max(largest, std::abs(expected));
    }
    EXPECT_LT(worst, 1e-4 * largest) << lattice.width << " x " << lattice.height << " samples in bands of " << height
                                     << ", error " << error;
}

/// The same of SSIM alone, in one band.
void expect_slopes(const Target& target, const Lattice& lattice, float error, std::size_t every = 1) {
    expect_slopes(target, lattice, only_ssim, error, lattice.height, every);
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
    // 401 and 53 are no multiples of anything: the samples lie on both sides of the borders at row 64 and column 91.
    expect_slopes(Target(181, 79, 1, 8, 1), Lattice::whole(181, 79), 0.3F, 401);
    expect_slopes(Target(61, 47, 3, 8, 1), Lattice::phase(61, 47, 3, 1, 2), 0.3F, 53);
}

TEST(ImageLossGradient, AgreesWithFiniteDifferencesInBands) {
    const ImageLoss mixed{.pixel = {0.02F, 0.04F}, .ssim = 0.3F};
    for (const std::int64_t height : {3, 7, 20, 37}) {
        expect_slopes(Target(19, 37, 3, 8, 1), Lattice::whole(19, 37), mixed, 0.3F, height, 7);
        expect_slopes(Target(40, 75, 1, 16, 1), Lattice::phase(40, 75, 2, 1, 0), only_ssim, 0.3F, height, 3);
    }
}

TEST(SsimGradient, HoldsWithManyChannels) { expect_slopes(Target(12, 7, 16, 8, 1), Lattice::whole(12, 7), 0.3F, 13); }

}  // namespace
}  // namespace gsfit

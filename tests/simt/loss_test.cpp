// The loss and its gradient: kernels against the reference and the CPU backend.

#include "cuda/loss/loss.h"

#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "loss/compare.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "unit/loss_images.h"

namespace gsfit {
namespace {

using reference::Target;
using reference::to_double;

/// One size below a warp, one of whole warps, and others that leave rests of warps, strips and rows of strips.
struct Size {
    std::int64_t width, height;
};
constexpr Size sizes[] = {{1, 1}, {16, 16}, {33, 17}, {100, 70}, {131, 35}, {3, 40}};

/// The rows that SSIM of a band depends on, in memory of their own: other rows cannot be read.
at::Tensor rows_of(const at::Tensor& image, const Rows& rows) {
    return image.narrow(1, rows.first, rows.count).clone();
}

/// What the kernels add for a band of the image, which holds these rows of it.
gpu::LossSums band_sums(const at::Tensor& image, const Rows& rows, const PackedView& target, const Lattice& lattice,
                        const Rows& band) {
    const Comparison comparison = compare("test", image, target, lattice, rows);
    std::vector<std::byte> memory(gpu::loss_workspace_bytes(target.channels, lattice.width, band.count));
    const gpu::Workspace workspace{memory.data(), memory.size()};
    gpu::LossSums sums{};
    gpu::add_errors(comparison, band, &sums, workspace, nullptr);
    gpu::add_dissimilarity(comparison, band, &sums, workspace, nullptr);
    return sums;
}

gpu::LossSums whole_sums(const at::Tensor& image, const PackedView& target, const Lattice& lattice) {
    const Rows all{0, lattice.height};
    return band_sums(image, all, target, lattice, all);
}

double reference_error(const at::Tensor& image, const PackedView& target, const Lattice& lattice,
                       const PixelLoss& loss) {
    return reference::pixel_loss(to_double(image), target, lattice, loss) * static_cast<double>(image.numel());
}

void expect_reference(const Target& target, const Lattice& lattice) {
    SCOPED_TRACE(testing::Message() << lattice.width << " x " << lattice.height << ", " << target.view().channels
                                    << " channels of " << target.view().bits << " bit, stride " << lattice.stride);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const gpu::LossSums sums = whole_sums(image, target.view(), lattice);
    const double absolute = reference_error(image, target.view(), lattice, {1, 0});
    const double squared = reference_error(image, target.view(), lattice, {0, 1});
    const double dissimilarity =
        (1 - reference::ssim(to_double(image), target.view(), lattice)) * static_cast<double>(image.numel());
    EXPECT_NEAR(sums.absolute, absolute, 1e-6 * absolute);
    EXPECT_NEAR(sums.squared, squared, 1e-6 * squared);
    EXPECT_NEAR(sums.dissimilarity, dissimilarity, 1e-5 * dissimilarity);
}

TEST(LossSums, AgreeWithReference) {
    for (const auto& [width, height] : sizes) {
        expect_reference(Target(width, height, 3, 8, 1), Lattice::whole(width, height));
    }
    for (const int channels : {1, 4, 16}) {
        expect_reference(Target(33, 17, channels, channels == 4 ? 16 : 8, 2), Lattice::whole(33, 17));
    }
}

TEST(LossSums, ReadTheTargetThroughTheLattice) {
    const Target target(101, 67, 3, 16, 3);
    for (const auto& lattice : {Lattice::phase(101, 67, 2, 1, 0), Lattice::phase(101, 67, 3, 2, 1),
                                Lattice{101, 67, 20, 11, 53, 41, 1}, Lattice{101, 67, 7, 9, 10, 7, 7}}) {
        expect_reference(target, lattice);
    }
}

TEST(LossSums, OfBandsMakeTheWhole) {
    const Target target(60, 49, 3, 8, 1);
    const Lattice lattice = Lattice::whole(60, 49);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const gpu::LossSums whole = whole_sums(image, target.view(), lattice);
    for (const std::int64_t height : {3, 20}) {  // less than the halo, and more
        gpu::LossSums sum{};
        for (std::int64_t first = 0; first < 49; first += height) {
            const Rows band{first, std::min(height, 49 - first)};
            const Rows rows = ssim_rows(lattice, band);
            const gpu::LossSums part = band_sums(rows_of(image, rows), rows, target.view(), lattice, band);
            sum.absolute += part.absolute;
            sum.squared += part.squared;
            sum.dissimilarity += part.dissimilarity;
        }
        EXPECT_NEAR(sum.absolute, whole.absolute, 1e-6 * whole.absolute);
        EXPECT_NEAR(sum.squared, whole.squared, 1e-6 * whole.squared);
        EXPECT_NEAR(sum.dissimilarity, whole.dissimilarity, 1e-6 * whole.dissimilarity);
    }
}

TEST(LossSums, AreAddedToWhatIsThere) {
    const Target target(16, 16, 1, 8, 1);
    const Lattice lattice = Lattice::whole(16, 16);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const gpu::LossSums once = whole_sums(image, target.view(), lattice);
    const Comparison comparison = compare("test", image, target.view(), lattice, {0, 16});
    std::vector<std::byte> memory(gpu::loss_workspace_bytes(1, 16, 16));
    const gpu::Workspace workspace{memory.data(), memory.size()};
    gpu::LossSums sums{100, 200, 300};
    gpu::add_errors(comparison, {0, 16}, &sums, workspace, nullptr);
    gpu::add_dissimilarity(comparison, {0, 16}, &sums, workspace, nullptr);
    gpu::add_errors(comparison, {7, 0}, &sums, workspace, nullptr);  // a band without rows
    EXPECT_EQ(sums.absolute, 100 + once.absolute);
    EXPECT_EQ(sums.squared, 200 + once.squared);
    EXPECT_EQ(sums.dissimilarity, 300 + once.dissimilarity);
}

TEST(LossSums, OfFewerRowsNeedNoMoreWorkspace) {
    for (const std::int64_t width : {100, 5504, 7680, 16384}) {
        for (const int channels : {1, 3, 16}) {
            std::size_t before = 0;
            for (std::int64_t rows = 1; rows < 3000; ++rows) {
                const std::size_t bytes = gpu::loss_workspace_bytes(channels, width, rows);
                EXPECT_GE(bytes, before) << width << " x " << rows << ", " << channels << " channels";
                before = bytes;
            }
        }
    }
}

TEST(LossSums, RefuseTooLittleWorkspace) {
    const Target target(16, 16, 1, 8, 1);
    const at::Tensor image = noisy(target.view(), Lattice::whole(16, 16), 0.3F);
    const Comparison comparison = compare("test", image, target.view(), Lattice::whole(16, 16), {0, 16});
    gpu::LossSums sums{};
    EXPECT_THROW(gpu::add_errors(comparison, {0, 16}, &sums, {nullptr, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(gpu::add_dissimilarity(comparison, {0, 16}, &sums, {nullptr, 7}, nullptr), std::invalid_argument);
}

/// Factors of the sums that make up image_loss().
Factors factors_of(const ImageLoss& loss, const PackedView& target, const Lattice& lattice) {
    const double each = 1 / value_count(target, lattice);
    return {static_cast<float>(each * loss.pixel.l1), static_cast<float>(each * loss.pixel.l2),
            static_cast<float>(each * loss.ssim)};
}

Planar<std::byte> planar(at::Tensor& tensor, const Rows& rows) {
    return {.data = static_cast<std::byte*>(tensor.mutable_data_ptr()),
            .half = tensor.scalar_type() == at::kHalf,
            .channel_stride = tensor.stride(0),
            .row_stride = tensor.stride(1),
            .rows = rows};
}

/// The kernels' gradient of a band, in the rows that the image holds.
at::Tensor band_gradient(const at::Tensor& image, const Rows& rows, const PackedView& target, const Lattice& lattice,
                         const Rows& band, const ImageLoss& loss, const float* loss_scale = nullptr) {
    at::Tensor gradient = at::full(image.sizes(), std::numeric_limits<float>::quiet_NaN(), image.options());
    gpu::loss_gradient(compare("test", image, target, lattice, rows), band, factors_of(loss, target, lattice),
                       loss_scale, planar(gradient, rows), nullptr);
    return gradient;
}

at::Tensor whole_gradient(const at::Tensor& image, const PackedView& target, const Lattice& lattice,
                          const ImageLoss& loss, const float* loss_scale = nullptr) {
    const Rows all{0, lattice.height};
    return band_gradient(image, all, target, lattice, all, loss, loss_scale);
}

double relative_error(const at::Tensor& value, const at::Tensor& truth) {
    return reference::relative_error(value.to(at::kFloat).reshape({-1, 1}), to_double(truth.to(at::kFloat)));
}

constexpr ImageLoss mixed{.pixel = {0.7F, 0.4F}, .ssim = 0.3F};
constexpr ImageLoss losses[] = {{.pixel = {1, 0}}, {.pixel = {0, 1}}, only_ssim, mixed};

void expect_cpu_gradient(const Target& target, const Lattice& lattice, const ImageLoss& loss) {
    SCOPED_TRACE(testing::Message() << lattice.width << " x " << lattice.height << ", " << target.view().channels
                                    << " channels of " << target.view().bits << " bit, stride " << lattice.stride
                                    << ", SSIM " << loss.ssim);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const at::Tensor expected = whole_loss(image, target.view(), lattice, loss).gradient;
    EXPECT_LT(relative_error(whole_gradient(image, target.view(), lattice, loss), expected), 1e-5);
}

TEST(LossGradient, AgreesWithTheCpu) {
    for (const auto& [width, height] : sizes) {
        const Target target(width, height, 3, 8, 1);
        for (const ImageLoss& loss : losses) expect_cpu_gradient(target, Lattice::whole(width, height), loss);
    }
    for (const int channels : {1, 4, 16}) {
        expect_cpu_gradient(Target(33, 17, channels, channels == 4 ? 16 : 8, 2), Lattice::whole(33, 17), mixed);
    }
    const Target target(101, 67, 3, 16, 3);
    expect_cpu_gradient(target, Lattice::phase(101, 67, 3, 2, 1), mixed);
    expect_cpu_gradient(target, Lattice{101, 67, 20, 11, 53, 41, 1}, mixed);
}

TEST(LossGradient, AgreesWithReference) {
    const Target target(33, 17, 3, 8, 1);
    const Lattice lattice = Lattice::whole(33, 17);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const auto pixels = reference::pixel_loss_backward(to_double(image), target.view(), lattice, {0.7F, 0.4F});
    const at::Tensor gradient = whole_gradient(image, target.view(), lattice, {.pixel = {0.7F, 0.4F}});
    EXPECT_LT(reference::relative_error(gradient.view({-1, 1}), pixels), 1e-6);

    const auto similarity = to_double(whole_gradient(image, target.view(), lattice, only_ssim));
    constexpr double step = 1e-4;
    for (const std::size_t at : {0, 20, 5 * 33 + 32, 16 * 33 + 3, 561 + 8 * 33 + 16, 1122 + 560}) {
        auto moved = to_double(image);
        moved[at] += step;
        const double above = reference::ssim(moved, target.view(), lattice);
        moved[at] -= 2 * step;
        const double slope = (reference::ssim(moved, target.view(), lattice) - above) / (2 * step);
        EXPECT_NEAR(similarity[at], slope, 1e-5 * std::abs(slope) + 1e-9) << at;
    }
}

TEST(LossGradient, OfABandAgreesWithTheCpu) {
    const Target target(60, 49, 3, 8, 1);
    const Lattice lattice = Lattice::whole(60, 49);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    for (const Rows& band : {Rows{0, 9}, Rows{20, 3}, Rows{40, 9}}) {
        for (const ImageLoss& loss : losses) {
            const Rows rows = loss_rows(lattice, band, loss);
            const at::Tensor part = rows_of(image, rows);
            const at::Tensor leaf = part.clone().set_requires_grad(true);
            image_loss(leaf, target.view(), lattice, band, loss).backward();
            const at::Tensor gradient = band_gradient(part, rows, target.view(), lattice, band, loss);
            EXPECT_LT(relative_error(gradient, leaf.grad()), 1e-5) << "rows from " << band.first;
        }
    }
}

TEST(LossGradient, IsWrittenToAPartOfALargerImage) {
    const Target target(33, 17, 3, 8, 1);
    const Lattice lattice = Lattice::whole(33, 17);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    for (const at::ScalarType dtype : {at::kFloat, at::kHalf}) {
        for (const ImageLoss& loss : {mixed, ImageLoss{.pixel = {1, 1}}}) {
            const at::Tensor expected = whole_gradient(image.to(dtype), target.view(), lattice, loss);
            const at::Tensor larger = at::full({3, 30, 40}, 7, at::TensorOptions().dtype(dtype));
            larger.narrow(1, 6, 17).narrow(2, 3, 33).copy_(image);
            at::Tensor out = at::full({3, 30, 40}, 7, at::TensorOptions().dtype(dtype));
            at::Tensor part = out.narrow(1, 5, 17).narrow(2, 4, 33);
            gpu::loss_gradient(
                compare("test", larger.narrow(1, 6, 17).narrow(2, 3, 33), target.view(), lattice, {0, 17}), {0, 17},
                factors_of(loss, target.view(), lattice), nullptr, planar(part, {0, 17}), nullptr);
            EXPECT_TRUE(part.equal(expected));
            part.fill_(7);
            EXPECT_TRUE(out.eq(7).all().item<bool>());
        }
    }
}

TEST(LossInHalf, ReadsExactlyAndRoundsTheGradientOnce) {
    const Target target(33, 17, 3, 8, 1);
    const Lattice lattice = Lattice::whole(33, 17);
    const at::Tensor half = noisy(target.view(), lattice, 0.3F).to(at::kHalf);
    const at::Tensor exact = half.to(at::kFloat);
    const gpu::LossSums sums = whole_sums(half, target.view(), lattice);
    const gpu::LossSums expected = whole_sums(exact, target.view(), lattice);
    EXPECT_EQ(std::memcmp(&sums, &expected, sizeof sums), 0);
    for (const float scale : {1.0F, 65536.0F, 0x1p29F, 0x1p40F}) {
        for (const ImageLoss& loss : losses) {
            const at::Tensor gradient = whole_gradient(half, target.view(), lattice, loss, &scale);
            const at::Tensor rounded = whole_gradient(exact, target.view(), lattice, loss, &scale).to(at::kHalf);
            EXPECT_TRUE(gradient.equal(rounded)) << scale;
        }
    }
}

TEST(LossGradient, IsMultipliedByTheLossScale) {
    const Target target(33, 17, 3, 8, 1);
    const Lattice lattice = Lattice::whole(33, 17);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const float scale = -1024;
    for (const ImageLoss& loss : losses) {
        const at::Tensor gradient = whole_gradient(image, target.view(), lattice, loss);
        EXPECT_TRUE(whole_gradient(image, target.view(), lattice, loss, &scale).equal(gradient.mul(scale)));
    }
}

TEST(Loss, VanishesWithItsGradientAtTheTarget) {
    for (const int bits : {8, 16}) {
        const Target target(50, 20, 3, bits, 1);
        const Lattice lattice = Lattice::whole(50, 20);
        const at::Tensor image = noisy(target.view(), lattice, 0);
        const gpu::LossSums sums = whole_sums(image, target.view(), lattice);
        EXPECT_EQ(sums.absolute, 0);
        EXPECT_EQ(sums.squared, 0);
        EXPECT_EQ(sums.dissimilarity, 0);
        for (const ImageLoss& loss : {mixed, ImageLoss{.pixel = {1, 1}}}) {
            for (const double g : to_double(whole_gradient(image, target.view(), lattice, loss))) ASSERT_EQ(g, 0);
        }
    }
}

TEST(Loss, EveryValueOfATargetIsReadAsOnTheHost) {
    std::vector<std::uint16_t> values(65536);
    std::iota(values.begin(), values.end(), 0);
    const auto* bytes = reinterpret_cast<const std::byte*>(values.data());
    for (const PackedView& target : {PackedView{bytes, 256, 256, 1, 16, 512}, PackedView{bytes, 512, 256, 1, 8, 512}}) {
        const Lattice lattice = Lattice::whole(target.width, target.height);
        const at::Tensor image = noisy(target, lattice, 0);
        const Comparison comparison = compare("test", image, target, lattice, {0, 256});
        std::vector<std::byte> memory(gpu::loss_workspace_bytes(1, target.width, 256));
        gpu::LossSums sums{};
        gpu::add_errors(comparison, {0, 256}, &sums, {memory.data(), memory.size()}, nullptr);
        EXPECT_EQ(sums.absolute, 0);
    }
}

TEST(Loss, NotANumberStaysNotANumber) {
    const Target target(140, 60, 1, 8, 1);
    const Lattice lattice = Lattice::whole(140, 60);
    const at::Tensor image = noisy(target.view(), lattice, 0.1F);
    image[0][12][100] = std::numeric_limits<float>::quiet_NaN();
    for (const at::ScalarType dtype : {at::kFloat, at::kHalf}) {
        const at::Tensor given = image.to(dtype);
        const gpu::LossSums sums = whole_sums(given, target.view(), lattice);
        EXPECT_TRUE(std::isnan(sums.absolute) && std::isnan(sums.squared) && std::isnan(sums.dissimilarity));
        for (const ImageLoss& loss : losses) {
            const at::Tensor nan = whole_gradient(given, target.view(), lattice, loss).isnan();
            EXPECT_TRUE(nan[0][12][100].item<bool>());
            // It reaches as far as two windows, and no further.
            const std::int64_t reach = loss.ssim != 0 ? 21 : 1;
            EXPECT_EQ(nan.sum().item<std::int64_t>(), reach * reach);
        }
    }
}

}  // namespace
}  // namespace gsfit

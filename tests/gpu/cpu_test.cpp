// The rooms on a GPU against those on the CPU, on scenes that are too large for the reference.

#include <cmath>

#include "gpu/device.h"
#include "gsfit/eval.h"
#include "gsfit/gaussians.h"
#include "gsfit/gaussians/quantisation.h"
#include "gsfit/loss.h"
#include "gsfit/memory/device_memory.h"
#include "gsfit/optim.h"
#include "gsfit/project.h"
#include "gsfit/render.h"
#include "gsfit/train.h"
#include "reference/compare.h"
#include "unit/loss_images.h"

namespace gsfit {
namespace {

using reference::relative_error;
using reference::Target;
using reference::to_double;

class AsOnTheCpu : public OnGpu {
protected:
    const std::int64_t width = 1023;
    const std::int64_t height = 517;
    const Lattice whole = Lattice::whole(width, height);
    const Field field = reference::random_field(5000, 3, width, height, 1);
    const Target target{width, height, 3, 8, 2};

    static void expect_gradients(const Field& there, const Field& here, double allowed) {
        EXPECT_LT(relative_error(there.position.grad(), to_double(here.position.grad())), allowed);
        EXPECT_LT(relative_error(there.inv_scale.grad(), to_double(here.inv_scale.grad())), allowed);
        EXPECT_LT(relative_error(there.rotation.grad(), to_double(here.rotation.grad())), allowed);
        EXPECT_LT(relative_error(there.feature.grad(), to_double(here.feature.grad())), allowed);
    }
};

TEST_F(AsOnTheCpu, IsTheRender) {
    const at::Tensor difference = render(put(field), whole, {}).cpu().sub(render(field, whole, {})).abs();
    EXPECT_LT(difference.mean().item<float>(), 1e-5);
    EXPECT_LT(difference.max().item<float>(), 0.05);  // where one sees a Gaussian at the very cutoff, and hardly others
}

TEST_F(AsOnTheCpu, IsThePixelLossOfTheField) {
    const PackedImage there_target = put(target);
    const Field here = reference::leaves(field);
    const Field there = reference::leaves(put(field));
    const at::Tensor loss_here = render_loss(here, whole, {}, target.view(), {0, 1});
    const at::Tensor loss_there = render_loss(there, whole, {}, there_target.view(), {0, 1});
    loss_here.backward();
    loss_there.backward();
    EXPECT_NEAR(loss_there.item<float>(), loss_here.item<float>(), 1e-5 * loss_here.item<float>());
    expect_gradients(there, here, 1e-3);
}

/// As mixed precision takes it: drawn in half, and the loss scaled up.
TEST_F(AsOnTheCpu, IsTheLossWithSsimOfTheField) {
    const PackedImage there_target = put(target);
    const auto step = [&](const Field& leaves, const PackedView& view, at::ScalarType type) {
        const Splats splats = project(leaves, whole);
        const at::Tensor image = render_rows(splats, whole, {0, height}, {}, type);
        const at::Tensor loss = image_loss(image, view, whole, {0, height}, {.pixel = {0, 1}, .ssim = 0.1F});
        loss.mul(65536).backward();
        return loss.item<double>();
    };
    for (const at::ScalarType type : {at::kFloat, at::kHalf}) {
        SCOPED_TRACE(at::toString(type));
        const Field here = reference::leaves(field);
        const Field there = reference::leaves(put(field));
        const double loss = step(here, target.view(), type);
        EXPECT_NEAR(step(there, there_target.view(), type), loss, 1e-5 * loss);
        expect_gradients(there, here, 1e-3);
    }
}

TEST_F(AsOnTheCpu, IsTheGradientOfSsim) {
    const PackedImage there_target = put(target);
    const at::Tensor image = noisy(target.view(), whole, 0.3F);
    const LossResult here = whole_loss(image, target.view(), whole, only_ssim, 65536);
    const LossResult there = whole_loss(put(image), there_target.view(), whole, only_ssim, 65536);
    EXPECT_NEAR(there.value, here.value, 1e-6);
    EXPECT_LT(relative_error(there.gradient.view({-1, 1}), to_double(here.gradient)), 1e-5);
    const Rows band{100, 200};
    const Rows rows = ssim_rows(whole, band);
    const at::Tensor part = image.narrow(1, rows.first, rows.count);
    const double sum = ssim_sum(part, target.view(), whole, band);
    EXPECT_NEAR(ssim_sum(put(part), there_target.view(), whole, band), sum, 1e-6 * static_cast<double>(part.numel()));
}

TEST_F(AsOnTheCpu, IsTheEvaluation) {
    const Quality here = evaluate(field, {}, {target.view(), nullptr});
    const Quality there = evaluate(put(field), {}, put(target));
    EXPECT_NEAR(there.psnr, here.psnr, 1e-3);
    EXPECT_NEAR(there.ssim, here.ssim, 1e-5);
}

TEST_F(AsOnTheCpu, IsAdamOverManySteps) {
    Field here{
        field.position.clone(), field.inv_scale.clone(), field.rotation.clone(), field.feature.clone(), width, height};
    Field there = put(field);
    Moments moments_here = Moments::zeros(5000, 3);
    Moments moments_there = Moments::zeros(5000, 3, device());
    for (std::uint64_t step = 0; step < 25; ++step) {
        const Gradients gradients{reference::random_tensor({5000, 2}, 4 * step).mul(1e-3),
                                  reference::random_tensor({5000, 2}, 4 * step + 1).mul(1e-4),
                                  reference::random_tensor({5000, 1}, 4 * step + 2).mul(1e-5),
                                  reference::random_tensor({5000, 3}, 4 * step + 3).mul(1e-4)};
        const StepSizes steps{.position = 0.2F, .scale = 0.1F, .rotation = 0.1F, .feature = 0.02F};
        whitened_adam(here, moments_here, gradients, steps, {});
        whitened_adam(
            there, moments_there,
            {put(gradients.position), put(gradients.inv_scale), put(gradients.rotation), put(gradients.feature)}, steps,
            {});
    }
    EXPECT_LT(relative_error(there.position, to_double(here.position)), 1e-4);
    EXPECT_LT(relative_error(there.inv_scale, to_double(here.inv_scale)), 1e-4);
    EXPECT_LT(relative_error(there.rotation, to_double(here.rotation)), 1e-4);
    EXPECT_LT(relative_error(there.feature, to_double(here.feature)), 1e-4);
    EXPECT_TRUE(reference::identical(moments_there.age, moments_here.age));
}

TEST_F(AsOnTheCpu, IsTheQuantisedFieldToTheBit) {
    for (const int bits : {4, 9, 16, 32}) {
        const Quantisation all{.position = bits, .scale = bits, .rotation = bits, .feature = bits};
        const Field there = quantised(put(field), all);
        const Field here = quantised(field, all);
        EXPECT_TRUE(reference::identical(there.position.cpu(), here.position)) << bits;
        EXPECT_TRUE(reference::identical(there.inv_scale.cpu(), here.inv_scale)) << bits;
        EXPECT_TRUE(reference::identical(there.rotation.cpu(), here.rotation)) << bits;
        EXPECT_TRUE(reference::identical(there.feature.cpu(), here.feature)) << bits;
    }
}

TEST_F(AsOnTheCpu, IsTheOrder) {
    EXPECT_TRUE(reference::identical(morton_order(put(field.position)), morton_order(field.position)));
}

/// Waves, an edge and a disc, with a little noise.
PackedImage picture(std::int64_t width, std::int64_t height) {
    Random random(5);
    std::vector<std::uint8_t> pixels;
    for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
            const double u = static_cast<double>(x) / static_cast<double>(width);
            const double v = static_cast<double>(y) / static_cast<double>(height);
            const bool inside = std::hypot(u - 0.4, v - 0.5) < 0.2 || v > 0.8;
            for (int c = 0; c < 3; ++c) {
                const double wave = 0.5 + 0.3 * std::sin(9 * u + c) * std::cos(7 * v) + 0.05 * random.uniform();
                pixels.push_back(static_cast<std::uint8_t>(255 * (inside ? 1 - wave : wave)));
            }
        }
    }
    return PackedImage::copy(pixels, width, height, 3);
}

TEST_F(AsOnTheCpu, TrainingLearnsAsMuch) {
    const PackedImage image = picture(256, 171);
    for (const float ssim : {0.0F, 0.1F}) {
        SCOPED_TRACE(ssim);
        TrainOptions options;
        options.num_gaussians = 500;
        options.max_steps = 200;
        options.eval_steps = 0;
        options.ssim_loss_ratio = ssim;
        const TrainState here = train(image, options, {});
        options.device = device();
        const TrainState there = train(image, options, {});
        EXPECT_NEAR(evaluate_psnr(there.field, {}, image), evaluate_psnr(here.field, {}, image), 0.3);
    }
}

/// Images so large that indices and sizes pass 2^31: bytes of 3 channels, floats of 16.
class LargeOnGpu : public OnGpu, public testing::WithParamInterface<int> {};

TEST_P(LargeOnGpu, ImagesAreDrawnComparedAndDifferentiatedToTheirLastRows) {
    const int channels = GetParam();
    const std::int64_t side = 12000;
    const std::int64_t rows = 15360;
    const std::int64_t image_bytes = channels * side * rows * 4;
    // The image, its gradient and planes of that size; the target; pairs of splats and tiles.
    const std::int64_t needed = 4 * image_bytes + (std::int64_t{2} << 30);
    const auto memory = device_memory(device().index());
    if (!memory || memory->free < needed) {
        GTEST_SKIP() << "an image of " << image_bytes << " bytes needs " << needed << " free bytes on the GPU";
    }
    const Lattice whole = Lattice::whole(side, rows);
    const std::vector<std::byte> grey(static_cast<std::size_t>(side * channels), std::byte{128});
    const PackedImage target =
        PackedImage({grey.data(), side, rows, channels, 8, /*row_bytes=*/0}, nullptr).on_device(device());
    const Splats splats =
        reference::leaves(project(put(reference::random_field(3000, channels, side, rows, 3)), whole));
    const at::Tensor image = render_rows(splats, whole, {0, rows}, {});
    const Rows last{rows - 40, 40};
    const at::Tensor band = render_rows(splats, whole, last, {});
    EXPECT_LT(reference::difference(image.narrow(1, last.first, last.count), band), 5e-5);
    const ImageLoss l2{.pixel = {0, 1}};
    const at::Tensor loss = image_loss(image, target.view(), whole, {0, rows}, l2);
    loss.backward();
    const Splats others = reference::leaves(splats);
    const at::Tensor fused = render_rows_loss(others, whole, {0, rows}, {}, target.view(), l2.pixel);
    fused.backward();
    EXPECT_NEAR(fused.item<float>(), loss.item<float>(), 1e-5 * loss.item<float>());
    EXPECT_LT(relative_error(splats.center.grad(), to_double(others.center.grad())), 1e-3);
    EXPECT_LT(relative_error(splats.feature.grad(), to_double(others.feature.grad())), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(, LargeOnGpu, testing::Values(3, 16),
                         [](const auto& test) { return std::to_string(test.param) + "_channels"; });

}  // namespace
}  // namespace gsfit

// Whole runs on the kernels for GPUs.

#include <gtest/gtest.h>

#include <cmath>

#include "gpu/device.h"
#include "gsfit/eval.h"
#include "gsfit/train.h"
#include "reference/compare.h"
#include "unit/recipes.h"

namespace gsfit {
namespace {

PackedImage picture(std::int64_t width, std::int64_t height) {
    std::vector<std::uint8_t> pixels;
    for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
            const bool inside = std::hypot(static_cast<double>(x) - 15, static_cast<double>(y) - 10) < 6;
            for (int c = 0; c < 3; ++c) pixels.push_back(static_cast<std::uint8_t>(inside ? 250 - 40 * c : 2 * x));
        }
    }
    return PackedImage::copy(pixels, width, height, 3);
}

TrainOptions short_run(const at::Device& device) {
    TrainOptions options;
    options.device = device;
    options.num_gaussians = 40;
    options.max_steps = 60;
    options.eval_steps = 0;
    options.memory.amp = false;
    return options;
}

void expect_same_field(const Field& a, const Field& b) {
    EXPECT_TRUE(reference::identical(a.position, b.position));
    EXPECT_TRUE(reference::identical(a.inv_scale, b.inv_scale));
    EXPECT_TRUE(reference::identical(a.rotation, b.rotation));
    EXPECT_TRUE(reference::identical(a.feature, b.feature));
}

using TrainOnGpu = OnGpu;

TEST_F(TrainOnGpu, LearnsAndGrows) {
    const PackedImage image = picture(72, 50);
    const TrainState state = train(image, short_run(device()), {});
    EXPECT_EQ(state.field.size(), 40);
    EXPECT_EQ(state.moments.age.size(0), 40);
    EXPECT_GT(evaluate_psnr(state.field, state.blending, image), 30);  // the CPU's own kernels: 33 dB
}

TEST_F(TrainOnGpu, IsTheSameBitsEveryTime) {
    TrainOptions options = short_run(device());
    options.max_steps = 12;
    expect_same_field(train(picture(72, 50), options, {}).field, train(picture(72, 50), options, {}).field);
}

TEST_F(TrainOnGpu, GoesOnBitForBit) {
    TrainOptions options = short_run(device());
    options.max_steps = 12;
    std::atomic<bool> stop = false;
    const TrainListener stop_at_5 = [&](const TrainEvent& event) { stop = event.state.step >= 5; };
    TrainState half = train(picture(72, 50), options, {stop_at_5}, std::nullopt, &stop);
    ASSERT_LT(half.step, 12);
    expect_same_field(train(picture(72, 50), options, {}, std::move(half)).field,
                      train(picture(72, 50), options, {}).field);
}

TEST_F(TrainOnGpu, LearnsInViewOfRounding) {
    const PackedImage image = picture(72, 50);
    TrainOptions options = short_run(device());
    options.initial_ratio = 1;  // so that steps alone make the difference
    const TrainState plain = train(image, options, {});
    options.quantisation = {.position = 8, .scale = 6, .rotation = 5, .feature = 6};
    const TrainState aware = train(image, options, {});
    EXPECT_FALSE(reference::identical(aware.field.position.cpu(), plain.field.position.cpu()));
    EXPECT_GT(evaluate_psnr(drawn_field(aware), aware.blending, image), 27);  // the CPU's own kernels: 30 dB
    expect_same_field(aware.field, train(image, options, {}).field);
}

TEST_F(TrainOnGpu, LearnsInMixedPrecisionWithSsim) {
    const PackedImage image = picture(72, 50);
    TrainOptions options = short_run(device());
    options.max_steps = 40;
    options.memory.amp = true;
    options.memory.checkpointing = true;
    options.memory.bands = 2;
    options.ssim_loss_ratio = 0.1F;
    options.ssim_windows = SsimWindows::image;
    options.ssim_from = 0.5F;
    const TrainState state = train(image, options, {});
    EXPECT_LT(state.skipped_steps, 20);
    EXPECT_GT(evaluate(state.field, state.blending, image).psnr, 26);
}

TEST_F(TrainOnGpu, TakesSsimWhenTheCpuDoes) {
    TrainOptions options = short_run(device());
    options.max_steps = 8;
    options.ssim_loss_ratio = 0.5F;
    options.ssim_from = 0.5F;
    const auto losses = [&] {
        std::vector<double> all;
        train(picture(72, 50), options, {[&](const TrainEvent& event) {
                  if (event.kind == TrainEvent::Kind::stepped) all.push_back(event.loss);
              }});
        return all;
    };
    const std::vector<double> there = losses();
    options.device = c10::kCPU;
    const std::vector<double> here = losses();
    ASSERT_EQ(there.size(), here.size());
    EXPECT_GT(here[4], here[3] + 0.05);
    for (std::size_t i = 0; i < here.size(); ++i) EXPECT_NEAR(there[i], here[i], 5e-3) << "step " << i + 1;
}

TEST_F(TrainOnGpu, FollowsRecipeImageGs) {
    const PackedImage image = picture(72, 50);
    TrainOptions options = short_run(device());
    options.max_steps = 24;
    options.eval_steps = 8;
    follow_image_gs(options, 4, 2);
    const TrainState state = train(image, options, {});
    TrainOptions on_cpu = options;
    on_cpu.device = c10::kCPU;
    const TrainState wanted = train(image, on_cpu, {});
    EXPECT_EQ(state.field.size(), 40);
    EXPECT_EQ(state.step, wanted.step);
    EXPECT_NEAR(evaluate_psnr(state.field, state.blending, image), evaluate_psnr(wanted.field, wanted.blending, image),
                0.3);
    EXPECT_NEAR(state.plateau.best_psnr, wanted.plateau.best_psnr, 0.3);
}

TEST_F(TrainOnGpu, IsRefined) {
    const PackedImage image = picture(72, 50);
    TrainOptions options = short_run(device());
    options.max_steps = 20;
    options.refinement.emplace();
    options.refinement->patch_size = 32;
    options.refinement->overlap = 4;
    options.refinement->threshold = 0.01F;
    options.refinement->increment = 10;
    options.refinement->rounds = 2;
    std::vector<std::int64_t> sizes;
    train(image, options, {[&](const TrainEvent& event) {
              if (event.kind == TrainEvent::Kind::refined) sizes.push_back(event.state.field.size());
          }});
    EXPECT_EQ(sizes, (std::vector<std::int64_t>{30, 40}));
}

}  // namespace
}  // namespace gsfit

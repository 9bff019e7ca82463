// What a run plans for its memory, and what it does when mixed precision fails or memory runs out.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <new>

#include "gsfit/core/error.h"
#include "gsfit/train.h"
#include "gsfit/train/plan.h"

namespace gsfit {
namespace {

using Kind = TrainEvent::Kind;

constexpr ImageInfo large{.width = 7680, .height = 4320, .channels = 3, .bits = 8};

TrainOptions with_ssim() {
    TrainOptions options;
    options.num_gaussians = 30000;
    options.ssim_loss_ratio = 0.01F;
    options.ssim_windows = SsimWindows::image;
    options.sublattice = false;
    options.memory.folder = "/tmp";
    return options;
}

std::int64_t peak(const TrainOptions& options, const MemorySettings& settings, const ImageInfo& image = large) {
    return memory_bill(image, options, settings).peak();
}

TEST(MemoryBill, EverySwitchSaves) {
    const TrainOptions options = with_ssim();
    const MemorySettings off{.amp = false};
    MemorySettings settings = off;
    std::int64_t last = peak(options, settings);
    const auto expect_less = [&](const char* what) {
        const std::int64_t now = peak(options, settings);
        EXPECT_LT(now, last) << what;
        last = now;
    };
    settings.amp = true;
    expect_less("half precision");
    settings.bands = 4;
    expect_less("bands");
    settings.target_in_file = true;
    expect_less("target in a file");
}

TEST(MemoryPlan, AsManyGaussiansAsFit) {
    TrainOptions options = with_ssim();
    options.num_gaussians = 8'000'000;
    constexpr std::int64_t program = 50'000'000;
    options.memory.budget_bytes = 1'000'000'000;
    const TrainOptions fewer = within_memory(options, large, program);
    EXPECT_LT(fewer.num_gaussians, 8'000'000);
    EXPECT_GE(fewer.num_gaussians, 500'000);
    EXPECT_NO_THROW((void)plan_memory(large, fewer, program).choice());
    options.num_gaussians = 30000;
    EXPECT_EQ(within_memory(options, large, program).num_gaussians, 30000);
}

TEST(MemoryBill, WithSsimOfBlocksOrWithoutThereIsNoImage) {
    TrainOptions options = with_ssim();
    options.ssim_windows = SsimWindows::block;
    const std::int64_t of_blocks = peak(options, {});
    EXPECT_EQ(of_blocks, peak(options, {.amp = false}));
    options.ssim_loss_ratio = 0;
    EXPECT_EQ(of_blocks, peak(options, {}));
    EXPECT_EQ(peak(options, {.amp = false}), peak(options, {.amp = true, .checkpointing = true}));
    EXPECT_LT(peak(options, {}), 5 * large.width * large.height);
}

TEST(MemoryBill, BandsMakeItIndependentOfTheHeight) {
    const TrainOptions options = with_ssim();
    const ImageInfo tall{.width = large.width, .height = 16 * large.height, .channels = 3, .bits = 8};
    const std::int64_t one = peak(options, {.bands = 8, .target_in_file = true});
    const std::int64_t sixteen = peak(options, {.bands = 128, .target_in_file = true}, tall);
    EXPECT_NEAR(static_cast<double>(sixteen), static_cast<double>(one), 0.1 * static_cast<double>(one));
}

TEST(MemoryPlan, TakesTheFirstRowThatFitsAndNoMoreBandsThanNeeded) {
    TrainOptions options = with_ssim();
    constexpr std::int64_t program = 100'000'000;
    options.memory.budget_bytes = 100'000'000'000;
    const MemoryPlan rich = plan_memory(large, options, program);
    EXPECT_EQ(rich.chosen, 0U);
    EXPECT_EQ(rich.choice().settings, MemorySettings());
    options.memory.budget_bytes = 500'000'000;
    const MemoryPlan poor = plan_memory(large, options, program);
    ASSERT_LT(poor.chosen, poor.rows.size());
    const MemorySettings chosen = poor.choice().settings;
    EXPECT_LE(poor.peak(poor.choice()), poor.host.usable_bytes());
    EXPECT_GT(chosen.bands, 1);
    MemorySettings fewer = chosen;
    --fewer.bands;
    EXPECT_GT(program + peak(options, fewer), poor.host.usable_bytes());
}

TEST(MemoryPlan, NamesTheSmallestBudgetAndThatOneDoes) {
    TrainOptions options = with_ssim();
    constexpr std::int64_t program = 100'000'000;
    options.memory.budget_bytes = 110'000'000;
    const MemoryPlan plan = plan_memory(large, options, program);
    EXPECT_EQ(plan.chosen, plan.rows.size());
    EXPECT_THROW(static_cast<void>(plan.choice()), MemoryError);
    const std::string sentence = plan.shortage().what();
    const std::size_t about = sentence.find("about ");
    ASSERT_NE(about, std::string::npos) << sentence;
    const double gigabytes = std::stod(sentence.substr(about + 6));
    options.memory.budget_bytes = static_cast<std::int64_t>(gigabytes * 1e9);
    EXPECT_NO_THROW(static_cast<void>(plan_memory(large, options, program).choice())) << sentence;
}

TEST(StepDown, EndsAndNeverCostsMore) {
    const TrainOptions options = with_ssim();
    MemorySettings settings{.amp = false};
    int steps = 0;
    while (const auto cheaper = step_down(large, options, settings)) {
        EXPECT_LT(peak(options, *cheaper), peak(options, settings));
        settings = *cheaper;
        ASSERT_LT(++steps, 40);
    }
    EXPECT_TRUE(settings.amp);
    EXPECT_TRUE(settings.target_in_file);
    EXPECT_GT(settings.bands, 16);
    EXPECT_FALSE(step_down(large, options, {.amp = false}, Memory::host, false)->amp)
        << "half precision is out of the question";
}

/// A chequered board.
PackedImage picture(int width = 120, int height = 90) {
    std::vector<std::uint8_t> pixels;
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width * 3; ++x) {
            pixels.push_back(static_cast<std::uint8_t>((6 * (x / 3) / width + 5 * y / height) % 2 * 200));
        }
    }
    return PackedImage::copy(pixels, width, height, 3);
}

TrainOptions short_run() {
    TrainOptions options;
    options.num_gaussians = 80;
    options.max_steps = 30;
    options.eval_steps = 0;
    options.ssim_loss_ratio = 0.05F;
    options.ssim_windows = SsimWindows::image;
    options.ssim_from = 0;
    return options;
}

struct Told {
    double psnr = 0;
    std::int64_t skipped = 0;
    double scale = 0;
    bool amp = false;
    std::int64_t bands = 0;
    std::vector<std::string> notes;
};

Told run(const TrainOptions& options, std::optional<TrainState> state = std::nullopt) {
    Told told;
    train(picture(), options, {[&](const TrainEvent& event) {
              if (event.kind == Kind::noted) told.notes.push_back(event.message);
              told.psnr = event.psnr.value_or(0);
              told.skipped = event.state.skipped_steps;
              told.scale = event.state.loss_scale.scale;
              told.amp = event.memory.amp;
              told.bands = event.memory.bands;
          }},
          std::move(state));
    return told;
}

/// A run that has done some steps of `options`.
TrainState begun(const TrainOptions& options) {
    std::atomic<bool> stop = false;
    return train(picture(), options, {[&](const TrainEvent& event) { stop = event.state.step == 5; }}, std::nullopt,
                 &stop);
}

TEST(MixedPrecision, IsAsGoodAsFullPrecision) {
    TrainOptions options = short_run();
    const Told half = run(options);
    options.memory.amp = false;
    const Told full = run(options);
    EXPECT_NEAR(half.psnr, full.psnr, 0.5);  // so few steps part quickly
    EXPECT_EQ(half.skipped, 0);
}

/// Long enough to get over the steps that are skipped.
TrainOptions longer_run() {
    TrainOptions options = short_run();
    options.max_steps = 100;
    return options;
}

TEST(MixedPrecision, SkipsStepsUntilTheScaleFits) {
    TrainState state = begun(longer_run());
    state.loss_scale.scale = std::exp2(40.0F);
    const Told told = run(longer_run(), std::move(state));
    EXPECT_GT(told.skipped, 0);
    EXPECT_LT(told.skipped, 20);
    EXPECT_EQ(told.scale, std::exp2(40 - static_cast<double>(told.skipped)));
    EXPECT_TRUE(told.amp);
    EXPECT_GT(told.psnr, 15);
}

TEST(MixedPrecision, GivesWayWhenStepAfterStepOverflows) {
    TrainState state = begun(longer_run());
    state.loss_scale.scale = std::exp2(100.0F);
    const Told told = run(longer_run(), std::move(state));
    EXPECT_FALSE(told.amp);
    ASSERT_EQ(told.notes.size(), 1U);
    EXPECT_NE(told.notes[0].find("mixed precision is off"), std::string::npos) << told.notes[0];
    EXPECT_GT(told.psnr, 15);
}

TEST(MixedPrecision, GivesWayWhenTheLossIsNotFinite) {
    TrainState state = begun(short_run());
    state.field.feature.mul_(1e6F);
    const Told told = run(short_run(), std::move(state));
    EXPECT_FALSE(told.amp);
    EXPECT_EQ(told.skipped, 1);
    ASSERT_EQ(told.notes.size(), 1U);
    EXPECT_TRUE(std::isfinite(told.psnr));
}

TEST(MemoryBudget, IsKeptByMoreBands) {
    TrainOptions options = short_run();
    const Told plenty = run(options);
    EXPECT_EQ(plenty.bands, 1);
    options.memory.bands = 3;
    const Told banded = run(options);
    EXPECT_EQ(banded.bands, 3);
    EXPECT_NEAR(banded.psnr, plenty.psnr, 0.2);
}

TEST(MemoryBudget, IsRefusedWhenNothingFits) {
    TrainOptions options = short_run();
    options.memory.budget_bytes = 1'000'000;
    EXPECT_THROW(run(options), MemoryError);
}

/// A listener stands for any part of a run: what it throws when memory fails is met by trying again.
TEST(OutOfMemory, IsTriedAgainWithoutCachesAndThenInBands) {
    TrainOptions options = short_run();
    options.max_steps = 10;
    int failures = 0;
    Told told;
    const TrainState state = train(picture(960, 720), options, {[&](const TrainEvent& event) {
                                       if (event.kind == Kind::noted) told.notes.push_back(event.message);
                                       told.bands = event.memory.bands;
                                       if (event.state.step == 7 && failures++ < 3) throw std::bad_alloc();
                                   }});
    EXPECT_EQ(state.step, 10);
    EXPECT_EQ(told.bands, 4);
    ASSERT_EQ(told.notes.size(), 3U);
    EXPECT_NE(told.notes[0].find("caches are dropped"), std::string::npos) << told.notes[0];
    EXPECT_NE(told.notes[2].find("4 bands"), std::string::npos) << told.notes[2];
}

TEST(OutOfMemory, EndsTheRunWithItsStateSavedWhenNothingIsLeft) {
    std::int64_t saved = -1;
    const TrainListener listener = [&](const TrainEvent& event) {
        if (event.kind == Kind::finished && event.stopped) {
            saved = event.state.step;
        } else if (event.state.step == 7) {
            throw std::bad_alloc();
        }
    };
    EXPECT_THROW(train(picture(), short_run(), {listener}), MemoryError);
    EXPECT_EQ(saved, 7);
}

}  // namespace
}  // namespace gsfit

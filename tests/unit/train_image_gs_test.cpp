// Recipe image_gs: when Gaussians come, when learning rates fall, when it ends.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "gsfit/core/error.h"
#include "gsfit/train.h"
#include "train/plateau.h"
#include "train/schedule.h"
#include "unit/cloned_state.h"
#include "unit/recipes.h"

namespace gsfit {
namespace {

using Kind = TrainEvent::Kind;

PackedImage rings() {
    std::vector<std::uint8_t> pixels;
    for (int y = 0; y < 48; ++y) {
        for (int x = 0; x < 64; ++x) {
            const double radius = std::hypot(x - 30.0, y - 20.0);
            for (int c = 0; c < 3; ++c)
                pixels.push_back(static_cast<std::uint8_t>(128 + 100 * std::sin(radius / 3 + c)));
        }
    }
    return PackedImage::copy(pixels, 64, 48, 3);
}

TrainOptions image_gs(std::int64_t steps = 60) {
    TrainOptions options;
    options.num_gaussians = 103;
    options.max_steps = steps;
    options.eval_steps = 10;
    options.initial_ratio = 0.5F;
    follow_image_gs(options, 10, 4);
    return options;
}

TEST(TrainImageGs, AddsGaussiansEverySoManySteps) {
    std::vector<std::pair<std::int64_t, std::int64_t>> grown;  // step, Gaussians
    const TrainState state = train(rings(), image_gs(), {[&](const TrainEvent& event) {
                                       if (event.kind == Kind::grown)
                                           grown.emplace_back(event.state.step, event.state.field.size());
                                   }});
    const std::vector<std::pair<std::int64_t, std::int64_t>> wanted{{10, 65}, {20, 78}, {30, 91}, {40, 103}};
    EXPECT_EQ(grown, wanted) << "from ceil(103 / 2), by ceil(51 / 4)";
    EXPECT_EQ(state.step, 60);
}

TEST(TrainImageGs, GetsBetter) {
    std::vector<double> psnr, ssim;
    train(rings(), image_gs(200), {[&](const TrainEvent& event) {
              if (event.kind != Kind::evaluated) return;
              psnr.push_back(*event.psnr);
              ssim.push_back(*event.ssim);
          }});
    EXPECT_EQ(psnr.size(), 20U);
    EXPECT_GT(psnr.back(), psnr.front() + 5);
    EXPECT_GT(ssim.back(), 0.8);
}

TEST(TrainImageGs, StartsWithAllWhenItIsToAddNone) {
    TrainOptions options = image_gs(3);
    options.image_gs->adds = false;
    std::int64_t first = 0;
    train(rings(), options, {[&](const TrainEvent& event) {
              if (event.kind == Kind::started) first = event.state.field.size();
          }});
    EXPECT_EQ(first, 103);
}

TEST(TrainImageGs, EndsWhenItDoesNotGetOn) {
    TrainOptions options = image_gs(1000);
    options.image_gs->rates = {.position = 0, .scale = 0, .rotation = 0, .feature = 0};
    options.image_gs->patience = 20;
    std::vector<double> scales;
    const TrainState state = train(rings(), options, {[&](const TrainEvent& event) {
                                       if (event.kind == Kind::stepped) scales.push_back(event.step_scale);
                                   }});
    // All are there after step 40, whose evaluation says nothing; that after step 50 sets the mark; then the rates fall
    // after 70, and 90 is the end.
    EXPECT_EQ(state.step, 90);
    EXPECT_EQ(state.progress, 1);
    EXPECT_FLOAT_EQ(scales[69 - 1], 1);
    EXPECT_FLOAT_EQ(scales[71 - 1], 0.1F);
    options.image_gs->lower_rates = false;
    options.max_steps = 120;
    EXPECT_EQ(train(rings(), options, {}).step, 120);
}

TEST(TrainImageGs, ResumesBitForBit) {
    TrainOptions options = image_gs(120);
    options.image_gs->patience = 20;
    options.image_gs->decay_threshold = 0.05F;
    options.image_gs->max_decays = 9;
    const TrainState straight = train(rings(), options, {});
    EXPECT_GT(straight.plateau.decays, 0);
    for (const std::int64_t at : {7, 25, 40, 95}) {
        std::optional<TrainState> saved;
        train(rings(), options, {[&](const TrainEvent& event) {
                  if (event.kind != Kind::stepped || event.state.step != at) return;
                  saved = clone(event.state);
              }});
        const TrainState resumed = train(rings(), options, {}, saved);
        EXPECT_TRUE(resumed.field.position.equal(straight.field.position)) << at;
        EXPECT_TRUE(resumed.field.feature.equal(straight.field.feature)) << at;
        EXPECT_EQ(resumed.plateau.best_psnr, straight.plateau.best_psnr) << at;
        EXPECT_EQ(resumed.plateau.decays, straight.plateau.decays) << at;
    }
}

TEST(TrainImageGs, IsCutOffByTheClock) {
    TrainOptions options = image_gs(1000000);
    options.max_seconds = 0.3;
    const TrainState state = train(rings(), options, {});
    EXPECT_LT(state.step, 1000000);
    EXPECT_EQ(state.progress, 1);
}

TEST(TrainImageGs, NeedsEvaluationsToFollow) {
    TrainOptions options = image_gs();
    options.eval_steps = 0;
    EXPECT_THROW(options.check(), UsageError);
    options.image_gs->lower_rates = false;
    EXPECT_NO_THROW(options.check());
    options.image_gs->init_scale = 0;
    EXPECT_THROW(options.check(), UsageError);
}

TEST(ScheduleImageGs, DividesTheRatesForEachDecay) {
    const Schedule schedule(image_gs(), 64, 48);
    TrainState state;
    EXPECT_FLOAT_EQ(std::get<LearningRates>(schedule.adam_step(state, 60)).position, 5e-4F);
    state.plateau.decays = 2;
    const auto rates = std::get<LearningRates>(schedule.adam_step(state, 60));
    EXPECT_FLOAT_EQ(rates.position, 5e-6F);
    EXPECT_FLOAT_EQ(rates.scale, 2e-5F);
    EXPECT_FLOAT_EQ(rates.rotation, 2e-5F);
    EXPECT_FLOAT_EQ(rates.feature, 5e-5F);
    EXPECT_EQ(schedule.stride(0, 100), 1) << "each step sees every pixel";
}

TEST(Plateau, HoldsNumbersThatAFileCan) {
    Plateau plateau;
    EXPECT_TRUE(goes_on(plateau, ImageGsOptions(), std::numeric_limits<double>::infinity(), 1, 10));
    EXPECT_TRUE(std::isfinite(plateau.best_psnr));
}

TEST(Plateau, IsLeftByARiseOfBothPsnrAndSsim) {
    ImageGsOptions options;
    options.patience = 30;
    options.decay_threshold = 0.01F;
    Plateau plateau;
    EXPECT_TRUE(goes_on(plateau, options, 20, 0.5, 10));
    EXPECT_EQ(plateau.best_psnr, 20);
    EXPECT_TRUE(goes_on(plateau, options, 25, 0.505, 10)) << "SSIM did not rise enough";
    EXPECT_TRUE(goes_on(plateau, options, 20.9, 0.6, 10)) << "PSNR did not";
    EXPECT_EQ(plateau.best_psnr, 20);
    EXPECT_EQ(plateau.idle_steps, 20);
    EXPECT_TRUE(goes_on(plateau, options, 21.1, 0.52, 10));
    EXPECT_EQ(plateau.idle_steps, 0);
    EXPECT_EQ(plateau.best_ssim, 0.52);
    EXPECT_EQ(plateau.decays, 0);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(goes_on(plateau, options, 21, 0.5, 10));
    EXPECT_EQ(plateau.decays, 1);
    EXPECT_TRUE(goes_on(plateau, options, 21, 0.5, 10));
    EXPECT_TRUE(goes_on(plateau, options, 21, 0.5, 10));
    EXPECT_FALSE(goes_on(plateau, options, 21, 0.5, 10)) << "one decay is all";
}

}  // namespace
}  // namespace gsfit

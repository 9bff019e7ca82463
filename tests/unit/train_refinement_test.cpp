// Adaptive refinement: patches, their scores, what they are given, and the rounds of a run.

#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "gsfit/core/error.h"
#include "gsfit/train.h"
#include "train/patches.h"
#include "train/schedule.h"
#include "unit/cloned_state.h"

namespace gsfit {
namespace {

using Kind = TrainEvent::Kind;

/// Grey, with stripes where x >= 64.
PackedImage half_striped() {
    std::vector<std::uint8_t> pixels;
    for (int y = 0; y < 64; ++y) {
        for (int x = 0; x < 128; ++x) pixels.push_back(x < 64 ? 100 : (x + y) / 3 % 2 == 0 ? 30 : 220);
    }
    return PackedImage::copy(pixels, 128, 64, 1);
}

TrainOptions refined_run() {
    TrainOptions options;
    options.num_gaussians = 160;
    options.max_steps = 100;
    options.refinement.emplace();
    options.refinement->patch_size = 32;
    options.refinement->overlap = 0;
    options.refinement->increment = 40;
    options.refinement->rounds = 2;
    options.refinement->threshold = 0.1F;
    return options;
}

TEST(Patches, CoverTheRasterAndOverlap) {
    Refinement refinement;
    refinement.patch_size = 50;
    refinement.overlap = 10;
    for (const std::int64_t width : {1, 49, 50, 51, 90, 91, 333}) {
        const auto patches = patches_of(width, 70, refinement);
        std::vector<int> covered(static_cast<std::size_t>(width));
        std::int64_t end = 0;
        for (const PatchScore& patch : patches) {
            EXPECT_EQ(patch.width, std::min<std::int64_t>(width, 50));
            EXPECT_LE(patch.x + patch.width, width);
            EXPECT_LE(patch.y + patch.height, 70);
            if (patch.y > 0) continue;
            EXPECT_LE(patch.x, patch.x > 0 ? end - 10 : 0) << "neighbours overlap";
            end = patch.x + patch.width;
            for (std::int64_t x = patch.x; x < end; ++x) ++covered[static_cast<std::size_t>(x)];
        }
        EXPECT_EQ(std::count(covered.begin(), covered.end(), 0), 0) << width;
    }
    EXPECT_EQ(patches_of(90, 90, refinement).size(), 4U);
    EXPECT_EQ(patches_of(91, 90, refinement).size(), 6U);
}

TEST(Patches, AreScoredByPsnrAndSsim) {
    const PackedImage image = half_striped();
    Refinement refinement = *refined_run().refinement;
    // One huge Gaussian: the image is grey all over.
    const Field field{.position = at::full({1, 2}, 0.5),
                      .inv_scale = at::full({1, 2}, 1e-4),
                      .rotation = at::full({1, 1}, 0.0),
                      .feature = at::full({1, 1}, 100.0 / 255 * (1 + 3e-3)),
                      .raster_width = 128,
                      .raster_height = 64};
    auto patches = patches_of(128, 64, refinement);
    ASSERT_EQ(patches.size(), 8U);
    score(patches, field, Blending(), image, refinement);
    for (const PatchScore& patch : patches) {
        if (patch.x < 64) {
            EXPECT_LT(patch.score, 0.01);
        } else {
            EXPECT_GT(patch.score, 0.7 * (1 - 10.0 / 40) + 0.2);
            EXPECT_LT(patch.score, 1);
        }
    }
    refinement.ssim_weight = 0;
    score(patches, field, Blending(), image, refinement);
    double squared = 0;
    for (int y = 0; y < 32; ++y) {
        for (int x = 96; x < 128; ++x) {
            const double error = ((x + y) / 3 % 2 == 0 ? 30 - 100 : 220 - 100) / 255.0;
            squared += error * error;
        }
    }
    EXPECT_NEAR(patches[3].score, 0.7 * (1 + 10 * std::log10(squared / 1024) / 40), 1e-3);
}

TEST(Patches, SharesFollowScoresUpToTheLimit) {
    Refinement refinement;
    refinement.threshold = 0.3F;
    std::vector<PatchScore> patches(4, {.width = 256, .height = 256});
    patches[0].score = 0.2;
    patches[1].score = 0.4;
    patches[2].score = 0.6;
    patches[3].score = 1;
    EXPECT_EQ(share_out(patches, 100, refinement), 100);
    EXPECT_EQ(patches[0].added, 0);
    EXPECT_EQ(patches[1].added, 20);
    EXPECT_EQ(patches[2].added, 30);
    EXPECT_EQ(patches[3].added, 50);
    refinement.most_per_patch = 25;
    EXPECT_EQ(share_out(patches, 100, refinement), 70);
    EXPECT_EQ(patches[3].added, 25);
    refinement.threshold = 1;
    std::vector<PatchScore> good(3, {.width = 256, .height = 256});
    EXPECT_EQ(share_out(good, 100, refinement), 0);
    std::vector<PatchScore> many(1000, {.width = 256, .height = 256});
    for (PatchScore& patch : many) patch.score = 2;
    EXPECT_EQ(share_out(many, 100, refinement), 100) << "each is due less than one";
    std::vector<PatchScore> small{{.width = 4, .height = 3, .score = 2}};
    EXPECT_EQ(share_out(small, 100, refinement), 6) << "one on every second pixel";
}

TEST(TrainRefinement, AddsWhereItIsBadInRounds) {
    std::vector<std::pair<std::int64_t, std::int64_t>> refined;  // step, Gaussians
    const TrainState state = train(half_striped(), refined_run(), {[&](const TrainEvent& event) {
                                       if (event.kind != Kind::refined) return;
                                       refined.emplace_back(event.state.step, event.state.field.size());
                                       for (const PatchScore& patch : event.patches) {
                                           EXPECT_TRUE(patch.x > 0 || patch.added == 0) << "far from the stripes";
                                       }
                                   }});
    const std::vector<std::pair<std::int64_t, std::int64_t>> wanted{{60, 120}, {80, 160}};
    EXPECT_EQ(refined, wanted);
    EXPECT_EQ(state.step, 100);
    EXPECT_EQ(state.moments.age.size(0), 160);
}

TEST(TrainRefinement, IsOverWhenNoPatchIsBad) {
    TrainOptions options = refined_run();
    options.refinement->threshold = 10;
    const TrainState state = train(half_striped(), options, {});
    EXPECT_EQ(state.step, 60);
    EXPECT_EQ(state.progress, 1);
    EXPECT_EQ(state.field.size(), 80);
}

TEST(TrainRefinement, ResumesBitForBit) {
    const TrainState straight = train(half_striped(), refined_run(), {});
    for (const std::int64_t at : {59, 60, 71}) {
        std::optional<TrainState> saved;
        train(half_striped(), refined_run(), {[&](const TrainEvent& event) {
                  if (event.kind != Kind::stepped || event.state.step != at) return;
                  saved = clone(event.state);
              }});
        const TrainState resumed = train(half_striped(), refined_run(), {}, saved);
        EXPECT_TRUE(resumed.field.position.equal(straight.field.position)) << at;
        EXPECT_TRUE(resumed.field.feature.equal(straight.field.feature)) << at;
    }
}

TEST(ScheduleRefinement, StepsShrinkBeforeAndInEachRound) {
    const Schedule schedule(refined_run(), 128, 64);
    EXPECT_EQ(schedule.base_count(), 80);
    const auto scale = [&](double progress) {
        TrainState state;
        state.progress = progress;
        return schedule.step_scale(state);
    };
    EXPECT_FLOAT_EQ(scale(0.36), 1);
    EXPECT_NEAR(scale(0.599999), 0.05, 1e-4);
    EXPECT_FLOAT_EQ(scale(0.6), 0.5F);
    EXPECT_NEAR(scale(0.799999), 0.05, 1e-4);
    EXPECT_FLOAT_EQ(scale(0.8), 0.5F);
    EXPECT_FLOAT_EQ(scale(1), 0.05F);
    EXPECT_EQ(schedule.rounds_due(0.59), 0);
    EXPECT_EQ(schedule.rounds_due(0.6), 1);
    EXPECT_EQ(schedule.rounds_due(0.8), 2);
    EXPECT_EQ(schedule.rounds_due(1), 2);
    EXPECT_NEAR(schedule.samples_left(0, 100), 128 * 64, 1e-6);
}

TEST(RefinementOptions, AreChecked) {
    TrainOptions options = refined_run();
    EXPECT_NO_THROW(options.check());
    options.num_gaussians = 80;
    EXPECT_THROW(options.check(), UsageError) << "all of them would come by refinement";
    options = refined_run();
    options.refinement->overlap = 16;
    EXPECT_THROW(options.check(), UsageError);
    options = refined_run();
    options.refinement->psnr_weight = options.refinement->ssim_weight = 0;
    EXPECT_THROW(options.check(), UsageError);
}

}  // namespace
}  // namespace gsfit

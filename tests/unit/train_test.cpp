#include "gsfit/train.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "gsfit/core/error.h"
#include "train/schedule.h"

namespace gsfit {
namespace {

using Kind = TrainEvent::Kind;

/// A slope and a disc.
PackedImage picture(std::int64_t width, std::int64_t height, int channels) {
    std::vector<std::uint8_t> pixels;
    for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
            const bool inside = std::hypot(static_cast<double>(x) - 15, static_cast<double>(y) - 10) < 6;
            for (int c = 0; c < channels; ++c)
                pixels.push_back(static_cast<std::uint8_t>(inside ? 250 - 40 * c : 2 * x));
        }
    }
    return PackedImage::copy(pixels, width, height, channels);
}

TrainOptions short_run(std::int64_t num_gaussians = 30) {
    TrainOptions options;
    options.num_gaussians = num_gaussians;
    options.max_steps = 12;
    options.eval_steps = 5;
    return options;
}

/// Every event's kind and step.
std::vector<std::pair<Kind, std::int64_t>> events_of(const TrainOptions& options) {
    std::vector<std::pair<Kind, std::int64_t>> events;
    const TrainListener listener = [&](const TrainEvent& event) {
        if (event.kind != Kind::grown) events.emplace_back(event.kind, event.state.step);
    };
    train(picture(40, 30, 3), options, {listener});
    return events;
}

/// Rings that grow finer outwards: with few Gaussians there is always more to draw.
PackedImage rings() {
    std::vector<std::uint8_t> pixels;
    for (int y = 0; y < 64; ++y) {
        for (int x = 0; x < 96; ++x) {
            pixels.push_back(static_cast<std::uint8_t>(128 + std::lround(100 * std::sin(0.01 * (x * x + y * y)))));
        }
    }
    return PackedImage::copy(pixels, 96, 64, 1);
}

TEST(Train, MovesGaussiansToWhereTheyAreWorthMore) {
    TrainOptions options = short_run(100);
    options.max_steps = 100;
    const auto psnr_with = [&](float ratio) {
        options.relocate_ratio = ratio;
        const TrainState state = train(rings(), options, {});
        EXPECT_EQ(state.field.size(), options.num_gaussians);
        return evaluate_psnr(state.field, state.blending, rings());
    };
    double gained = 0;
    for (options.seed = 1; options.seed <= 4; ++options.seed) gained += psnr_with(0.05F) - psnr_with(0);
    EXPECT_GT(gained / 4, 0.5) << "dB";
}

TEST(Train, RelocatesWhenItIsTime) {
    TrainOptions options = short_run(1000);
    options.max_steps = 300;
    const auto count_at = [&](std::int64_t step) {
        const Schedule schedule(options, 400, 300);
        TrainState state;
        state.field.position = at::zeros({1000, 2});
        state.step = step;
        state.progress = static_cast<double>(step) / 300;
        return schedule.relocated_count(state);
    };
    EXPECT_EQ(count_at(30), 0) << "before 15% of the run";
    EXPECT_EQ(count_at(60), 50);
    EXPECT_EQ(count_at(90), 50);
    EXPECT_EQ(count_at(91), 0) << "every 15 steps";
    EXPECT_GT(count_at(240), 0);
    EXPECT_LT(count_at(240), 40) << "with smaller steps fewer are moved";
    EXPECT_EQ(count_at(255), 0) << "from 85% on";
    options.relocate_ratio = 0;
    EXPECT_EQ(count_at(90), 0);
    options.relocate_ratio = 0.05F;
    options.blending.blend = Blend::topk_norm;
    EXPECT_EQ(count_at(90), 0) << "nobody knows what a Gaussian is worth then";
}

TEST(Train, TakesSsimWhenItIsTime) {
    TrainOptions options = short_run();
    options.loss = {.l1 = 0.5F, .l2 = 2};
    options.ssim_loss_ratio = 0.01F;
    options.ssim_from = 0.75F;
    const auto loss_at = [&](double progress) { return Schedule(options, 40, 30).loss(progress); };
    EXPECT_EQ(loss_at(0.74).ssim, 0);
    EXPECT_EQ(loss_at(0.75).windows, SsimWindows::block);
    EXPECT_EQ(loss_at(0.75).ssim, 0.01F);
    for (const double progress : {0.1, 0.9}) {
        EXPECT_EQ(loss_at(progress).pixel.l1, 0.5F);
        EXPECT_EQ(loss_at(progress).pixel.l2, 2);
    }
    options.loss = {.l1 = 0, .l2 = 0};
    EXPECT_EQ(loss_at(0).ssim, 0.01F) << "there is nothing else to train for";
    options.loss = {.l1 = 1, .l2 = 0};
    options.image_gs.emplace();
    EXPECT_EQ(loss_at(0).ssim, 0.01F) << "as Image-GS does";
}

TEST(Train, LearnsFromSsimOnceItIsTime) {
    TrainOptions options = short_run();
    const auto losses = [&](float ratio) {
        options.ssim_loss_ratio = ratio;
        std::vector<double> all;
        const TrainListener listener = [&](const TrainEvent& event) {
            if (event.kind == Kind::stepped) all.push_back(event.loss);
        };
        train(picture(40, 30, 3), options, {listener});
        return all;
    };
    options.ssim_from = 0.5F;
    const std::vector<double> without = losses(0);
    const std::vector<double> with = losses(0.01F);
    ASSERT_GE(with.size(), 7U);
    EXPECT_TRUE(std::equal(with.begin(), with.begin() + 6, without.begin()));
    EXPECT_GT(with[6], without[6]);
    EXPECT_LT(with[6], without[6] + 0.01) << "the field is the same, and 1 - SSIM below 1";
    options.loss.l2 = 0;
    options.loss.l1 = 0;
    EXPECT_GT(losses(1).front(), losses(1).back());
}

TEST(Train, TellsWhatHappens) {
    const auto events = events_of(short_run());
    EXPECT_EQ(events.front(), std::pair(Kind::started, std::int64_t{0}));
    EXPECT_EQ(events.back(), std::pair(Kind::finished, std::int64_t{12}));
    const auto count = [&](Kind kind) {
        return std::count_if(events.begin(), events.end(), [&](const auto& event) { return event.first == kind; });
    };
    EXPECT_EQ(count(Kind::evaluated), 3) << "after steps 5 and 10, and at the end";
    EXPECT_EQ(count(Kind::finished), 1);
    EXPECT_TRUE(std::is_sorted(events.begin(), events.end(), [](auto& a, auto& b) { return a.second < b.second; }));
}

TEST(Train, EvaluatesAtTheEndEvenWhenNotAskedTo) {
    TrainOptions options = short_run();
    options.eval_steps = 0;
    const auto events = events_of(options);
    const auto evaluated =
        std::find_if(events.begin(), events.end(), [](const auto& event) { return event.first == Kind::evaluated; });
    ASSERT_NE(evaluated, events.end());
    EXPECT_EQ(evaluated->second, 12);
}

TEST(Train, MeasuresAtTheEndWhatIsAskedFor) {
    for (const Measured measured : {Measured::nothing, Measured::psnr, Measured::psnr_and_ssim}) {
        TrainOptions options = short_run();
        options.eval_steps = 0;
        options.at_end = measured;
        bool psnr = false;
        bool ssim = false;
        const auto watch = [&](const TrainEvent& event) {
            psnr = event.psnr.has_value();
            ssim = event.ssim.has_value();
        };
        train(picture(40, 30, 3), options, {watch});
        EXPECT_EQ(psnr, measured != Measured::nothing);
        EXPECT_EQ(ssim, measured == Measured::psnr_and_ssim);
    }
}

TEST(Train, GrowsToTheNumberAskedFor) {
    for (const std::int64_t count : {1, 2, 7, 100, 599}) {
        SCOPED_TRACE(count);
        const TrainState state = train(picture(40, 30, 3), short_run(count), {});
        EXPECT_EQ(state.field.size(), count);
        EXPECT_EQ(state.moments.first.size(0), count);
    }
}

TEST(Train, LearnsEveryKindOfPicture) {
    for (const auto& [width, height, channels] :
         {std::tuple{40, 30, 1}, {40, 30, 3}, {1, 1, 1}, {1, 1, 3}, {64, 1, 3}, {1, 64, 1}, {2, 2, 3}}) {
        SCOPED_TRACE(testing::Message() << width << " x " << height << " x " << channels);
        double psnr = 0;
        const TrainListener listener = [&](const TrainEvent& event) { psnr = event.psnr.value_or(0); };
        const std::int64_t count = std::min(width * height, 30);
        const TrainState state = train(picture(width, height, channels), short_run(count), {listener});
        EXPECT_TRUE(state.field.inv_scale.isfinite().all().item<bool>());
        EXPECT_GT(psnr, 15);
    }
}

TEST(Train, LearnsBlackAndFlatPictures) {
    for (const int value : {0, 128, 255}) {
        SCOPED_TRACE(value);
        const std::vector<std::uint8_t> pixels(40 * 30 * 3, static_cast<std::uint8_t>(value));
        double psnr = 0;
        const TrainListener listener = [&](const TrainEvent& event) { psnr = event.psnr.value_or(0); };
        train(PackedImage::copy(pixels, 40, 30, 3), short_run(), {listener});
        EXPECT_GT(psnr, 20);
    }
}

TEST(Train, TrainsWithSsim) {
    TrainOptions options = short_run();
    options.ssim_loss_ratio = 0.1F;
    options.ssim_from = 0;
    double first = 0;
    double last = 0;
    const TrainListener listener = [&](const TrainEvent& event) {
        if (event.state.step == 1) first = event.loss;
        last = event.loss;
    };
    for (const SsimWindows windows : {SsimWindows::block, SsimWindows::image}) {
        options.ssim_windows = windows;
        train(picture(40, 30, 3), options, {listener});
        EXPECT_GT(first, 0);
        EXPECT_LT(last, 0.7 * first);
    }
}

TEST(Train, StopsAfterTheStepWhenAsked) {
    std::atomic<bool> stop = true;
    bool stopped = false;
    const TrainListener listener = [&](const TrainEvent& event) {
        if (event.kind == Kind::finished) stopped = event.stopped;
    };
    const TrainState state = train(picture(40, 30, 3), short_run(), {listener}, std::nullopt, &stop);
    EXPECT_EQ(state.step, 1);
    EXPECT_TRUE(stopped);
}

TEST(Train, EndsWithAListenersException) {
    const TrainListener listener = [](const TrainEvent& event) {
        if (event.state.step == 3) throw std::runtime_error("disk full");
    };
    EXPECT_THROW(train(picture(40, 30, 3), short_run(), {listener}), std::runtime_error);
}

TEST(Train, EndsByTheClock) {
    TrainOptions options = short_run();
    options.max_seconds = 0.5;
    const auto start = std::chrono::steady_clock::now();
    const TrainState state = train(picture(40, 30, 3), options, {});
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(state.progress, 1);
    EXPECT_GT(took.count(), 0.4);
    EXPECT_LT(took.count(), 1.5);
    EXPECT_EQ(state.field.size(), 30) << "all schedules are over";
}

TEST(Train, RefusesWhatCannotBeTrained) {
    EXPECT_THROW(train(picture(4, 4, 3), short_run(17), {}), UsageError);
    TrainState state = train(picture(40, 30, 3), short_run(), {});
    EXPECT_THROW(train(picture(41, 30, 3), short_run(), {}, state), InputError);
    EXPECT_THROW(train(picture(40, 30, 1), short_run(), {}, state), InputError);
}

TEST(TrainOptions, RefusesWhatIsOutOfRange) {
    const auto refused = [](const auto& spoil) {
        TrainOptions options;
        spoil(options);
        EXPECT_THROW(options.check(), UsageError);
    };
    EXPECT_NO_THROW(TrainOptions().check());
    refused([](auto& options) { options.num_gaussians = 0; });
    refused([](auto& options) { options.max_steps = 0; });
    refused([](auto& options) { options.max_seconds = -1; });
    refused([](auto& options) { options.max_seconds = std::nan(""); });
    refused([](auto& options) { options.loss = {0, 0}; });
    refused([](auto& options) { options.loss = {-1, 1}; });
    refused([](auto& options) { options.ssim_loss_ratio = -0.1F; });
    refused([](auto& options) { options.ssim_loss_ratio = 1.1F; });
    refused([](auto& options) { options.initial_ratio = 0; });
    refused([](auto& options) { options.initial_ratio = 1.1F; });
    refused([](auto& options) { options.init_random_ratio = std::nanf(""); });
    refused([](auto& options) { options.growth_times = -1; });
    refused([](auto& options) { options.memory.bands = -1; });
    refused([](auto& options) { options.memory.bands = 65537; });
    refused([](auto& options) { options.memory.budget_bytes = -1; });
    refused([](auto& options) { options.memory.fraction = 0; });
    refused([](auto& options) { options.memory.fraction = std::nan(""); });
    refused([](auto& options) { options.memory.fraction = 1.01; });
    refused([](auto& options) { options.memory.warning = 0; });
    refused([](auto& options) { options.memory.warning = 0.96; });
    refused([](auto& options) { options.memory.critical = 1.01; });
    refused([](auto& options) { options.growth_until = 0; });
    refused([](auto& options) { options.growth_sigma = 0; });
    refused([](auto& options) { options.position_step = -1; });
    refused([](auto& options) { options.feature_step = std::nanf(""); });
    refused([](auto& options) { options.ssim_from = 1.1F; });
    refused([](auto& options) { options.ssim_from = std::nanf(""); });
    refused([](auto& options) { options.decay_from = 1.5F; });
    refused([](auto& options) { options.decay_floor = 0; });
    refused([](auto& options) { options.eval_steps = -1; });
}

TrainOptions with(std::int64_t num_gaussians, std::int64_t max_steps) {
    TrainOptions options;
    options.num_gaussians = num_gaussians;
    options.max_steps = max_steps;
    return options;
}

/// The largest power of two up to pitch / 3.5 with 2^16 samples: pitch 34 gives 8 (9.7), pitch 8.8 gives 2 (2.5).
TEST(Schedule, StrideFollowsThePitchAndTheSize) {
    const auto strides = [](std::int64_t count, std::int64_t width, std::int64_t height) {
        const Schedule schedule(with(count, 300), width, height);
        return std::vector{schedule.stride(0, 300), schedule.stride(0.39, 300), schedule.stride(0.41, 300),
                           schedule.stride(1, 300)};
    };
    EXPECT_EQ(strides(30000, 6976, 5040), (std::vector<std::int64_t>{8, 8, 4, 4}));
    EXPECT_EQ(strides(5000, 768, 512), (std::vector<std::int64_t>{2, 2, 1, 1}));
    EXPECT_EQ(strides(200, 96, 64), (std::vector<std::int64_t>{1, 1, 1, 1}));
    EXPECT_EQ(strides(10, 1024, 1024), (std::vector<std::int64_t>{4, 4, 2, 2})) << "2^16 samples are left";
    EXPECT_EQ(strides(1000, 300000, 1).front(), 1) << "a lattice has a sample in each direction";
    EXPECT_EQ(strides(1000, 300000, 3).front(), 2);
    TrainOptions whole = with(30000, 500);
    whole.sublattice = false;
    EXPECT_EQ(Schedule(whole, 6976, 5040).stride(0, 500), 1);
}

TEST(Schedule, LongRunsEndOnAFinerLattice) {
    const Schedule schedule(with(30000, 640), 6976, 5040);
    EXPECT_EQ(schedule.stride(0.84, 640), 4);
    EXPECT_EQ(schedule.stride(0.86, 640), 2) << "0.15 of a run twice as long as a short one";
    EXPECT_EQ(schedule.stride(0.69, 1280), 4);
    EXPECT_EQ(schedule.stride(0.71, 1280), 2);
    EXPECT_EQ(schedule.stride(0.39, 1e9), 8);
    EXPECT_EQ(schedule.stride(0.41, 1e9), 2) << "0.6 at most";
    EXPECT_EQ(schedule.stride(1, 320), 4) << "a short one does not";
    TrainOptions held = with(30000, 640);
    held.hold.emplace();
    EXPECT_EQ(Schedule(held, 6976, 5040).stride(0.9, 640), 4);
}

TEST(Schedule, CountsTheSamplesOfAllThatIsLeft) {
    const Schedule schedule(with(30000, 640), 6976, 5040);
    const auto part = [&](double share, std::int64_t stride) { return share * schedule.samples(stride); };
    const auto expect = [&](double progress, double samples) {
        EXPECT_NEAR(schedule.samples_left(progress, 640) / samples, 1, 1e-9);
    };
    expect(0, part(0.4, 8) + part(0.45, 4) + part(0.15, 2));
    expect(0.5, part(0.35, 4) + part(0.15, 2));
    expect(0.9, part(0.1, 2));
}

/// A state at this part of a run.
TrainState after(double progress) {
    TrainState state;
    state.progress = progress;
    return state;
}

TEST(Schedule, AddsUpToAllGaussiansByHalfTime) {
    for (const std::int64_t count : {1, 2, 9, 1000, 1003}) {
        for (const std::int64_t steps : {5, 100, 500}) {
            const Schedule schedule(with(count, steps), 768, 512);
            const std::int64_t times = steps <= 100 ? 4 : 8;
            EXPECT_NEAR(static_cast<double>(schedule.initial_count()), 0.3 * static_cast<double>(count), 1);
            EXPECT_EQ(schedule.growths_due(after(0)), 0);
            EXPECT_EQ(schedule.growths_due(after(0.21)), times / 2);
            EXPECT_EQ(schedule.growths_due(after(0.41)), times);
            EXPECT_EQ(schedule.growths_due(after(1)), times);
            EXPECT_GE(schedule.initial_count() + times * schedule.growth_count(), count);
        }
    }
}

TEST(Schedule, StepsShrinkWithTheirNumberAndTowardsTheEnd) {
    const Schedule schedule(with(5000, 400), 768, 512);
    const auto whitened = [&](double steps) { return std::get<WhitenedRates>(schedule.adam_step(after(0), steps)); };
    const StepSizes sizes = whitened(400).steps;
    EXPECT_FLOAT_EQ(sizes.scale, 0.16F);
    EXPECT_FLOAT_EQ(sizes.rotation, 0.16F);
    EXPECT_FLOAT_EQ(sizes.position, 0.32F);
    EXPECT_FLOAT_EQ(sizes.shrinkage, 0.2F);
    EXPECT_FLOAT_EQ(sizes.feature, 0.018F);
    EXPECT_FLOAT_EQ(whitened(1).steps.scale, 0.21F);
    EXPECT_FLOAT_EQ(whitened(1).steps.feature, 0.025F);
    EXPECT_FLOAT_EQ(sizes.betas.first, 0.85F);
    EXPECT_FLOAT_EQ(sizes.betas.second, 0.9F);
    EXPECT_FLOAT_EQ(whitened(100).steps.betas.first, 0.8F) << "a shorter memory";
    EXPECT_FLOAT_EQ(whitened(1).steps.betas.first, 0.7F);
    EXPECT_FLOAT_EQ(whitened(1).steps.betas.second, 0.8F);
    EXPECT_FLOAT_EQ(whitened(1e6).steps.scale, 0.16F);
    EXPECT_FLOAT_EQ(whitened(1e6).steps.feature, 0.018F);
    EXPECT_FLOAT_EQ(schedule.step_scale(after(0.7)), 1);
    EXPECT_FLOAT_EQ(schedule.step_scale(after(0.85)), 0.525F);
    EXPECT_FLOAT_EQ(schedule.step_scale(after(1)), 0.05F);
}

TEST(Schedule, SigmaStaysBetweenAThirdOfAPixelAndFourPitches) {
    const auto bounds = [](const TrainOptions& options, std::int64_t width, std::int64_t height) {
        return std::get<WhitenedRates>(Schedule(options, width, height).adam_step(after(0), 10)).bounds;
    };
    EXPECT_FLOAT_EQ(bounds(with(100, 10), 400, 400).sigma_max, 160);
    EXPECT_FLOAT_EQ(bounds(with(1, 10), 400, 400).sigma_max, 200) << "no more than half the image";
    EXPECT_FLOAT_EQ(bounds(with(100, 10), 400, 400).sigma_min, 0.3F);
    EXPECT_FLOAT_EQ(Schedule(with(100, 10), 400, 400).growth_sigma(), 3.2F);
    EXPECT_FLOAT_EQ(Schedule(with(10000, 10), 400, 400).growth_sigma(), 1);
}

}  // namespace
}  // namespace gsfit

// How many Gaussians, how coarsely rounded, and training meanwhile.

#include "gsfit/compact.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gsfit/compact/amount.h"
#include "gsfit/compact/rounding.h"
#include "gsfit/core/error.h"
#include "gsfit/eval.h"

namespace gsfit {
namespace {

PackedImage scene() {
    std::vector<std::uint8_t> pixels;
    for (int y = 0; y < 96; ++y) {
        for (int x = 0; x < 128; ++x) {
            for (int c = 0; c < 3; ++c) {
                const double disc = std::hypot(x - 50, y - 40) < 25 ? 60 : 0;
                pixels.push_back(static_cast<std::uint8_t>(90 + disc + 40 * std::sin(0.13 * x + c) +
                                                           30 * std::sin(0.21 * y) + (x * 7 + y * 13) % 9));
            }
        }
    }
    return PackedImage::copy(pixels, 128, 96, 3);
}

TrainOptions short_run(std::int64_t steps) {
    TrainOptions options;
    options.num_gaussians = 300;
    options.max_steps = steps;
    options.eval_steps = 0;
    return options;
}

/// A field of the scene, and files of it.
class Compact : public testing::Test {
protected:
    const PackedImage image_ = scene();
    const Field field_ = train(image_, short_run(80), {}).field;
    const codec::Description description_{.width = 128, .height = 96, .channels = 3, .blending = {}};
    const double psnr_ = evaluate_psnr(field_, {}, image_);
    const codec::Encoder encoder_{gaussians_of(field_), description_};

    [[nodiscard]] double psnr_of(std::span<const std::byte> file) const {
        return evaluate_psnr(field_of(reader_of(file).decode(), description_), {}, image_);
    }

    [[nodiscard]] Outcome outcome_of(const std::vector<std::byte>& file) const {
        return {static_cast<std::int64_t>(file.size()), psnr_of(file)};
    }
};

TEST_F(Compact, TheBestQAddsAQuarterOfTheError) {
    const double at_once = psnr_of(encoder_.encode(best_q(field_, psnr_)));
    EXPECT_NEAR(std::pow(10, (psnr_ - at_once) / 10), 1.25, 0.1);
}

TEST_F(Compact, TheSearchMeetsBytes) {
    const Goal goal{.bytes = 1200};
    RoundingSearch search(field_, description_, image_, psnr_, goal);
    const auto try_it = [&] {  // as if training made the file 3% larger
        Outcome outcome = outcome_of(encoder_.encode(search.propose()));
        outcome.bytes = outcome.bytes * 103 / 100;
        search.learn(outcome);
        return outcome;
    };
    EXPECT_GT(try_it().bytes, 1200);
    const Outcome second = try_it();
    EXPECT_TRUE(meets(second, goal)) << second.bytes;
}

TEST_F(Compact, TheSearchMeetsAPsnr) {
    const Goal goal{.psnr = psnr_ - 1.5};
    RoundingSearch search(field_, description_, image_, psnr_, goal);
    const auto try_it = [&] {  // as if training won nothing back
        const Outcome outcome = outcome_of(encoder_.encode(search.propose()));
        search.learn(outcome);
        return outcome;
    };
    EXPECT_FALSE(meets(try_it(), goal));
    const Outcome second = try_it();
    EXPECT_NEAR(second.psnr, *goal.psnr, 0.5);
    const Outcome third = try_it();
    EXPECT_TRUE(meets(third, goal)) << second.psnr << ", then " << third.psnr;
}

TEST_F(Compact, RefusesBytesThatDoNotHoldTheField) {
    EXPECT_THROW((void)RoundingSearch(field_, description_, image_, psnr_, {.bytes = 100}).propose(), UsageError);
}

TEST_F(Compact, GoalsAreMetWithinTheirTolerance) {
    EXPECT_TRUE(meets({.bytes = 981, .psnr = 0}, {.bytes = 1000}));
    EXPECT_FALSE(meets({.bytes = 979, .psnr = 0}, {.bytes = 1000}));
    EXPECT_FALSE(meets({.bytes = 1001, .psnr = 0}, {.bytes = 1000}));
    EXPECT_TRUE(meets({.bytes = 0, .psnr = 30.09}, {.psnr = 30}));
    EXPECT_FALSE(meets({.bytes = 0, .psnr = 29.89}, {.psnr = 30}));
    EXPECT_TRUE(meets({.bytes = 0, .psnr = 0}, {}));
}

TEST_F(Compact, AFrozenFileIsCloserThanOneRoundedAtOnce) {
    const double q = 4 * best_q(field_, psnr_);
    std::int64_t steps = 0;
    const auto count = [&](const TrainEvent& event) { steps = event.state.step; };
    const auto file = frozen_file(field_, description_, image_, q, short_run(120), {count});
    ASSERT_TRUE(file);
    EXPECT_EQ(steps, 120);
    EXPECT_NEAR(q_of(*file), q, 1e-3 * q);
    EXPECT_GT(psnr_of(*file), psnr_of(encoder_.encode(q)) + 0.15);
}

TEST_F(Compact, WhatIsTrainedLastIsWhatTheFileHolds) {
    Field last;
    const auto keep = [&](const TrainEvent& event) { last = event.state.field; };
    const auto file = frozen_file(field_, description_, image_, 1e-3, short_run(30), {keep});
    const codec::Gaussians trained = gaussians_of(last);
    const codec::Gaussians held = reader_of(*file).decode();
    EXPECT_EQ(trained.feature, held.feature);
    EXPECT_NE(trained, held) << "and settled";
    EXPECT_GT(psnr_of(*file), evaluate_psnr(last, description_.blending, image_));
}

TEST_F(Compact, WhatCannotBeSettledIsWhatTheFileHolds) {
    codec::Description description = description_;
    description.blending.blend = Blend::topk_norm;
    Field last;
    const auto keep = [&](const TrainEvent& event) { last = event.state.field; };
    const auto file = frozen_file(field_, description, image_, 1e-3, short_run(30), {keep});
    EXPECT_EQ(gaussians_of(last), reader_of(*file).decode());
}

TEST_F(Compact, BandsFreezeTheSame) {
    TrainOptions options = short_run(40);
    const auto whole = frozen_file(field_, description_, image_, 1e-3, options);
    options.memory.bands = 2;
    const auto in_bands = frozen_file(field_, description_, image_, 1e-3, options);
    EXPECT_NEAR(psnr_of(*in_bands), psnr_of(*whole), 0.02);
}

TEST_F(Compact, AStopLeavesNoFile) {
    const std::atomic<bool> stop = true;
    EXPECT_FALSE(frozen_file(field_, description_, image_, 1e-3, short_run(30), {}, &stop));
}

TEST_F(Compact, AFieldThatNoPixelSeesIsAnEmptyFile) {
    Field outside = field_;
    outside.position = outside.position.add(5);
    const auto file = frozen_file(outside, description_, image_, 1e-3, short_run(30));
    EXPECT_EQ(reader_of(*file).size(), 0);
}

TEST(Amount, OfBytesIsFourAndAHalfEach) {
    EXPECT_NEAR(static_cast<double>(gaussians_of_bytes(45060, 3)), 10000, 1);
    EXPECT_GT(gaussians_of_bytes(50000, 1), gaussians_of_bytes(50000, 3));
    EXPECT_EQ(gaussians_of_bytes(1, 3), 1);
}

TEST(Amount, OfBytesFollowsWhatAProbeTakes) {
    EXPECT_EQ(gaussians_of_bytes(10060, 2000, 10060), 2000);
    EXPECT_EQ(gaussians_of_bytes(10060, 2000, 12560), 1600);
    EXPECT_EQ(gaussians_of_bytes(10060, 2000, 70), 4000);
    EXPECT_EQ(gaussians_of_bytes(70, 2000, 12560), 1000);
}

TEST(Amount, AProbeFallsShortOfItsRun) {
    EXPECT_EQ(probe_steps(800), 100);
    EXPECT_EQ(probe_steps(8), 40);
    EXPECT_EQ(psnr_of_run(30, 50, 150), 32);
}

TEST(Amount, OfAPsnrFollowsAPowerLaw) {
    const PsnrLaw law({.gaussians = 1000, .psnr = 30}, {.gaussians = 4000, .psnr = 34});
    EXPECT_NEAR(law.per_doubling(), 2, 1e-12);
    EXPECT_EQ(law.gaussians_of(34, {.gaussians = 4000, .psnr = 34}), 4000);
    EXPECT_EQ(law.gaussians_of(36, {.gaussians = 4000, .psnr = 34}), 8000);
    EXPECT_EQ(law.gaussians_of(28, {.gaussians = 1000, .psnr = 30}), 500);
    EXPECT_EQ(law.gaussians_of(-1000, {.gaussians = 1000, .psnr = 30}), 1);
}

/// Fits whose PSNR grows by 3 dB with each doubling, and falls short of what many steps reach.
std::optional<double> ideal_fit(std::int64_t gaussians, std::int64_t steps) {
    return 30 + 3 * std::log2(static_cast<double>(gaussians) / 1000) - 150.0 / static_cast<double>(steps);
}

TEST(Amount, OfAnImageWhosePsnrFollowsTheLaw) {
    const auto amount = amount_of_psnr({.psnr = 36, .pixels = 1'000'000, .steps = 800}, ideal_fit);
    ASSERT_TRUE(amount);
    EXPECT_NEAR(amount->law.per_doubling(), 3, 1e-9);
    EXPECT_NEAR(*ideal_fit(amount->gaussians, 800), 36, 0.01);
    const auto by_clock = amount_of_psnr({.psnr = 36, .pixels = 1'000'000, .steps = 500, .by_clock = true}, ideal_fit);
    EXPECT_NEAR(*ideal_fit(by_clock->gaussians, 1'000'000), 36, 0.01);
}

/// A small picture of something that only 300 Gaussians can show.
TEST(Amount, IsFoundBetweenProbesOnBothSides) {
    const auto fit = [](std::int64_t gaussians, std::int64_t steps) -> std::optional<double> {
        const double doublings = std::log2(static_cast<double>(gaussians) / 300);
        return 30 + (doublings < 0 ? 9 : 2) * doublings - 150.0 / static_cast<double>(steps);
    };
    for (const double psnr : {22.0, 26.0, 33.0, 36.0}) {
        const auto amount = amount_of_psnr({.psnr = psnr, .pixels = 19'200, .steps = 400}, fit);
        EXPECT_NEAR(*fit(amount->gaussians, 400), psnr, 1.5) << amount->gaussians;
    }
}

TEST(Amount, KeepsToTheImageAndEndsWithItsProbes) {
    const auto most = amount_of_psnr({.psnr = 90, .pixels = 80'000, .steps = 800}, ideal_fit);
    EXPECT_EQ(most->gaussians, 10'000);
    const auto least = amount_of_psnr({.psnr = 0.1, .pixels = 80'000, .steps = 800}, ideal_fit);
    EXPECT_EQ(least->gaussians, 1);
    int probes = 0;
    const auto stopped = [&](std::int64_t, std::int64_t) { return ++probes, std::optional<double>(); };
    EXPECT_FALSE(amount_of_psnr({.psnr = 36, .pixels = 80'000, .steps = 800}, stopped));
    EXPECT_EQ(probes, 1);
}

/// Fits in many steps whose PSNR begins at `psnr` with 1000 Gaussians and gains `gain` by doubling, each time less.
Probe levelling_fit(double psnr, double gain, double less) {
    return [=](std::int64_t gaussians, std::int64_t steps) {
        const double doublings = std::log2(static_cast<double>(gaussians) / 1000);
        return psnr + (gain + less / 2) * doublings - less / 2 * doublings * doublings -
               150.0 / static_cast<double>(steps);
    };
}

constexpr ProbedRun of_a_megapixel{.pixels = 1'000'000, .steps = 800, .most = 100'000};

TEST(Amount, PaysUntilADoublingGainsADecibel) {
    const auto amount = amount_that_pays(of_a_megapixel, levelling_fit(30, 2.5, 0.5));
    EXPECT_NEAR(static_cast<double>(*amount), 8000, 10);  // the fourth gains 1 dB
    EXPECT_EQ(amount_that_pays(of_a_megapixel, levelling_fit(30, 0.5, 0)), 1000);
    EXPECT_EQ(amount_that_pays(of_a_megapixel, levelling_fit(20, 1.1, 0)), 16'000);
}

TEST(Amount, PaysUntilTheImageLooksTheSame) {
    const auto amount = amount_that_pays(of_a_megapixel, levelling_fit(36.2, 3, 0));
    EXPECT_NEAR(36 + 3 * std::log2(static_cast<double>(*amount) / 1000), 42, 0.02);  // 0.2 dB short in 800 steps
    EXPECT_EQ(amount_that_pays(of_a_megapixel, levelling_fit(43, 3, 0)), 1000);
}

TEST(Amount, ThatPaysKeepsToItsMostAndEndsWithItsProbes) {
    ProbedRun run = of_a_megapixel;
    run.most = 3000;
    EXPECT_EQ(amount_that_pays(run, levelling_fit(20, 2, 0)), 3000);
    EXPECT_EQ(most_that_pay(1'000'000), 16'000);
    EXPECT_EQ(most_that_pay(6400), 800);
    int probes = 0;
    const auto stopped = [&](std::int64_t, std::int64_t) { return ++probes, std::optional<double>(); };
    EXPECT_FALSE(amount_that_pays(run, stopped));
    EXPECT_EQ(probes, 1);
}

TEST(Amount, ALawKeepsToWhatImagesShow) {
    EXPECT_EQ(PsnrLaw({1000, 30}, {2000, 29}).per_doubling(), 0.5);
    EXPECT_EQ(PsnrLaw({1000, 30}, {2000, 90}).per_doubling(), 12);
}

}  // namespace
}  // namespace gsfit

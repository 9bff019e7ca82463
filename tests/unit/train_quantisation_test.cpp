// Training in view of the rounding: whatever is drawn is quantised, and what learns is not.

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "gsfit/core/error.h"
#include "gsfit/eval.h"
#include "gsfit/train.h"
#include "gsfit/train/plan.h"
#include "gsfit/train/start.h"
#include "reference/compare.h"

namespace gsfit {
namespace {

/// Waves, and a disc.
PackedImage picture() {
    constexpr std::int64_t width = 96;
    constexpr std::int64_t height = 64;
    std::vector<std::uint8_t> pixels;
    for (std::int64_t i = 0; i < width * height; ++i) {
        const auto x = static_cast<double>(i % width);
        const auto y = static_cast<double>(i) / width;
        const bool inside = std::hypot(x - 60, y - 30) < 14;
        for (int c = 0; c < 3; ++c) {
            pixels.push_back(
                static_cast<std::uint8_t>(inside ? 230 - 60 * c : 120 + 90 * std::sin((x + 2 * y) / (7 + c))));
        }
    }
    return PackedImage::copy(pixels, width, height, 3);
}

Quantisation all_of(int bits) { return {.position = bits, .scale = bits, .rotation = bits, .feature = bits}; }

TrainOptions with_bits(std::optional<int> bits) {
    TrainOptions options;
    options.num_gaussians = 150;
    options.max_steps = 200;
    options.eval_steps = 0;
    options.relocate_ratio = 0;  // whose luck differs by more decibels than rounding does
    if (bits) options.quantisation = all_of(*bits);
    return options;
}

double psnr_of(const Field& field, const TrainState& state) { return evaluate_psnr(field, state.blending, picture()); }

/// Of trained fields, means over several: after more steps in view of the rounding, and after as many without, rounded
/// at the end.
struct Psnr {
    double aware = 0;
    double afterwards = 0;
};

Psnr psnr_with(int bits) {
    constexpr int seeds = 4;
    const PackedImage image = picture();
    Psnr mean;
    for (int seed = 0; seed < seeds; ++seed) {
        TrainOptions options = with_bits(std::nullopt);
        options.seed = static_cast<std::uint64_t>(seed);
        const TrainState trained = train(image, options, {});
        const auto more = [&](std::optional<Quantisation> quantisation) {
            options.quantisation = quantisation;
            return train(image, options, {}, start_from(trained.field, image.info(), options));
        };
        const TrainState plain = more(std::nullopt);
        const TrainState aware = more(all_of(bits));
        mean.aware += psnr_of(drawn_field(aware), aware) / seeds;
        mean.afterwards += psnr_of(quantised(plain.field, all_of(bits)), plain) / seeds;
    }
    return mean;
}

// Trainings of so few Gaussians differ by a decibel or two with every compiler's arithmetic: the bounds are wide.
TEST(TrainQuantised, BeatsRoundingAfterwards) {
    const Psnr psnr = psnr_with(5);
    EXPECT_GT(psnr.aware, psnr.afterwards + 1);
}

TEST(TrainQuantised, CostsLittleWithManyBits) {
    for (const int bits : {16, 32}) {
        const Psnr psnr = psnr_with(bits);
        EXPECT_NEAR(psnr.aware, psnr.afterwards, 4) << bits;
    }
}

TEST(TrainQuantised, EvaluatesWhatIsDrawnAndTrainsWhatIsNot) {
    TrainOptions options = with_bits(6);
    options.eval_steps = 70;
    int evaluations = 0;
    const TrainListener listener = [&](const TrainEvent& event) {
        if (event.kind != TrainEvent::Kind::evaluated) return;
        ++evaluations;
        EXPECT_DOUBLE_EQ(event.psnr.value(), psnr_of(drawn_field(event.state), event.state));
        EXPECT_NE(event.psnr.value(), psnr_of(event.state.field, event.state));
    };
    const TrainState state = train(picture(), options, {listener});
    EXPECT_EQ(evaluations, 3);
    const at::Tensor rotation = state.field.rotation;
    std::set<float> values(rotation.const_data_ptr<float>(), rotation.const_data_ptr<float>() + rotation.numel());
    EXPECT_GT(values.size(), 64U) << "more than 6 bits tell apart";
}

TEST(TrainQuantised, GoesOnBitForBit) {
    const TrainOptions options = with_bits(7);
    std::atomic<bool> stop = false;
    const TrainListener stop_at_60 = [&](const TrainEvent& event) { stop = event.state.step >= 60; };
    TrainState half = train(picture(), options, {stop_at_60}, std::nullopt, &stop);
    ASSERT_LT(half.step, 100);
    EXPECT_EQ(half.quantisation, options.quantisation);
    const TrainState resumed = train(picture(), options, {}, std::move(half));
    const TrainState straight = train(picture(), options, {});
    EXPECT_TRUE(reference::identical(resumed.field.position, straight.field.position));
    EXPECT_TRUE(reference::identical(resumed.field.inv_scale, straight.field.inv_scale));
    EXPECT_TRUE(reference::identical(resumed.field.feature, straight.field.feature));
}

TEST(TrainQuantised, IsRefusedWithBitsOutOfRange) {
    for (const int bits : {3, 33}) EXPECT_THROW(with_bits(bits).check(), UsageError);
}

TEST(TrainQuantised, IsInTheMemoryPlan) {
    const ImageInfo image{.width = 4000, .height = 3000, .channels = 3, .bits = 8};
    TrainOptions options = with_bits(std::nullopt);
    options.num_gaussians = 100000;
    for (const Memory memory : {Memory::host, Memory::device}) {
        options.device = memory == Memory::host ? at::Device(c10::kCPU) : at::Device(c10::kCUDA, 0);
        options.quantisation.reset();
        const std::int64_t plain = memory_bill(image, options, {}, memory).peak();
        options.quantisation = all_of(8);
        const std::int64_t more = memory_bill(image, options, {}, memory).peak() - plain;
        EXPECT_GE(more, 100000 * 8 * 4);
        EXPECT_LE(more, 2 * 100000 * 8 * 4 + 10'000'000);
    }
}

}  // namespace
}  // namespace gsfit

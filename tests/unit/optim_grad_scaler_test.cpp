#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "gsfit/core/error.h"
#include "gsfit/optim.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr std::int64_t interval = 2000;  // of torch.amp.GradScaler

Gradients gradients_of(float value) {
    return {at::full({3, 2}, value), at::full({3, 2}, value), at::full({3, 1}, value), at::full({3, 4}, value)};
}

/// One step whose gradients, as backward leaves them, are all `value`; whether it is to be taken.
bool step(LossScale& state, float value = 1) {
    GradScaler scaler(state);
    Gradients gradients = gradients_of(value);
    const bool good = scaler.unscale(gradients);
    scaler.update();
    return good;
}

void good_steps(LossScale& state, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) ASSERT_TRUE(step(state));
}

void expect_state(const LossScale& state, float scale, std::int64_t good_steps) {
    EXPECT_EQ(state.scale, scale);
    EXPECT_EQ(state.good_steps, good_steps);
}

TEST(GradScaler, ScalesTheLossAndItsGradient) {
    LossScale state;
    const at::Tensor loss = at::full({}, 0.25F).requires_grad_(true);
    const at::Tensor scaled = GradScaler(state).scale(loss);
    EXPECT_EQ(scaled.item<float>(), 16384);
    scaled.backward();
    EXPECT_EQ(loss.grad().item<float>(), 65536);
}

TEST(GradScaler, UnscalesByAPowerOfTwoExactly) {
    for (const float scale : {65536.0F, 1.0F, 0x1p-20F, 0x1p30F}) {
        const Gradients before{reference::random_tensor({50, 2}, 1), reference::random_tensor({50, 2}, 2),
                               reference::random_tensor({50, 1}, 3), reference::random_tensor({50, 5}, 4)};
        Gradients gradients{before.position.mul(scale), before.inv_scale.mul(scale), before.rotation.mul(scale),
                            before.feature.mul(scale)};
        LossScale state{.scale = scale};
        EXPECT_TRUE(GradScaler(state).unscale(gradients));
        for (const auto part :
             {&Gradients::position, &Gradients::inv_scale, &Gradients::rotation, &Gradients::feature}) {
            EXPECT_TRUE(reference::identical(gradients.*part, before.*part));
        }
        expect_state(state, scale, 0);
    }
}

TEST(GradScaler, DoublesAfterTheIntervalExactly) {
    LossScale state;
    good_steps(state, interval - 1);
    expect_state(state, 65536, interval - 1);
    good_steps(state, 1);
    expect_state(state, 131072, 0);
    good_steps(state, interval);
    expect_state(state, 262144, 0);
}

TEST(GradScaler, GoesOnFromASavedState) {
    LossScale state{.scale = 512, .good_steps = interval - 1};
    good_steps(state, 1);
    expect_state(state, 1024, 0);
}

TEST(GradScaler, SkipsAStepWithOneValueThatIsNotFinite) {
    for (const float value : {nan, infinity, -infinity}) {
        for (const auto part :
             {&Gradients::position, &Gradients::inv_scale, &Gradients::rotation, &Gradients::feature}) {
            LossScale state{.scale = 65536, .good_steps = 7};
            GradScaler scaler(state);
            Gradients gradients = gradients_of(1);
            (gradients.*part)[2][0] = value;
            EXPECT_FALSE(scaler.unscale(gradients)) << value;
            scaler.update();
            expect_state(state, 32768, 0);
        }
    }
}

TEST(GradScaler, CountsAnewAfterASkip) {
    LossScale state;
    good_steps(state, interval - 1);
    EXPECT_FALSE(step(state, infinity));
    expect_state(state, 32768, 0);
    good_steps(state, interval - 1);
    expect_state(state, 32768, interval - 1);
    good_steps(state, 1);
    expect_state(state, 65536, 0);
}

TEST(GradScaler, HalvesAtEverySkipInARow) {
    LossScale state;
    for (int i = 1; i <= 5; ++i) {
        EXPECT_FALSE(step(state, nan));
        expect_state(state, std::ldexp(65536.0F, -i), 0);
    }
}

TEST(GradScaler, NeverBecomesInfinite) {
    LossScale state{.scale = 0x1p127F, .good_steps = interval - 1};
    good_steps(state, 1);
    expect_state(state, 0x1p127F, 0);
    good_steps(state, interval);
    expect_state(state, 0x1p127F, 0);
}

TEST(GradScaler, StaysUsableHoweverManyStepsAreSkipped) {
    LossScale state;
    for (int i = 0; i < 200; ++i) EXPECT_FALSE(step(state, nan));
    expect_state(state, 0x1p-126F, 0);
    Gradients gradients = gradients_of(0x1p-126F);
    EXPECT_TRUE(GradScaler(state).unscale(gradients));
    EXPECT_EQ(gradients.feature[0][0].item<float>(), 1);
    good_steps(state, interval);
    expect_state(state, 0x1p-125F, 0);
}

TEST(GradScaler, OneScalerServesManySteps) {
    LossScale state;
    GradScaler scaler(state);
    for (const float value : {1.0F, infinity, 1.0F}) {
        Gradients gradients = gradients_of(value);
        EXPECT_EQ(scaler.unscale(gradients), value == 1.0F);
        scaler.update();
    }
    expect_state(state, 32768, 1);
}

TEST(GradScaler, RefusesCallsOutOfOrder) {
    LossScale state;
    GradScaler scaler(state);
    EXPECT_THROW(scaler.update(), Error);
    Gradients gradients = gradients_of(1);
    EXPECT_TRUE(scaler.unscale(gradients));
    EXPECT_THROW((void)scaler.unscale(gradients), Error);
    scaler.update();
    EXPECT_THROW(scaler.update(), Error);
    expect_state(state, 65536, 1);
}

TEST(GradScaler, RefusesAStateOutOfRange) {
    for (LossScale state :
         {LossScale{.scale = 0}, {.scale = -1}, {.scale = nan}, {.scale = infinity}, {.scale = 0x1p-127F}}) {
        EXPECT_THROW(GradScaler{state}, Error) << state.scale;
    }
    for (LossScale state : {LossScale{.good_steps = -1}, {.good_steps = interval}}) {
        EXPECT_THROW(GradScaler{state}, Error) << state.good_steps;
    }
}

}  // namespace
}  // namespace gsfit

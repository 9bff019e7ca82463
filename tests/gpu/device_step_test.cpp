// A training step as a list of kernels on one device, and steps that are looked at late.

#include "train/device_step.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "gpu/device.h"
#include "gsfit/gaussians.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "train/device_steps.h"
#include "train/step.h"

namespace gsfit {
namespace {

using Halt = gpu::StepReport::Halt;

/// Largest |a - b|, in units of the largest |b|.
double difference(const at::Tensor& a, const at::Tensor& b) {
    return a.cpu().sub(b.cpu()).abs().max().item<double>() / b.abs().max().item<double>();
}

TrainState on(const at::Device& device, const Field& field) {
    TrainState state;
    state.field = on_device(field, device);
    for (at::Tensor* tensor :
         {&state.field.position, &state.field.inv_scale, &state.field.rotation, &state.field.feature}) {
        *tensor = tensor->clone();
    }
    state.moments = Moments::zeros(field.size(), field.channels(), device);
    return state;
}

void expect_same(const TrainState& a, const TrainState& b) {
    EXPECT_TRUE(reference::identical(a.field.position.cpu(), b.field.position.cpu()));
    EXPECT_TRUE(reference::identical(a.field.inv_scale.cpu(), b.field.inv_scale.cpu()));
    EXPECT_TRUE(reference::identical(a.field.rotation.cpu(), b.field.rotation.cpu()));
    EXPECT_TRUE(reference::identical(a.field.feature.cpu(), b.field.feature.cpu()));
    EXPECT_TRUE(reference::identical(a.moments.second.cpu(), b.moments.second.cpu()));
    EXPECT_TRUE(reference::identical(a.moments.products.cpu(), b.moments.products.cpu()));
}

class DeviceStepTest : public OnGpu {
protected:
    static constexpr std::int64_t width = 75;
    static constexpr std::int64_t height = 150;
    static constexpr StepSizes sizes{.position = 0.1F, .scale = 0.02F, .rotation = 0.02F, .feature = 0.02F};

    DeviceStepTest() : noise_(width, height, 3, 8, 5), target_(noise_.view(), nullptr) {
        // The first one is seen everywhere, in the last tile too, where room without pairs is sorted to.
        reference::reshape(field_, 0, {.x = 50, .y = 100, .sigma_x = 60, .sigma_y = 60});
    }

    [[nodiscard]] static StepPlan plan(std::int64_t stride, std::int64_t bands, float ssim, bool half) {
        return {.loss = {.pixel = {.l1 = 0.2F, .l2 = 1}, .ssim = ssim},
                .stride = stride,
                .bands = bands,
                .half = half,
                .pairs = 4000};
    }
    [[nodiscard]] static Lattice phase(std::int64_t stride, std::int64_t number) {
        return Lattice::phase(width, height, stride, number % stride, number / stride % stride);
    }
    [[nodiscard]] PackedImage device_target() const { return target_.on_device(device()); }

    /// Steps on one phase after the other.
    [[nodiscard]] TrainState after_steps(int count, const StepPlan& plan) const {
        TrainState state = on(device(), field_);
        DeviceStep step(state.field, state.moments, device_target(), plan, {.scale = 1024});
        for (int i = 0; i < count; ++i) {
            step.differentiate(phase(plan.stride, i));
            step.update(WhitenedRates{sizes, {}});
        }
        EXPECT_EQ(step.finished_report().halt, Halt::none);
        EXPECT_EQ(step.graph_problem(), "");
        return state;
    }

    reference::Target noise_;
    PackedImage target_;
    Field field_ = reference::random_field(60, 3, width, height, 3);
};

TEST_F(DeviceStepTest, HasTheLossAndGradientsOfAutograd) {
    for (const std::int64_t stride : {1, 2}) {
        for (const std::int64_t bands : {1, 2}) {
            for (const float ssim : {0.0F, 0.3F}) {
                for (const Blending& blending :
                     {Blending(), Blending{.blend = Blend::sum},
                      Blending{.blend = Blend::topk_norm, .topk = 3, .support = Support::tile16}}) {
                    StepPlan common = plan(stride, bands, ssim, false);
                    common.blending = blending;
                    const Lattice lattice = phase(stride, stride * stride - 1);
                    const Differential truth = differentiate(
                        field_,
                        {.lattice = lattice, .blending = common.blending, .target = target_, .loss = common.loss},
                        {.amp = false});
                    const TrainState state = on(device(), field_);
                    DeviceStep step(state.field, state.moments, device_target(), common, {});
                    for (int again = 0; again < 4; ++again) step.differentiate(lattice);
                    EXPECT_NEAR(step.finished_report().loss, truth.loss.item<double>(), 1e-5);
                    EXPECT_LT(difference(step.gradients().position, truth.gradients.position), 2e-4);
                    EXPECT_LT(difference(step.gradients().inv_scale, truth.gradients.inv_scale), 2e-4);
                    EXPECT_LT(difference(step.gradients().rotation, truth.gradients.rotation), 2e-4);
                    EXPECT_LT(difference(step.gradients().feature, truth.gradients.feature), 2e-4);
                }
            }
        }
    }
}

TEST_F(DeviceStepTest, DrawsTheQuantisedFieldAsItIsNow) {
    StepPlan rounding = plan(1, 2, 0.3F, false);
    rounding.quantisation = {.position = 8, .scale = 5, .rotation = 4, .feature = 6};
    const Lattice lattice = phase(1, 0);
    const TrainState state = on(device(), field_);
    DeviceStep step(state.field, state.moments, device_target(), rounding, {});
    for (int i = 0; i < 5; ++i) {
        const Field now = on(at::kCPU, state.field).field;
        const Differential truth =
            differentiate(quantised(now, *rounding.quantisation),
                          {.lattice = lattice, .blending = rounding.blending, .target = target_, .loss = rounding.loss},
                          {.amp = false});
        step.differentiate(lattice);
        EXPECT_NEAR(step.finished_report().loss, truth.loss.item<double>(), 1e-5) << i;
        EXPECT_LT(difference(step.gradients().position, truth.gradients.position), 2e-4);
        EXPECT_LT(difference(step.gradients().inv_scale, truth.gradients.inv_scale), 2e-4);
        EXPECT_LT(difference(step.gradients().rotation, truth.gradients.rotation), 2e-4);
        EXPECT_LT(difference(step.gradients().feature, truth.gradients.feature), 2e-4);
        step.update(WhitenedRates{sizes, {}});
    }
    EXPECT_EQ(step.graph_problem(), "");
}

TEST_F(DeviceStepTest, ScalesTheLossInHalfPrecision) {
    const StepPlan half = plan(1, 2, 0.3F, true);
    const Lattice lattice = phase(1, 0);
    const Differential truth = differentiate(
        field_, {.lattice = lattice, .blending = half.blending, .target = target_, .loss = half.loss}, {.amp = false});
    const TrainState state = on(device(), field_);
    DeviceStep step(state.field, state.moments, device_target(), half, {.scale = 4096});
    step.differentiate(lattice);
    EXPECT_EQ(step.finished_report().used_scale, 4096);
    EXPECT_EQ(step.finished_report().good_steps, 1);
    EXPECT_LT(difference(step.gradients().feature.div(4096), truth.gradients.feature), 5e-3);
    EXPECT_LT(difference(step.gradients().position.div(4096), truth.gradients.position), 5e-3);
}

TEST_F(DeviceStepTest, IsTheSameBitsAsAGraph) {
    for (const bool half : {false, true}) {
        StepPlan one_by_one = plan(2, 2, half ? 0.3F : 0.0F, half);
        StepPlan graph = one_by_one;
        one_by_one.graph = false;
        expect_same(after_steps(12, graph), after_steps(12, one_by_one));
    }
}

TEST_F(DeviceStepTest, SkipsWhatOverflowsInHalfPrecision) {
    const TrainState state = on(device(), field_);
    const TrainState untouched = on(device(), field_);
    DeviceStep step(state.field, state.moments, device_target(), plan(1, 1, 0.3F, true), {.scale = 1e30F});
    step.differentiate(phase(1, 0));
    step.update(WhitenedRates{sizes, {}});
    const gpu::StepReport report = step.finished_report();
    EXPECT_EQ(report.halt, Halt::none);
    EXPECT_EQ(report.skipped, 1);
    EXPECT_EQ(report.scale, 0.5F * 1e30F);
    EXPECT_EQ(report.good_steps, 0);
    expect_same(state, untouched);
    for (int i = 1; i < 20; ++i) step.differentiate(phase(1, 0));
    EXPECT_EQ(step.finished_report().halt, Halt::amp_failed);
}

TEST_F(DeviceStepTest, DoublesTheScaleAfterManyGoodSteps) {
    const TrainState state = on(device(), field_);
    DeviceStep step(state.field, state.moments, device_target(), plan(1, 1, 0.3F, true),
                    {.scale = 1024, .good_steps = 1999});
    step.differentiate(phase(1, 0));
    EXPECT_EQ(step.finished_report().scale, 2048);
    EXPECT_EQ(step.finished_report().good_steps, 0);
}

TEST_F(DeviceStepTest, ChangesNothingOnceItLackedRoom) {
    const TrainState state = on(device(), field_);
    const TrainState untouched = on(device(), field_);
    StepPlan small = plan(1, 1, 0, false);
    small.pairs = 50;
    DeviceStep step(state.field, state.moments, device_target(), small, {});
    for (int i = 0; i < 5; ++i) {
        step.differentiate(phase(1, 0));
        step.update(WhitenedRates{sizes, {}});
    }
    const gpu::StepReport report = step.finished_report();
    EXPECT_EQ(report.halt, Halt::overflow);
    EXPECT_GT(report.pairs, 50U);
    expect_same(state, untouched);
}

TEST_F(DeviceStepTest, OfATrialAgreesWithTheCpu) { EXPECT_EQ(device_fault(device()), ""); }

/// Gives `count` steps, looks after every `apart` of them, and starts over where it has to.
TrainState learned(const TrainState& start, const PackedImage& target, int count, int apart, int& times_back) {
    TrainState state = start;
    TrainOptions options;
    DeviceSteps steps(state.field, target, options);
    const MemorySettings settings{.amp = false};
    while (state.step < count) {
        const StepLoss loss{.pixel = options.loss};
        if (!steps.is_ready_for(state, 1, loss, settings)) steps.get_ready_for(state, 1, loss, settings);
        steps.give(state, Lattice::whole(target.width(), target.height()),
                   WhitenedRates{{.position = 0.1F, .scale = 0.3F}, {}});
        ++state.step;
        if (state.step % apart == 0 && steps.look(state) != DeviceSteps::Outcome::good) ++times_back;
    }
    EXPECT_EQ(steps.look(state), DeviceSteps::Outcome::good);
    return state;
}

TEST_F(DeviceStepTest, GoesBackToBeforeTheStepThatLackedRoom) {
    int at_once = 0;
    int late = 0;
    const TrainState looked_at = learned(on(device(), field_), device_target(), 24, 1, at_once);
    const TrainState looked_late = learned(on(device(), field_), device_target(), 24, 8, late);
    EXPECT_GT(at_once, 0);
    EXPECT_GT(late, 0);
    expect_same(looked_at, looked_late);
}

TEST_F(DeviceStepTest, GivesHalfPrecisionUpWhenTheLossIsNotFinite) {
    TrainState state = on(device(), field_);
    state.field.feature.fill_(1e6);
    TrainOptions options;
    const StepLoss loss{.pixel = options.loss, .ssim = 0.3F};
    DeviceSteps steps(state.field, device_target(), options);
    const auto give_two = [&] {
        steps.get_ready_for(state, 1, loss, {.amp = true});
        for (int i = 0; i < 2; ++i) {
            steps.give(state, phase(1, 0), WhitenedRates{sizes, {}});
            ++state.step;
        }
        return steps.look(state);
    };
    DeviceSteps::Outcome outcome = give_two();
    if (outcome == DeviceSteps::Outcome::went_back) outcome = give_two();  // the room was a guess
    EXPECT_EQ(outcome, DeviceSteps::Outcome::amp_failed);
    EXPECT_EQ(state.step, 1);
    EXPECT_EQ(state.skipped_steps, 1);
}

}  // namespace
}  // namespace gsfit

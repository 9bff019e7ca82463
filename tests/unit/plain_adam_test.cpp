#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "gsfit/core/error.h"
#include "gsfit/optim.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

constexpr LearningRates rates{.position = 3e-4F, .scale = 2e-3F, .rotation = 4e-3F, .feature = 5e-3F};

/// Adam on one tensor in double precision, as its paper writes it.
class Reference {
public:
    Reference(const at::Tensor& start, double rate)
        : value_(start.to(at::kDouble)), first_(at::zeros_like(value_)), second_(at::zeros_like(value_)), rate_(rate) {}

    void step(const at::Tensor& given) {
        const at::Tensor gradient = given.to(at::kDouble);
        ++steps_;
        first_ = first_.mul(0.9).add(gradient, 0.1);
        second_ = second_.mul(0.999).add(gradient.square(), 0.001);
        const at::Tensor first = first_.div(1 - std::pow(0.9, steps_));
        const at::Tensor second = second_.div(1 - std::pow(0.999, steps_));
        value_ = value_.sub(first.div(second.sqrt().add(1e-8)), rate_);
    }

    void expect(const at::Tensor& tensor) const {
        EXPECT_LT(tensor.to(at::kDouble).sub(value_).abs().max().item<double>(),
                  1e-6 * value_.abs().max().item<double>());
    }

private:
    at::Tensor value_, first_, second_;
    double rate_;
    int steps_ = 0;
};

Field clone(const Field& field) {
    return {field.position.clone(), field.inv_scale.clone(), field.rotation.clone(),
            field.feature.clone(),  field.raster_width,      field.raster_height};
}

Gradients random_gradients(const Field& field, std::uint64_t seed) {
    const auto like = [&](const at::Tensor& tensor, double size) {
        return reference::random_tensor(tensor.sizes().vec(), seed++).mul(size);
    };
    return {like(field.position, 1e-2), like(field.inv_scale, 1e-4), like(field.rotation, 1e-5),
            like(field.feature, 1e-6)};
}

TEST(PlainAdam, EqualsThePaperForEveryNumberOfChannels) {
    for (const int channels : {1, 3, 4, 16}) {
        Field field = clone(reference::random_field(150, channels, 200, 129, 1));
        Moments moments = Moments::zeros(field.size(), channels);
        std::array<Reference, 4> truth{
            Reference(field.position, rates.position), Reference(field.inv_scale, rates.scale),
            Reference(field.rotation, rates.rotation), Reference(field.feature, rates.feature)};
        for (std::uint64_t step = 0; step < 30; ++step) {
            const Gradients gradients = random_gradients(field, 100 * step);
            plain_adam(field, moments, gradients, rates);
            truth[0].step(gradients.position);
            truth[1].step(gradients.inv_scale);
            truth[2].step(gradients.rotation);
            truth[3].step(gradients.feature);
        }
        truth[0].expect(field.position);
        truth[1].expect(field.inv_scale);
        truth[2].expect(field.rotation);
        truth[3].expect(field.feature);
    }
}

TEST(PlainAdam, OptimisesSigmaWhenAsked) {
    LearningRates of_sigma = rates;
    of_sigma.of_sigma = true;
    Field field = clone(reference::random_field(150, 3, 200, 129, 1));
    Moments moments = Moments::zeros(field.size(), 3);
    Reference sigma(field.inv_scale.reciprocal(), rates.scale);
    for (std::uint64_t step = 0; step < 30; ++step) {
        const Gradients gradients = random_gradients(field, 100 * step);
        sigma.step(gradients.inv_scale.mul(field.inv_scale.square()).neg());
        plain_adam(field, moments, gradients, of_sigma);
    }
    sigma.expect(field.inv_scale.reciprocal());
}

TEST(PlainAdam, KeepsSigmaPositiveWhereAStepWouldCrossZero) {
    for (const bool of_sigma : {false, true}) {
        for (const double sign : {-1.0, 1.0}) {
            Field field = clone(reference::random_field(40, 1, 200, 129, 1));
            Moments moments = Moments::zeros(field.size(), 1);
            Gradients gradients = random_gradients(field, 1);
            gradients.inv_scale = at::zeros_like(field.inv_scale).add(sign);
            plain_adam(field, moments, gradients, {.scale = 1e9F, .of_sigma = of_sigma});
            EXPECT_GE(field.inv_scale.min().item<float>(), 1e-6F);
            EXPECT_LE(field.inv_scale.max().item<float>(), 1e3F);
        }
    }
}

TEST(PlainAdam, CorrectsTheBiasOfEachGaussianByItsOwnAge) {
    Field field = clone(reference::random_field(2, 1, 64, 64, 1));
    Moments moments = Moments::zeros(2, 1);
    moments.first[0].fill_(0.5);
    moments.second[0].fill_(0.25);
    moments.age[0].fill_(100);
    const at::Tensor before = field.feature.clone();
    Gradients gradients = random_gradients(field, 3);
    gradients.feature.fill_(0.25);
    plain_adam(field, moments, gradients, rates);
    const double first = 0.9 * 0.5 + 0.1 * 0.25;
    const double second = 0.999 * 0.25 + 0.001 * 0.0625;
    const double old = first / (1 - std::pow(0.9, 101)) / std::sqrt(second / (1 - std::pow(0.999, 101)));
    const at::Tensor moved = before.sub(field.feature).div(rates.feature);
    EXPECT_NEAR(moved[0].item<double>(), old, 1e-3);
    EXPECT_NEAR(moved[1].item<double>(), 1, 1e-3);  // the first step of all is as long as the rate
    EXPECT_EQ(moments.age[0].item<int>(), 101);
    EXPECT_EQ(moments.age[1].item<int>(), 1);
}

TEST(PlainAdam, TakesGradientsThatAreNotFiniteForZero) {
    Field field = clone(reference::random_field(3, 3, 64, 64, 1));
    Moments moments = Moments::zeros(3, 3);
    Gradients gradients = random_gradients(field, 5);
    gradients.position.fill_(std::numeric_limits<float>::quiet_NaN());
    gradients.feature.fill_(std::numeric_limits<float>::infinity());
    const Field before = clone(field);
    plain_adam(field, moments, gradients, rates);
    EXPECT_TRUE(reference::identical(field.position, before.position));
    EXPECT_TRUE(reference::identical(field.feature, before.feature));
    EXPECT_FALSE(reference::identical(field.inv_scale, before.inv_scale));
}

TEST(PlainAdam, RefusesMomentsOfAnotherField) {
    Field field = clone(reference::random_field(3, 3, 64, 64, 1));
    Moments moments = Moments::zeros(4, 3);
    EXPECT_THROW(plain_adam(field, moments, random_gradients(field, 5), rates), Error);
}

}  // namespace
}  // namespace gsfit

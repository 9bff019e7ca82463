#include "gsfit/optim.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "reference/adam.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "reference/simd_targets.h"

namespace gsfit {
namespace {

constexpr StepSizes steps{.position = 0.2F,
                          .scale = 0.1F,
                          .rotation = 0.1F,
                          .feature = 0.02F,
                          .betas = {.first = 0.8F, .second = 0.87F},
                          .shrinkage = 0.2F};
constexpr ScaleBounds bounds{.sigma_min = 0.3F, .sigma_max = 40.0F};
/// A step is a quotient of moments that carry some roundings of 6e-8; it may cancel half its digits.
constexpr double tolerance = 2e-5;

Field clone(const Field& field) {
    return {field.position.clone(), field.inv_scale.clone(), field.rotation.clone(),
            field.feature.clone(),  field.raster_width,      field.raster_height};
}

/// Gradients of the size that training sees: a mean over the image spreads 1 over all samples.
Gradients random_gradients(const Field& field, std::uint64_t seed) {
    const std::int64_t n = field.size();
    return {reference::random_tensor({n, 2}, seed).mul(1e-3), reference::random_tensor({n, 2}, seed + 1).mul(1e-4),
            reference::random_tensor({n, 1}, seed + 2).mul(1e-5),
            reference::random_tensor({n, field.channels()}, seed + 3).mul(1e-4)};
}

/// The same steps in double precision.
class ReferenceRun {
public:
    explicit ReferenceRun(const Field& field) : width_(field.raster_width), height_(field.raster_height) {
        const auto f = reference::to_double(field);
        for (std::int64_t i = 0; i < f.size; ++i) {
            reference::AdamGaussian gaussian{};
            std::copy_n(&f.position[2 * i], 2, gaussian.position);
            std::copy_n(&f.inv_scale[2 * i], 2, gaussian.inv_scale);
            gaussian.rotation = f.rotation[i];
            gaussian.feature.assign(&f.feature[f.channels * i], &f.feature[f.channels * i] + f.channels);
            gaussian.first.resize(5 + f.channels);
            gaussian.second.resize(5 + f.channels);
            gaussians_.push_back(gaussian);
        }
    }

    void step(const Gradients& gradients) {
        const auto position = reference::to_double(gradients.position);
        const auto inv_scale = reference::to_double(gradients.inv_scale);
        const auto rotation = reference::to_double(gradients.rotation);
        const auto feature = reference::to_double(gradients.feature);
        for (std::size_t i = 0; i < gaussians_.size(); ++i) {
            auto& gaussian = gaussians_[i];
            const std::size_t channels = gaussian.feature.size();
            std::copy_n(&position[2 * i], 2, gaussian.to_position);
            std::copy_n(&inv_scale[2 * i], 2, gaussian.to_inv_scale);
            gaussian.to_rotation = rotation[i];
            gaussian.to_feature.assign(&feature[channels * i], &feature[channels * i] + channels);
            reference::whitened_adam(gaussian, width_, height_, steps, bounds);
        }
    }

    /// One parameter of all Gaussians, a row each.
    template <class Values>
    [[nodiscard]] std::vector<double> column(const Values& values) const {
        std::vector<double> result;
        for (const auto& gaussian : gaussians_) {
            const auto row = values(gaussian);
            result.insert(result.end(), row.begin(), row.end());
        }
        return result;
    }

private:
    std::int64_t width_;
    std::int64_t height_;
    std::vector<reference::AdamGaussian> gaussians_;
};

void expect_equal(const Field& field, const ReferenceRun& run) {
    using Row = std::vector<double>;
    const auto expect = [&](const at::Tensor& tensor, const auto& values) {
        EXPECT_LT(reference::relative_error(tensor, run.column(values)), tolerance);
    };
    expect(field.position, [](const auto& g) { return Row(g.position, g.position + 2); });
    expect(field.inv_scale, [](const auto& g) { return Row(g.inv_scale, g.inv_scale + 2); });
    expect(field.rotation, [](const auto& g) { return Row{g.rotation}; });
    expect(field.feature, [](const auto& g) { return g.feature; });
}

void expect_reference(std::int64_t size, int channels, int count) {
    Field field = clone(reference::random_field(size, channels, 200, 129, 1));
    Moments moments = Moments::zeros(size, channels);
    ReferenceRun run(field);
    for (int step = 0; step < count; ++step) {
        const Gradients gradients = random_gradients(field, 10 * step + 2);
        whitened_adam(field, moments, gradients, steps, bounds);
        run.step(gradients);
        SCOPED_TRACE(testing::Message() << "step " << step);
        expect_equal(field, run);
    }
}

TEST(WhitenedAdam, EqualsTheReferenceOverManySteps) { expect_reference(200, 3, 25); }

TEST(WhitenedAdam, EqualsTheReferenceForEveryNumberOfChannels) {
    for (int channels = 1; channels <= max_channels; channels += channels < 16 ? 1 : 16)
        expect_reference(30, channels, 3);
}

TEST(WhitenedAdam, EqualsTheReferenceOnEverySimdTarget) {
    for (const auto target : reference::simd_targets()) {
        SCOPED_TRACE(hwy::TargetName(target));
        const reference::OnTarget on(target);
        for (const std::int64_t size : {1, 3, 15, 16, 17, 100}) expect_reference(size, 3, 5);
    }
}

/// For the first time the direction is the sign of the gradient: a step is as long as its size says, along the
/// Gaussian's own axes.
TEST(WhitenedAdam, FirstStepIsOfTheGivenLength) {
    Field field = reference::random_field(1, 3, 200, 129, 3);
    reference::reshape(field, 0, {100, 60, 2, 8, 0.5});
    const Field before = clone(field);
    Moments moments = Moments::zeros(1, 3);
    const Gradients gradients{at::empty({1, 2}), at::empty({1, 2}).fill_(1e-4), at::empty({1, 1}).fill_(-1e-4),
                              at::empty({1, 3}).fill_(1e-4)};
    gradients.position[0][0] = std::cos(0.5) * 1e-4 * 200;  // of the position: 1e-4 a pixel along the first axis
    gradients.position[0][1] = std::sin(0.5) * 1e-4 * 129;
    whitened_adam(field, moments, gradients, steps, bounds);

    const auto moved = [&](at::Tensor Field::*parameter) {
        return reference::to_double((field.*parameter).sub(before.*parameter));
    };
    const auto position = moved(&Field::position);
    EXPECT_NEAR(std::cos(0.5) * position[0] * 200 + std::sin(0.5) * position[1] * 129, -0.2 * 2, 1e-3);
    const auto growth = reference::to_double(field.inv_scale.div(before.inv_scale).log());
    EXPECT_NEAR(growth[0], -0.1, 1e-5);
    EXPECT_NEAR(growth[1], -0.1, 1e-5);
    EXPECT_NEAR(moved(&Field::rotation)[0], 0.1 / (8.0 / 2 - 2.0 / 8), 1e-5);
    for (const double change : moved(&Field::feature)) EXPECT_NEAR(change, -0.02, 1e-5);
    EXPECT_EQ(moments.age.item<int>(), 1);
}

TEST(WhitenedAdam, TakesAnInverseRoot) {
    for (double x = 0.2; x <= 4.2; x += 0.01) {
        double root = 0;
        for (std::size_t k = std::size(reference::inverse_root); k-- > 0;) root = root * x + reference::inverse_root[k];
        EXPECT_NEAR(root * std::sqrt(x), 1, 0.11) << x;
    }
}

/// Two parameters whose gradients always have the same ratio are one direction, along which a step is as long as that
/// of one parameter alone, but for what is shrunk.
TEST(WhitenedAdam, SharesAStepAmongCorrelatedParameters) {
    const auto growth_of = [](float shrinkage) {
        Field field = reference::random_field(1, 1, 200, 129, 16);
        reference::reshape(field, 0, {100, 60, 5, 5, 0});
        const Field before = clone(field);
        Moments moments = Moments::zeros(1, 1);
        StepSizes sizes = steps;
        sizes.shrinkage = shrinkage;
        const Gradients gradients{at::zeros({1, 2}), at::empty({1, 2}).fill_(1e-4), at::zeros({1, 1}),
                                  at::zeros({1, 1})};
        moments.age.fill_(1000);
        moments.first.narrow(1, 2, 2).fill_(1e-4 / 5);
        moments.second.narrow(1, 2, 2).fill_(1e-8 / 25);
        moments.products.select(1, 7).fill_(1e-8 / 25);  // of both scales
        whitened_adam(field, moments, gradients, sizes, bounds);
        return -reference::to_double(field.inv_scale.div(before.inv_scale).log())[0];
    };
    EXPECT_NEAR(growth_of(1), 0.1, 1e-4);
    EXPECT_NEAR(growth_of(0.2F), 0.1 / std::sqrt(1.8), 0.1 * 0.11);
}

/// A Gaussian that joins later is corrected by its own age: it moves as it would have at the start.
TEST(WhitenedAdam, CorrectsByEachGaussiansAge) {
    const Field start = reference::random_field(2, 3, 200, 129, 4);
    const Gradients gradients = random_gradients(start, 5);
    Field alone = clone(start);
    Moments fresh = Moments::zeros(2, 3);
    whitened_adam(alone, fresh, gradients, steps, bounds);

    Field together = clone(start);
    Moments moments = Moments::zeros(2, 3);
    moments.age[0].fill_(30);
    whitened_adam(together, moments, gradients, steps, bounds);
    EXPECT_TRUE(reference::identical(together.feature[1], alone.feature[1]));
    EXPECT_FALSE(reference::identical(together.feature[0], alone.feature[0]));
    EXPECT_EQ(moments.age[0].item<int>(), 31);
}

TEST(WhitenedAdam, CorrectionEndsForOldGaussians) {
    const Field start = reference::random_field(20, 3, 200, 129, 6);
    const Gradients gradients = random_gradients(start, 7);
    const auto after = [&](int age) {
        Field field = clone(start);
        Moments moments = Moments::zeros(20, 3);
        moments.age.fill_(age);
        whitened_adam(field, moments, gradients, steps, bounds);
        return field;
    };
    EXPECT_TRUE(reference::identical(after(1000).feature, after(1000000).feature));
}

TEST(WhitenedAdam, CountsGradientsThatAreNotFiniteAsZero) {
    const Field start = reference::random_field(40, 3, 200, 129, 8);
    const Gradients clean = random_gradients(start, 9);
    Gradients spoiled{clean.position.clone(), clean.inv_scale.clone(), clean.rotation.clone(), clean.feature.clone()};
    const float values[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()};
    for (std::int64_t i = 0; i < 3; ++i) {
        for (at::Tensor* tensor : {&spoiled.position, &spoiled.inv_scale, &spoiled.rotation, &spoiled.feature}) {
            (*tensor)[i].fill_(values[i]);
        }
        for (const at::Tensor* tensor : {&clean.position, &clean.inv_scale, &clean.rotation, &clean.feature}) {
            (*tensor)[i].zero_();
        }
    }
    Field field = clone(start);
    Field expected = clone(start);
    Moments moments = Moments::zeros(40, 3);
    Moments expected_moments = Moments::zeros(40, 3);
    whitened_adam(field, moments, spoiled, steps, bounds);
    whitened_adam(expected, expected_moments, clean, steps, bounds);
    EXPECT_TRUE(reference::identical(field.position, expected.position));
    EXPECT_TRUE(reference::identical(field.inv_scale, expected.inv_scale));
    EXPECT_TRUE(reference::identical(field.rotation, expected.rotation));
    EXPECT_TRUE(reference::identical(field.feature, expected.feature));
    EXPECT_TRUE(reference::identical(moments.second, expected_moments.second));
    EXPECT_TRUE(reference::identical(moments.products, expected_moments.products));
}

TEST(WhitenedAdam, KeepsBounds) {
    Field field = reference::random_field(2, 1, 200, 129, 10);
    Moments moments = Moments::zeros(2, 1);
    Gradients gradients = random_gradients(field, 11);
    for (int i = 0; i < 2; ++i) {
        reference::reshape(field, i, {100, 60, 5, 5, 0});
        gradients.position[i].fill_(i == 0 ? 1 : -1);
        gradients.inv_scale[i].fill_(1);  // larger
        gradients.rotation[i].fill_(0);
    }
    for (int step = 0; step < 200; ++step) whitened_adam(field, moments, gradients, steps, bounds);
    for (const double sigma : reference::to_double(field.inv_scale.reciprocal())) {
        EXPECT_NEAR(sigma, bounds.sigma_max, 1e-4);
    }
    for (const double position : reference::to_double(field.position[0])) EXPECT_NEAR(position, -0.05, 1e-6);
    for (const double position : reference::to_double(field.position[1])) EXPECT_NEAR(position, 1.05, 1e-6);
    gradients.inv_scale.fill_(-1);
    for (int step = 0; step < 200; ++step) whitened_adam(field, moments, gradients, steps, bounds);
    for (const double sigma : reference::to_double(field.inv_scale.reciprocal())) {
        EXPECT_NEAR(sigma, bounds.sigma_min, 1e-6);
    }
}

TEST(WhitenedAdam, GivesTheSameBitsForAnyNumberOfThreads) {
    const auto run = [](int count) {
        set_threads(count);
        Field field = reference::random_field(5000, 3, 200, 129, 12);
        Moments moments = Moments::zeros(5000, 3);
        for (int step = 0; step < 3; ++step) {
            whitened_adam(field, moments, random_gradients(field, 13 + step), steps, bounds);
        }
        return std::pair{field, moments};
    };
    const auto [field, moments] = run(1);
    for (const int count : {2, 3, 7}) {
        const auto [same_field, same_moments] = run(count);
        EXPECT_TRUE(reference::identical(same_field.position, field.position));
        EXPECT_TRUE(reference::identical(same_field.inv_scale, field.inv_scale));
        EXPECT_TRUE(reference::identical(same_field.rotation, field.rotation));
        EXPECT_TRUE(reference::identical(same_field.feature, field.feature));
        EXPECT_TRUE(reference::identical(same_moments.first, moments.first));
        EXPECT_TRUE(reference::identical(same_moments.second, moments.second));
        EXPECT_TRUE(reference::identical(same_moments.products, moments.products));
    }
}

TEST(WhitenedAdam, RefusesGradientsAndMomentsOfAnotherField) {
    Field field = reference::random_field(5, 3, 200, 129, 14);
    Moments moments = Moments::zeros(5, 3);
    const Gradients good = random_gradients(field, 15);
    const auto refused = [&](const auto& spoil) {
        Gradients gradients = good;
        Moments spoiled = moments;
        spoil(gradients, spoiled);
        EXPECT_THROW(whitened_adam(field, spoiled, gradients, steps, bounds), Error);
    };
    refused([](Gradients& gradients, Moments&) { gradients.position = at::Tensor(); });
    refused([](Gradients& gradients, Moments&) { gradients.inv_scale = gradients.inv_scale.slice(0, 0, 4); });
    refused([](Gradients& gradients, Moments&) { gradients.rotation = gradients.rotation.squeeze(1); });
    refused([](Gradients& gradients, Moments&) { gradients.feature = gradients.feature.t().contiguous().t(); });
    refused([](Gradients&, Moments& spoiled) { spoiled = Moments::zeros(4, 3); });
    refused([](Gradients&, Moments& spoiled) { spoiled = Moments::zeros(5, 4); });
}

}  // namespace
}  // namespace gsfit

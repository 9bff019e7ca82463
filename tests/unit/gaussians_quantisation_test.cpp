#include "gsfit/gaussians/quantisation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<float> numbers_of(const at::Tensor& tensor) {
    const at::Tensor kept = tensor.cpu().contiguous();
    return {kept.const_data_ptr<float>(), kept.const_data_ptr<float>() + kept.numel()};
}

/// The definition: round((x - min) / step) steps from the least number, where all are finite.
std::vector<float> rounded(const std::vector<float>& numbers, int bits) {
    const auto [low, high] = std::ranges::minmax(numbers);
    const double last = std::exp2(bits) - 1;
    const double step = std::max((static_cast<double>(high) - low) / last, 1e-8);
    std::vector<float> result;
    for (const float x : numbers) {
        const double code = std::clamp(std::rint((static_cast<double>(x) - low) / step), 0.0, last);
        result.push_back(static_cast<float>(std::fma(code, step, static_cast<double>(low))));
    }
    return result;
}

std::vector<float> inverted(std::vector<float> numbers) {
    for (float& number : numbers) number = 1.0F / number;
    return numbers;
}

/// Large enough for several blocks of threads.
Field example() { return reference::random_field(3001, 3, 300, 200, 7); }

Quantisation all_of(int bits) { return {.position = bits, .scale = bits, .rotation = bits, .feature = bits}; }

TEST(Quantised, IsTheDefinitionToTheBit) {
    const Field field = example();
    for (const int bits : {4, 5, 8, 12, 16, 23, 24, 31, 32}) {
        SCOPED_TRACE(bits);
        const Field result = quantised(field, all_of(bits));
        EXPECT_EQ(numbers_of(result.position), rounded(numbers_of(field.position), bits));
        EXPECT_EQ(numbers_of(result.inv_scale), inverted(rounded(inverted(numbers_of(field.inv_scale)), bits)));
        EXPECT_EQ(numbers_of(result.rotation), rounded(numbers_of(field.rotation), bits));
        EXPECT_EQ(numbers_of(result.feature), rounded(numbers_of(field.feature), bits));
        EXPECT_EQ(result.raster_width, 300);
        EXPECT_EQ(result.raster_height, 200);
    }
}

TEST(Quantised, EachTensorHasItsOwnBits) {
    const Field result = quantised(example(), {.position = 5, .scale = 6, .rotation = 4, .feature = 7});
    const auto values = [](const at::Tensor& tensor) {
        const std::vector<float> numbers = numbers_of(tensor);
        return std::set<float>(numbers.begin(), numbers.end()).size();
    };
    EXPECT_EQ(values(result.position), 32U) << "uniform numbers take every level";
    EXPECT_EQ(values(result.rotation), 16U);
    EXPECT_GT(values(result.inv_scale), 16U);
    EXPECT_LE(values(result.inv_scale), 64U);
    EXPECT_GT(values(result.feature), 64U);
    EXPECT_LE(values(result.feature), 128U);
}

TEST(Quantised, LosesNothingToSpeakOfWith32Bits) {
    const Field field = example();
    const Field result = quantised(field, all_of(32));
    EXPECT_LT(reference::difference(result.position, field.position), 1e-7);
    EXPECT_LT(result.inv_scale.sub(field.inv_scale).div(field.inv_scale).abs().max().item<double>(), 1e-6);
    EXPECT_LT(reference::difference(result.rotation, field.rotation), 1e-6);
    EXPECT_LT(reference::difference(result.feature, field.feature), 1e-6);
}

TEST(Quantised, KeepsExtremesAndFlatTensors) {
    Field field = example();
    field.rotation.fill_(-0.7F);
    for (const int bits : {4, 32}) {
        const Field result = quantised(field, all_of(bits));
        EXPECT_EQ(result.feature.min().item<float>(), field.feature.min().item<float>());
        EXPECT_EQ(result.feature.max().item<float>(), field.feature.max().item<float>());
        EXPECT_TRUE(reference::identical(result.rotation, field.rotation));
    }
    const Field one = reference::random_field(1, 1, 30, 20, 1);
    EXPECT_TRUE(reference::identical(quantised(one, all_of(4)).feature, one.feature));
}

/// The others are rounded as if they were not there.
TEST(Quantised, WhatIsNotFiniteStaysAndPoisonsNothing) {
    const Field clean = quantised(example(), all_of(6));
    Field spoilt = example();
    for (at::Tensor* tensor : {&spoilt.position, &spoilt.inv_scale, &spoilt.rotation, &spoilt.feature}) {
        auto* numbers = tensor->mutable_data_ptr<float>();
        // Not those which the levels lie between.
        const auto [low, high] = std::minmax_element(numbers, numbers + tensor->numel());
        std::int64_t place = 40;
        for (const float special : {nan, infinity, -infinity}) {
            ASSERT_TRUE(numbers + place != low && numbers + place != high);
            numbers[place] = special;
            place += 1400;
        }
    }
    const Field result = quantised(spoilt, all_of(6));
    const auto expect_rest = [](const at::Tensor& value, const at::Tensor& truth, const at::Tensor& source) {
        const std::vector<float> values = numbers_of(value);
        const std::vector<float> truths = numbers_of(truth);
        const std::vector<float> sources = numbers_of(source);
        for (std::size_t i = 0; i < values.size(); ++i) {
            const float expected = std::isfinite(sources[i]) ? truths[i] : sources[i];
            ASSERT_TRUE(values[i] == expected || (std::isnan(values[i]) && std::isnan(expected)))
                << i << ": " << values[i] << " " << expected;
        }
    };
    expect_rest(result.position, clean.position, spoilt.position);
    expect_rest(result.rotation, clean.rotation, spoilt.rotation);
    expect_rest(result.feature, clean.feature, spoilt.feature);
    EXPECT_TRUE(std::isnan(numbers_of(result.inv_scale)[40]));
}

TEST(Quantised, SurvivesFieldsWithoutAFiniteNumber) {
    Field field = reference::random_field(40, 3, 30, 20, 1);
    field.feature.fill_(nan);
    field.rotation.fill_(infinity);
    field.inv_scale.fill_(0);
    const Field result = quantised(field, all_of(8));
    EXPECT_TRUE(result.feature.isnan().all().item<bool>());
    EXPECT_TRUE(result.rotation.isinf().all().item<bool>());
    EXPECT_EQ(result.inv_scale.abs().max().item<float>(), 0);
}

TEST(Quantised, SpansTheWholeRangeOfFloats) {
    Field field = reference::random_field(40, 3, 30, 20, 1);
    field.feature.fill_(std::numeric_limits<float>::max());
    field.feature[0].fill_(std::numeric_limits<float>::lowest());
    EXPECT_TRUE(reference::identical(quantised(field, all_of(32)).feature, field.feature));
}

TEST(Quantised, IsTheSameBitsForAnyNumberOfThreads) {
    const Field field = reference::random_field(40000, 3, 300, 200, 7);
    set_threads(1);
    const Field one = quantised(field, all_of(9));
    set_threads(4);
    const Field four = quantised(field, all_of(9));
    set_threads(0);
    EXPECT_TRUE(reference::identical(one.position, four.position));
    EXPECT_TRUE(reference::identical(one.inv_scale, four.inv_scale));
    EXPECT_TRUE(reference::identical(one.feature, four.feature));
}

TEST(Quantiser, UsesItsMemoryAgainAndLeavesTheFieldAsItIs) {
    Field field = example();
    const Field before = example();
    Quantiser quantiser(field, all_of(6));
    const at::Tensor position = quantiser.copy().position;
    quantiser(field);
    EXPECT_TRUE(reference::identical(field.position, before.position));
    field.position.mul_(0.5F);
    EXPECT_TRUE(quantiser(field).position.is_same(position));
    EXPECT_EQ(numbers_of(position), rounded(numbers_of(field.position), 6));
}

TEST(Quantisation, RefusesBitsOutOfRange) {
    EXPECT_NO_THROW(all_of(4).check());
    EXPECT_NO_THROW(all_of(32).check());
    EXPECT_THROW((Quantisation{.position = 3}).check(), UsageError);
    EXPECT_THROW((Quantisation{.scale = 33}).check(), UsageError);
    EXPECT_THROW((Quantisation{.rotation = 0}).check(), UsageError);
    EXPECT_THROW((Quantisation{.feature = -8}).check(), UsageError);
}

TEST(Quantisation, CountsTheBitsOfAGaussian) {
    EXPECT_EQ(Quantisation().of_gaussian(3), 128);
    EXPECT_EQ((Quantisation{.position = 12, .scale = 9, .rotation = 7, .feature = 6}).of_gaussian(4), 24 + 18 + 7 + 24);
}

}  // namespace
}  // namespace gsfit

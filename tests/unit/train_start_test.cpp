// Runs that start from a field.

#include "gsfit/train/start.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "gsfit/core/error.h"
#include "unit/cloned_state.h"

namespace gsfit {
namespace {

PackedImage waves(std::int64_t width, std::int64_t height, int channels) {
    std::vector<std::uint8_t> pixels;
    for (std::int64_t i = 0; i < width * height * channels; ++i) {
        pixels.push_back(static_cast<std::uint8_t>(128 + 100 * std::sin(0.01 * static_cast<double>(i % (7 * width)))));
    }
    return PackedImage::copy(pixels, width, height, channels);
}

TrainOptions run_of(std::int64_t num_gaussians) {
    TrainOptions options;
    options.num_gaussians = num_gaussians;
    options.max_steps = 16;
    options.eval_steps = 0;
    return options;
}

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
    return a.sizes() == b.sizes() && std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
}

TEST(Start, RescalesTheFieldToTheImage) {
    const Field field = train(waves(40, 30, 3), run_of(20), {}).field;
    const TrainState state = start_from(field, waves(80, 60, 3).info(), run_of(20));
    EXPECT_EQ(state.step, 0);
    EXPECT_EQ(state.initial_gaussians, 20);
    EXPECT_EQ(state.field.raster_width, 80);
    EXPECT_EQ(state.field.raster_height, 60);
    EXPECT_NEAR(state.field.inv_scale.sum().item<double>(), field.inv_scale.sum().item<double>() / 2, 1e-5);
    EXPECT_NEAR(state.field.position.sum().item<double>(), field.position.sum().item<double>(), 1e-5);
    EXPECT_EQ(state.moments.first.abs().max().item<double>(), 0);
    EXPECT_EQ(state.moments.second.max().item<double>(), 0);
    EXPECT_EQ(state.moments.age.max().item<int>(), 0);
}

TEST(Start, FromAFinishedFieldBeginsWhereThatEnded) {
    std::optional<double> finished;
    std::optional<double> first;
    const PackedImage image = waves(64, 48, 3);
    const Field field = train(image, run_of(40), {[&](const TrainEvent& event) { finished = event.loss; }}).field;
    TrainOptions options = run_of(40);
    options.max_steps = 1;
    train(image, options, {[&](const TrainEvent& event) { first = event.loss; }},
          start_from(field, image.info(), options));
    EXPECT_NEAR(*first, *finished, 0.2 * *finished);
}

TEST(Start, TheRunAddsTheRestInEqualParts) {
    const PackedImage image = waves(64, 48, 3);
    const Field field = train(image, run_of(20), {}).field;
    std::vector<std::int64_t> sizes;
    const auto listen = [&](const TrainEvent& event) {
        if (event.kind != TrainEvent::Kind::grown) return;
        sizes.push_back(event.state.field.size());
        EXPECT_EQ(event.position_before.size(0), sizes.size() == 1 ? 20 : sizes[sizes.size() - 2]);
    };
    const TrainState end = train(image, run_of(100), {listen}, start_from(field, image.info(), run_of(100)));
    EXPECT_EQ(sizes, (std::vector<std::int64_t>{40, 60, 80, 100}));
    EXPECT_EQ(end.field.size(), 100);
}

TEST(Start, AStoppedRunGoesOnBitForBitWithoutTheField) {
    const PackedImage image = waves(64, 48, 3);
    const Field field = train(image, run_of(20), {}).field;
    const TrainState start = start_from(field, image.info(), run_of(100));
    const TrainState straight = train(image, run_of(100), {}, clone(start));
    std::atomic<bool> stop = false;
    const auto stop_at_3 = [&](const TrainEvent& event) { stop = event.state.step >= 3; };
    const TrainState stopped = train(image, run_of(100), {stop_at_3}, clone(start), &stop);
    ASSERT_LT(stopped.field.size(), 100);
    const TrainState resumed = train(image, run_of(100), {}, clone(stopped));
    EXPECT_TRUE(same_bits(straight.field.position, resumed.field.position));
    EXPECT_TRUE(same_bits(straight.field.feature, resumed.field.feature));
}

TEST(Start, RefusesWhatDoesNotFit) {
    const Field field = train(waves(40, 30, 3), run_of(20), {}).field;
    EXPECT_THROW(start_from(field, waves(40, 30, 1).info(), run_of(20)), std::invalid_argument);
    EXPECT_THROW(start_from(field, waves(40, 30, 3).info(), run_of(19)), std::invalid_argument);
    TrainOptions options = run_of(20);
    options.initial_gaussians = 21;
    EXPECT_THROW(options.check(), UsageError);
}

}  // namespace
}  // namespace gsfit

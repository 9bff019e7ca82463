// A field that a GPU trains while it is rounded, with the kernels for GPUs at work.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "gsfit/compact.h"
#include "gsfit/compact/rounding.h"
#include "gsfit/eval.h"

namespace gsfit {
namespace {

constexpr codec::Description description{.width = 96, .height = 64, .channels = 3, .blending = {}};

/// What colours and forms were when all of them had been frozen, and whether places still moved.
struct Frozen {
    codec::Gaussians now;
    bool moved = false;

    void look(const TrainEvent& event) {
        const codec::Gaussians field = gaussians_of(event.state.field);
        if (event.state.progress < 0.7) {
            now = field;
            return;
        }
        EXPECT_EQ(field.feature, now.feature) << "after step " << event.state.step;
        EXPECT_EQ(field.inv_scale, now.inv_scale) << "after step " << event.state.step;
        EXPECT_EQ(field.rotation, now.rotation) << "after step " << event.state.step;
        moved |= field.position != now.position;
        now = field;
    }
};

PackedImage waves() {
    std::vector<std::uint8_t> pixels;
    for (int i = 0; i < description.width * description.height * 3; ++i) {
        const double x = i / 3 % description.width;
        const double y = i / 3 / description.width;
        pixels.push_back(static_cast<std::uint8_t>(120 + 50 * std::sin(0.2 * x + i % 3) + 40 * std::sin(0.3 * y)));
    }
    return PackedImage::copy(pixels, description.width, description.height, 3);
}

TEST(Freezing, OnAGpuEndsAtWhatIsSettled) {
    const PackedImage image = waves();
    TrainOptions options;
    options.num_gaussians = 150;
    options.max_steps = 40;
    options.eval_steps = 0;
    const Field start = train(image, options, {}).field;
    options.max_steps = 60;
    Frozen frozen;
    const double q = 4 * best_q(start, evaluate_psnr(start, {}, image));
    const auto file =
        frozen_file(start, description, image, q, options, {[&](const auto& event) { frozen.look(event); }});
    ASSERT_TRUE(file);
    EXPECT_TRUE(frozen.moved);
    const codec::Gaussians decoded = reader_of(*file).decode();
    EXPECT_EQ(frozen.now.feature, decoded.feature);
    const auto psnr_of = [&](const codec::Gaussians& field) {
        return evaluate_psnr(field_of(field, description), {}, image);
    };
    EXPECT_GT(psnr_of(decoded), psnr_of(frozen.now));
    const codec::Encoder encoder(gaussians_of(start), description);
    const codec::Gaussians at_once = reader_of(encoder.encode(q)).decode();
    EXPECT_GT(psnr_of(frozen.now), psnr_of(at_once) + 0.15);
}

}  // namespace
}  // namespace gsfit

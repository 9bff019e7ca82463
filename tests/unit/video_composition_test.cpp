#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "gsfit/draw.h"
#include "video/caption.h"
#include "video/composition.h"
#include "video_files.h"

namespace gsfit {
namespace {

constexpr double room_enough = 1e6;

Frame frame_at(std::int64_t step, std::int64_t gaussians) {
    Frame frame;
    frame.step = step;
    frame.gaussians = gaussians;
    return frame;
}

TEST(VideoCaption, TellsWhatWasMeasured) {
    Frame frame{.step = 500, .seconds = 12.34, .gaussians = 10000, .psnr = 33.8125, .ssim = 0.9121};
    EXPECT_EQ(caption(frame, 14, room_enough),
              "step 500 \u00b7 33.81 dB \u00b7 SSIM 0.912 \u00b7 10,000 Gaussians \u00b7 12.3 s");
    frame.ssim.reset();
    frame.psnr = std::numeric_limits<double>::infinity();
    EXPECT_EQ(caption(frame, 14, room_enough), "step 500 \u00b7 \u221e dB \u00b7 10,000 Gaussians \u00b7 12.3 s");
    EXPECT_EQ(caption(frame_at(1234567, 1), 14, room_enough), "step 1,234,567 \u00b7 1 Gaussian \u00b7 0.0 s");
}

TEST(VideoCaption, IsShortenedRatherThanClipped) {
    const Frame frame{.step = 500, .seconds = 12.34, .gaussians = 10000, .psnr = 33.8125, .ssim = 0.9121};
    EXPECT_EQ(caption(frame, 14, text_width("step 500 \u00b7 33.81 dB \u00b7 SSIM", 14)), "step 500 \u00b7 33.81 dB");
    EXPECT_EQ(caption(frame, 14, 10), "");
    for (double room = 0; room < 700; room += 7) {
        EXPECT_LE(text_width(caption(frame, 20, room), 20), room);
    }
}

struct Case {
    std::int64_t width;
    std::int64_t height;
    std::int64_t max_width;
};

class VideoPlans : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(Sizes, VideoPlans,
                         testing::Values(Case{64, 48, 3840}, Case{1, 300, 3840}, Case{300, 1, 3840}, Case{1, 1, 3840},
                                         Case{1, 16384, 3840}, Case{16384, 1, 3840}, Case{1920, 1080, 3840},
                                         Case{3840, 2160, 3840}, Case{2160, 3840, 3840}, Case{479, 271, 3840},
                                         Case{640, 480, 640}, Case{641, 481, 333}, Case{2000, 1000, 161},
                                         Case{64, 48, 16}, Case{999, 777, 17}, Case{16384, 16384, 16384}));

TEST_P(VideoPlans, FitAndKeepTheAspect) {
    const Case& size = GetParam();
    for (const VideoLayout layout : {VideoLayout::side, VideoLayout::render, VideoLayout::slider}) {
        const VideoPlan plan(size.width, size.height, {.layout = layout, .max_width = size.max_width});
        EXPECT_EQ(plan.width % 2, 0);
        EXPECT_EQ(plan.height % 2, 0);
        EXPECT_LE(plan.width, size.max_width);
        EXPECT_LE(plan.height, size.max_width);
        EXPECT_GE(plan.target_x, 0);
        EXPECT_LE(plan.render_x + plan.pane_width, plan.width);
        EXPECT_LE(plan.pane_height, plan.height);
        if (layout == VideoLayout::side) {
            EXPECT_GE(plan.render_x, plan.target_x + plan.pane_width);
        } else {
            EXPECT_EQ(plan.render_x, plan.target_x);
        }
        // Whole factors, or the aspect within rounding.
        if (plan.pane_width > size.width) {
            EXPECT_EQ(plan.pane_width % size.width, 0);
            EXPECT_EQ(plan.pane_height, plan.pane_width / size.width * size.height);
        } else {
            const double scale = static_cast<double>(std::max(plan.pane_width, plan.pane_height)) /
                                 static_cast<double>(std::max(size.width, size.height));
            EXPECT_NEAR(static_cast<double>(plan.pane_width), std::max(1.0, scale * static_cast<double>(size.width)),
                        1);
            EXPECT_NEAR(static_cast<double>(plan.pane_height), std::max(1.0, scale * static_cast<double>(size.height)),
                        1);
        }
        if (plan.font_size > 0) {
            EXPECT_GE(plan.font_size, 14);
            EXPECT_GT(plan.label_y - plan.font_size, static_cast<double>(plan.pane_height));
            EXPECT_LT(plan.caption_y + 0.3 * plan.font_size, static_cast<double>(plan.height));
        }
        EXPECT_EQ(plan.font_size > 0, size.max_width >= 160);
    }
}

TEST(VideoPlan, EnlargesSmallFramesAndLeavesOthersAlone) {
    const VideoPlan small(64, 48, {});
    EXPECT_EQ(small.pane_width, 640);
    EXPECT_EQ(small.pane_height, 480);
    const VideoPlan large(1920, 1080, {});
    EXPECT_EQ(large.pane_width, 1920);
    EXPECT_EQ(large.pane_height, 1080);
    EXPECT_EQ(large.width, 3840);
}

/// Grey of every frame's panes: 100 in the target, 200 in the render.
Picture composed(std::int64_t width, std::int64_t height, VideoLayout layout, double progress) {
    const VideoPlan plan(width, height, {.layout = layout});
    return Composition(plan, layout, Picture(width, height, 100)).compose(Picture(width, height, 200), {}, progress);
}

/// Of the pixels of the row at `y`, how many are of the grey.
std::int64_t count(const Picture& picture, std::int64_t y, std::uint8_t grey) {
    std::int64_t found = 0;
    for (std::int64_t x = 0; x < picture.width; ++x) {
        const std::uint8_t* pixel = picture.pixel(x, y);
        found += pixel[0] == grey && pixel[1] == grey && pixel[2] == grey ? 1 : 0;
    }
    return found;
}

TEST(Composition, PutsTargetAndRenderSideBySide) {
    for (const auto& [width, height] : {std::pair{64, 48}, std::pair{1, 300}, std::pair{700, 501}}) {
        const VideoPlan plan(width, height, {});
        const Picture picture = composed(width, height, VideoLayout::side, 0.5);
        EXPECT_EQ(picture.width, plan.width);
        EXPECT_EQ(picture.height, plan.height);
        for (const std::int64_t y : {std::int64_t{0}, plan.pane_height - 1}) {
            EXPECT_EQ(count(picture, y, 100), plan.pane_width);
            EXPECT_EQ(count(picture, y, 200), plan.pane_width);
            EXPECT_EQ(picture.pixel(plan.target_x, y)[0], 100);
            EXPECT_EQ(picture.pixel(plan.render_x, y)[0], 200);
        }
    }
}

TEST(Composition, ShowsTheRenderAlone) {
    const Picture picture = composed(64, 48, VideoLayout::render, 0.5);
    EXPECT_EQ(count(picture, 0, 200), 640);
    EXPECT_EQ(count(picture, 0, 100), 0);
}

TEST(Composition, SlidesFromTheTargetToTheRender) {
    EXPECT_EQ(count(composed(64, 48, VideoLayout::slider, 0), 0, 100), 640);
    EXPECT_EQ(count(composed(64, 48, VideoLayout::slider, 1), 0, 200), 640);
    const Picture picture = composed(64, 48, VideoLayout::slider, 0.25);
    EXPECT_EQ(picture.pixel(475, 0)[0], 100);
    EXPECT_EQ(picture.pixel(480, 0)[0], 255);
    EXPECT_EQ(picture.pixel(485, 0)[0], 200);
    EXPECT_EQ(count(picture, 0, 255), 2);
    EXPECT_EQ(count(picture, 0, 0), 2);
}

TEST(Composition, WritesBelowThePanesOnly) {
    const VideoLayout layout = VideoLayout::side;
    const VideoPlan plan(64, 48, {.layout = layout});
    const Composition composition(plan, layout, Picture(64, 48, 100));
    const Picture early = composition.compose(Picture(64, 48, 200), frame_at(1, 5), 0);
    const Picture late = composition.compose(Picture(64, 48, 200), frame_at(900, 7000), 0);
    const auto panes = static_cast<std::ptrdiff_t>(3 * plan.width * plan.pane_height);
    EXPECT_TRUE(std::equal(early.rgb.begin(), early.rgb.begin() + panes, late.rgb.begin()));
    EXPECT_NE(early.rgb, late.rgb);
    EXPECT_EQ(count(early, plan.height - 1, 24), plan.width);  // nothing is cut off at the bottom
}

TEST(Composition, ScalesATargetOfAnotherSize) {
    const VideoPlan plan(64, 48, {});
    const Composition composition(plan, VideoLayout::side, Picture(128, 96, 100));
    EXPECT_EQ(count(composition.compose(Picture(64, 48, 200), {}, 0), 0, 100), 640);
}

}  // namespace
}  // namespace gsfit

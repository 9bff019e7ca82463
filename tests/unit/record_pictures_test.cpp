#include "gsfit/record/pictures.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "gsfit/core/file.h"
#include "gsfit/draw/error_map.h"
#include "record/picture_parts.h"
#include "unit/temporary_directory.h"
#include "unit/train_states.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;
using Kind = TrainEvent::Kind;
using Names = std::set<std::string>;
using Color = std::array<std::uint8_t, 3>;

constexpr std::int64_t width = 160;
constexpr std::int64_t height = 120;
const std::vector<float> places{0.25F, 0.25F, 0.75F, 0.25F, 0.25F, 0.75F, 0.75F, 0.75F};

/// Four broad Gaussians in a square, each of one value in all channels.
TrainState four_gaussians(std::int64_t channels = 3, std::int64_t size = 4) {
    TrainState state = example_state(size, channels);
    state.field.position = at::tensor(places).view({4, 2}).narrow(0, 0, size).contiguous();
    state.field.inv_scale = counting({size, 2}, 0.05F, 0);
    state.field.feature = counting({size, channels}, 0.5F, 0);
    state.field.raster_width = width;
    state.field.raster_height = height;
    state.blending = {};
    state.step = 0;
    return state;
}

PackedImage image_of(std::uint8_t value, std::int64_t w = width, std::int64_t h = height, int channels = 3) {
    return PackedImage::copy(std::vector<std::uint8_t>(static_cast<std::size_t>(w * h * channels), value), w, h,
                             channels);
}

class Pictures : public testing::Test {
protected:
    void tell(PictureRecorder& recorder, Kind kind, TrainState state, std::int64_t step, bool stopped = false) const {
        state.step = step;
        recorder(TrainEvent{.kind = kind, .state = state, .psnr = {}, .ssim = {}, .stopped = stopped});
    }

    void tell_run(PictureRecorder& recorder, std::int64_t steps, bool stopped = false) const {
        tell(recorder, Kind::started, four_gaussians(), 0);
        for (std::int64_t step = 1; step < steps; ++step) tell(recorder, Kind::stepped, four_gaussians(), step);
        tell(recorder, Kind::finished, four_gaussians(), steps, stopped);
    }

    [[nodiscard]] Names names() const {
        Names names;
        for (const auto& entry : fs::directory_iterator(run_ / "pictures")) names.insert(entry.path().filename());
        return names;
    }

    [[nodiscard]] Picture picture(const std::string& name) const {
        return decode_picture(read_file(run_ / "pictures" / name, 1 << 26), name);
    }

    const TemporaryDirectory run_;
};

Color color_at(const Picture& picture, std::int64_t x, std::int64_t y) {
    const std::uint8_t* pixel = picture.pixel(x, y);
    return {pixel[0], pixel[1], pixel[2]};
}

const PictureOptions shown{.steps = 0, .gaussians = true, .render_ending = ".png", .plot_ending = ".png"};

TEST_F(Pictures, OfTheRenderComeEveryFewSteps) {
    PictureRecorder recorder(run_.path(), {.steps = 4}, image_of(90));
    tell_run(recorder, 9);
    EXPECT_EQ(names(), (Names{"step-4-render.jpg", "step-8-render.jpg"}));
    EXPECT_EQ(picture("step-4-render.jpg").width, width);
    EXPECT_EQ(picture("step-4-render.jpg").height, height);
}

TEST_F(Pictures, OfGaussiansComeAtTheStartAndTheEndToo) {
    PictureOptions options{.steps = 4, .gaussians = true, .plot_ending = ".png"};
    PictureRecorder recorder(run_.path(), options, image_of(90));
    tell_run(recorder, 5);
    Names expected;
    for (const char* step : {"step-0-", "step-4-", "step-5-"}) {
        for (const char* what : {"render.jpg", "ids.jpg", "positions.png", "ellipses.png", "error.png"}) {
            expected.insert(std::string(step) + what);
        }
    }
    EXPECT_EQ(names(), expected);
    remove_pictures(run_.path());
    EXPECT_FALSE(fs::exists(run_ / "pictures"));
}

TEST_F(Pictures, AStoppedRunHasNoneOfItsEnd) {
    PictureRecorder recorder(run_.path(), shown, image_of(90));
    tell_run(recorder, 5, true);
    for (const std::string& name : names()) EXPECT_TRUE(name.starts_with("step-0-")) << name;
}

TEST_F(Pictures, OfOthersStayWhenTheyAreRemoved) {
    PictureRecorder recorder(run_.path(), shown, image_of(90));
    tell_run(recorder, 5);
    std::ofstream(run_ / "pictures/step-5-mine.png") << "mine";
    remove_pictures(run_.path());
    EXPECT_EQ(names(), Names{"step-5-mine.png"});
}

TEST_F(Pictures, ADotLiesWhereAGaussianIs) {
    PictureRecorder recorder(run_.path(), shown, image_of(90));
    tell_run(recorder, 1);
    const Picture dots = picture("step-0-positions.png");
    EXPECT_EQ(dots.width, width);
    EXPECT_GT(dots.height, height) << "a legend";
    for (std::size_t i = 0; i < 8; i += 2) {
        const auto x = static_cast<std::int64_t>(places[i] * width);
        const auto y = static_cast<std::int64_t>(places[i + 1] * height);
        EXPECT_GT(color_at(dots, x, y)[2], 200) << i;
        EXPECT_NEAR(color_at(dots, x + 9, y)[2], color_at(dots, 80, 60)[2], 2) << "the render alone, at " << i;
    }
}

TEST_F(Pictures, AddedOnesHaveAColourOfTheirOwn) {
    PictureRecorder recorder(run_.path(), shown, image_of(90));
    const TrainState state = four_gaussians();
    recorder(TrainEvent{.kind = Kind::grown,
                        .state = state,
                        .psnr = {},
                        .ssim = {},
                        .position_before = four_gaussians(3, 2).field.position});
    EXPECT_EQ(names(), Names{"step-0-added.png"});
    const Picture dots = picture("step-0-added.png");
    EXPECT_GT(color_at(dots, 40, 30)[2], color_at(dots, 40, 30)[0]) << "blue: it was there before";
    EXPECT_GT(color_at(dots, 120, 30)[2], color_at(dots, 120, 30)[0]);
    EXPECT_GT(color_at(dots, 40, 90)[0], color_at(dots, 40, 90)[2]) << "orange: it was added";
    EXPECT_GT(color_at(dots, 120, 90)[0], color_at(dots, 120, 90)[2]);
}

TEST_F(Pictures, IdsTellGaussiansApart) {
    PictureRecorder recorder(run_.path(), shown, image_of(90));
    tell_run(recorder, 1);
    const Picture ids = picture("step-0-ids.png");
    std::set<Color> colors;
    for (std::size_t i = 0; i < 8; i += 2) {
        colors.insert(color_at(ids, static_cast<std::int64_t>(places[i] * width),
                               static_cast<std::int64_t>(places[i + 1] * height)));
    }
    EXPECT_EQ(colors.size(), 4U);
    const Picture render = picture("step-0-render.png");
    EXPECT_EQ(color_at(render, 40, 30), color_at(render, 120, 90)) << "which the render does not";
}

TEST_F(Pictures, AnExactRenderHasNoError) {
    PictureRecorder first(run_.path(), {.steps = 1, .render_ending = ".png"}, image_of(0));
    tell(first, Kind::stepped, four_gaussians(), 1);
    const Picture render = picture("step-1-render.png");
    PictureRecorder recorder(run_.path(), shown, PackedImage::copy(render.rgb, width, height, 3));
    tell_run(recorder, 1);
    const Picture error = picture("step-0-error.png");
    for (std::int64_t i = 0; i < width * height; ++i) ASSERT_EQ(color_at(error, i % width, i / width), error_color(0));
    PictureRecorder other(run_.path(), shown, image_of(255));
    tell_run(other, 1);
    EXPECT_EQ(color_at(picture("step-0-error.png"), 40, 30), error_color(1));
}

TEST_F(Pictures, AreBoundedInSizeAndShowEveryMap) {
    PictureOptions options = shown;
    options.max_side = 100;
    PictureRecorder recorder(run_.path(), options, image_of(90));
    tell_run(recorder, 1);
    EXPECT_EQ(picture("step-0-render.png").width, 100);
    EXPECT_EQ(picture("step-0-ids.png").height, 75);
    PictureRecorder stack(run_.path(), options, image_of(90, width, height, 7));  // seven grey ones: three by three
    tell(stack, Kind::started, four_gaussians(7), 0);
    EXPECT_EQ(picture("step-0-render.png").width, 99);
    EXPECT_EQ(picture("step-0-positions.png").width, 33);
}

TEST(PictureParts, WithoutLeavesThoseThatAreNew) {
    const std::vector<Position> all{{0.1F, 0.2F}, {0.1F, 0.3F}, {0.2F, 0.2F}};
    const std::vector<Position> rest = without(all, {{0.2F, 0.2F}, {0.1F, 0.2F}});
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].y, 0.3F);
    EXPECT_EQ(without(all, {}).size(), 3U);
}

TEST(PictureParts, ManyDotsAreThinned) {
    std::vector<Position> many;
    for (int i = 0; i < 5000; ++i) many.push_back({0.5F, 0.5F});
    const Picture picture = positions_picture(Picture(200, 100, 200), many);
    EXPECT_EQ(picture.width, 200);
    EXPECT_LT(color_at(picture, 20, 20)[0], 130) << "the render is darkened";
}

TEST(Patches, AreShownWithoutTheirOverlap) {
    // Three in a row that share 10 pixels each, the last one narrower, and a second row.
    std::vector<PatchScore> patches;
    for (const auto& [y, rows] : {std::pair(0, 40), {30, 25}}) {
        for (const auto& [x, columns] : {std::pair(0, 40), {30, 40}, {60, 20}}) {
            patches.push_back({.x = x, .y = y, .width = columns, .height = rows});
        }
    }
    std::vector<std::array<std::int64_t, 4>> cells;
    for (const PatchScore& cell : without_overlap(patches)) cells.push_back({cell.x, cell.y, cell.width, cell.height});
    const std::vector<std::array<std::int64_t, 4>> expected{{0, 0, 35, 35},  {35, 0, 30, 35},  {65, 0, 15, 35},
                                                            {0, 35, 35, 20}, {35, 35, 30, 20}, {65, 35, 15, 20}};
    EXPECT_EQ(cells, expected);
}

}  // namespace
}  // namespace gsfit

// How far a part's Gaussians reach, and which rectangles are told so.

#include <gtest/gtest.h>

#include <cmath>

#include "codec/file.h"
#include "codec/index.h"
#include "codec/layout.h"
#include "unit/codec_fields.h"

namespace gsfit::codec {
namespace {

const Description description{.width = 900, .height = 600, .channels = 1, .blending = {}};

/// The head of a file of one chunk.
struct Head {
    Header header;
    Grid grid;
    std::int64_t reach;

    explicit Head(std::span<const std::byte> file) {
        ByteReader bytes(file.subspan(prefix_bytes));
        header = read_header(bytes);
        const Layout layout(header);
        EXPECT_EQ(layout.parts(), 2);
        grid = layout.grid(1);
        reach = read_index(bytes, layout.parts())[1].reach;
    }
};

/// A Gaussian of sigma 60 and 20 pixels.
Gaussians one_at(float x, float y, float angle) {
    return {.position = {x, y}, .inv_scale = {1 / 60.0F, 1 / 20.0F}, .rotation = {angle}, .feature = {0.5F}};
}

class CodecReach : public testing::TestWithParam<std::tuple<float, float, float>> {};

TEST_P(CodecReach, IsThatOfTheEllipsesBox) {
    const auto [x, y, angle] = GetParam();
    const std::vector<std::byte> file = Encoder(one_at(x, y, angle), description).encode(1e-9);
    const Head head(file);
    const Gaussians back = decoded(file);
    ASSERT_EQ(back.size(), 1);
    const double cosine = std::cos(back.rotation[0]);
    const double sine = std::sin(back.rotation[0]);
    const double major = description.blending.cutoff / back.inv_scale[0];
    const double minor = description.blending.cutoff / back.inv_scale[1];
    const double width = std::hypot(major * cosine, minor * sine);
    const double height = std::hypot(major * sine, minor * cosine);
    const auto left = static_cast<double>(head.grid.left);
    const auto top = static_cast<double>(head.grid.top);
    const double right = left + head.grid.columns * head.grid.cell;
    const double bottom = top + head.grid.rows * head.grid.cell;
    const double px = back.position[0] * 900;
    const double py = back.position[1] * 600;
    const double beyond =
        std::max({0.0, left - px + width, px + width - right, top - py + height, py + height - bottom});
    EXPECT_NEAR(static_cast<double>(head.reach), beyond + 1.5, 0.51);
}

constexpr float quarter = 1.5708F;
INSTANTIATE_TEST_SUITE_P(Places, CodecReach,
                         testing::Combine(testing::Values(0.02F, 0.5F, 1.05F), testing::Values(0.03F, 0.5F, 1.1F),
                                          testing::Values(0.0F, 0.6F, quarter)));

TEST(CodecReach, OfEachSideTellsWhatARectangleSees) {
    const std::vector<std::byte> file = Encoder(one_at(0.05F, 0.05F, 0.4F), description).encode(1e-6);
    const Head head(file);
    const auto reach = static_cast<double>(head.reach);
    const auto left = static_cast<double>(head.grid.left);
    const auto top = static_cast<double>(head.grid.top);
    const double right = left + head.grid.columns * head.grid.cell;
    const double bottom = top + head.grid.rows * head.grid.cell;
    ASSERT_GT(reach, 50);
    const auto seen = [&](const Rectangle& rectangle) {
        return Reader(reading(file), file.size(), "field.gsf").decode(rectangle).size();
    };
    for (const double in : {0.0, 0.5}) {  // touches what is reached, or overlaps it
        const std::int64_t expected = in > 0 ? 1 : 0;
        EXPECT_EQ(seen({left - reach - 9, top, left - reach + in, bottom}), expected);
        EXPECT_EQ(seen({right + reach - in, top, right + reach + 9, bottom}), expected);
        EXPECT_EQ(seen({left, top - reach - 9, right, top - reach + in}), expected);
        EXPECT_EQ(seen({left, bottom + reach - in, right, bottom + reach + 9}), expected);
    }
}

}  // namespace
}  // namespace gsfit::codec

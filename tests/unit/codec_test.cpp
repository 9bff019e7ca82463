// Fields become files and come back.

#include <gtest/gtest.h>

#include <algorithm>

#include "codec/fit.h"
#include "codec/quantise.h"
#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "unit/codec_fields.h"
#include "unit/sentences.h"

namespace gsfit::codec {
namespace {

constexpr double q = 1e-3;

Description raster(std::int64_t width, std::int64_t height, int channels = 3) {
    return {.width = width, .height = height, .channels = channels, .blending = {}};
}

/// What an encoder holds when its parts are ready to be written.
Plan quantised_plan(const Gaussians& gaussians, const Description& description) {
    const std::vector<Item> items = items_of(gaussians, description);
    const std::vector<Importance> importances = importance_of(items, description);
    Plan plan = plan_of(items, description);
    plan.header.error = -10 * octave;
    fit_areas(plan);
    fit_color_steps(plan, importances);
    const auto each = [&](const auto& visit) {
        for (PlannedPart& planned : plan.parts) {
            for (int i = 0; i < planned.part.size(); ++i) visit(items[planned.items[i]], planned, i);
        }
    };
    each([&](const Item& item, PlannedPart& planned, int i) {
        quantise_color(item, plan.steps(planned), planned.part, i);
    });
    fit_colors(plan);
    fit_shape_steps(plan, importances);
    each([&](const Item& item, PlannedPart& planned, int i) {
        const ShapeScale scale(planned.part, plan.steps(planned), plan.header.least_sigma, i);
        quantise_form(item, scale, planned.part, i);
        quantise_place(item.x, item.y, scale, planned.part, i);
    });
    return plan;
}

class CodecParts : public testing::TestWithParam<int> {};

TEST_P(CodecParts, DecodeToWhatTheEncoderHolds) {
    const Description description = raster(700, 420, GetParam());
    Plan plan = quantised_plan(scattered(3000, description), description);
    std::int64_t checked = 0;
    for (PlannedPart& planned : plan.parts) {
        if (planned.items.empty()) continue;
        const Part held = planned.part;
        RangeEncoder encoder;
        code_part(encoder, plan.header, held.size(), planned.part);
        const std::vector<std::byte> bytes = encoder.finish();
        RangeDecoder decoder(bytes);
        Part part;
        part.grid = held.grid;
        part.channels = held.channels;
        code_part(decoder, plan.header, held.size(), part);
        EXPECT_EQ(part.first, held.first);
        EXPECT_EQ(part.cell, held.cell);
        EXPECT_EQ(part.area, held.area);
        EXPECT_EQ(part.color, held.color);
        EXPECT_EQ(part.value, held.value);
        EXPECT_EQ(part.shape, held.shape);
        EXPECT_EQ(part.geometry, held.geometry);
        checked += part.size();
    }
    EXPECT_GT(checked, 2900);
}

INSTANTIATE_TEST_SUITE_P(Channels, CodecParts, testing::Values(1, 2, 3, 4, 17, max_channels));

TEST(Codec, FinerStepsComeCloser) {
    const Description description = raster(300, 200);
    const Gaussians field = scattered(400, description);
    const Encoder encoder(field, description);
    // Gaussians come back in another order: sums of all tell how far they are.
    const auto far = [&](const Gaussians& other) {
        EXPECT_EQ(other.size(), field.size());
        double sum = 0;
        for (const float x : field.position) sum += x;
        for (const float x : other.position) sum -= x;
        double colors = 0;
        for (const float f : field.feature) colors += f;
        for (const float f : other.feature) colors -= f;
        return std::abs(sum) + std::abs(colors);
    };
    const std::vector<std::byte> coarse = encoder.encode(1);
    const std::vector<std::byte> fine = encoder.encode(1e-8);
    EXPECT_LT(far(decoded(fine)), 0.05);
    EXPECT_GT(far(decoded(coarse)), 10 * far(decoded(fine)));
    EXPECT_LT(2 * coarse.size(), fine.size());
}

TEST(Codec, ColoursAreWithinTheirSteps) {
    const Description description = raster(64, 64);
    Gaussians one{
        .position = {0.3F, 0.6F}, .inv_scale = {0.5F, 0.1F}, .rotation = {0.4F}, .feature = {0.9F, 0.2F, -0.3F}};
    const Gaussians back = decoded(Encoder(one, description).encode(1e-9));
    ASSERT_EQ(back.size(), 1);
    EXPECT_NEAR(back.position[0], 0.3, 1e-3);
    EXPECT_NEAR(back.position[1], 0.6, 1e-3);
    // The major axis comes first, so the angle is a quarter turn more.
    EXPECT_NEAR(back.inv_scale[0], 0.1, 2e-3);
    EXPECT_NEAR(back.inv_scale[1], 0.5, 1e-2);
    EXPECT_NEAR(back.rotation[0], 0.4 + std::numbers::pi / 2, 5e-3);
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(back.feature[c], one.feature[c], 5e-3);
}

TEST(Codec, DescriptionComesBack) {
    Description description = raster(1234, 77, 5);
    description.blending = {
        .blend = Blend::topk_norm, .cutoff = 5, .eps = 1e-4F, .topk = 7, .support = Support::tile16};
    description.maps = {{.name = "albedo", .channels = 4, .alpha = true, .bits = 16, .gamma = 2.2F},
                        {.name = "height", .first = 4, .bits = 32, .low = -3, .high = 8, .profile = {std::byte(1)}}};
    const std::vector<std::byte> file = Encoder(scattered(50, description), description).encode(q);
    const Reader reader(reading(file), file.size(), "field.gsf");
    const Description& back = reader.description();
    EXPECT_EQ(back.width, 1234);
    EXPECT_EQ(back.height, 77);
    EXPECT_EQ(back.channels, 5);
    EXPECT_EQ(back.blending.blend, Blend::topk_norm);
    EXPECT_EQ(back.blending.support, Support::tile16);
    EXPECT_EQ(back.blending.cutoff, 5);
    EXPECT_EQ(back.blending.eps, 1e-4F);
    EXPECT_EQ(back.blending.topk, 7);
    EXPECT_EQ(back.maps, description.maps);
    EXPECT_EQ(reader.size(), reader.decode().size());
    EXPECT_NEAR(reader.log2_q(), std::log2(q), 1e-3);
}

TEST(Codec, HitsANumberOfBytes) {
    const Description description = raster(640, 480);
    const Encoder encoder(scattered(2000, description), description);
    for (const std::size_t bytes : {5000, 9000, 14000}) {
        const std::size_t size = encoder.encode_within(bytes).size();
        EXPECT_LE(size, bytes);
        EXPECT_GT(static_cast<double>(size), 0.99 * static_cast<double>(bytes));
    }
    EXPECT_EQ(encoder.encode_within(1), encoder.encode_within(2));  // the smallest there is
}

TEST(Codec, DoesNotDependOnThreads) {
    const Description description = raster(1100, 700);
    const Gaussians field = scattered(6000, description);
    std::vector<std::vector<std::byte>> files;
    std::vector<Gaussians> fields;
    for (const int count : {1, 2, 5}) {
        set_threads(count);
        files.push_back(Encoder(field, description).encode(q));
        fields.push_back(decoded(files.front()));
    }
    set_threads(0);
    for (const auto& file : files) EXPECT_EQ(file, files[0]);
    for (const auto& one : fields) EXPECT_EQ(one, fields[0]);
}

TEST(Codec, LeavesOutWhatNobodySees) {
    const Description description = raster(100, 100);
    Gaussians field = scattered(30, description);
    field.position[0] = 9;  // far to the right
    field.rotation[1] = std::numeric_limits<float>::quiet_NaN();
    field.inv_scale[4] = 0;
    field.feature[9] = std::numeric_limits<float>::infinity();
    EXPECT_EQ(decoded(Encoder(field, description).encode(q)).size(), 26);
}

TEST(Codec, HoldsNoGaussiansAtAll) {
    const Description description = raster(100, 100);
    EXPECT_EQ(decoded(Encoder({}, description).encode(q)).size(), 0);
}

TEST(Codec, RefusesFieldsItCannotHold) {
    const Gaussians field = scattered(3, raster(9, 9, 65));
    expect_contains(sentence_of<UsageError>([&] { Encoder(field, raster(9, 9, 65)); }), "1 to 64 channels, not 65");
    expect_contains(sentence_of<UsageError>([&] { Encoder(field, raster(9, 9, 64)); }), "different lengths");
    Gaussians without_scale = scattered(3, raster(9, 9));
    without_scale.inv_scale.clear();
    expect_contains(sentence_of<UsageError>([&] { Encoder(without_scale, raster(9, 9)); }), "different lengths");
}

/// Of a box in pixels: whether a Gaussian's support meets it.
bool is_seen(const Gaussians& field, std::size_t i, const Description& description, const Rectangle& box) {
    const double u = field.inv_scale[2 * i];
    const double v = field.inv_scale[2 * i + 1];
    const double cosine = std::cos(field.rotation[i]);
    const double sine = std::sin(field.rotation[i]);
    const double cutoff = description.blending.cutoff;
    const double width = cutoff * std::hypot(cosine / u, sine / v);
    const double height = cutoff * std::hypot(sine / u, cosine / v);
    const double x = field.position[2 * i] * static_cast<double>(description.width);
    const double y = field.position[2 * i + 1] * static_cast<double>(description.height);
    return x + width > box.left && x - width < box.right && y + height > box.top && y - height < box.bottom;
}

TEST(Codec, ReadsThePartsThatARectangleNeeds) {
    const Description description = raster(2600, 2100);
    Gaussians field = scattered(20000, description);
    for (std::size_t i = 0; i < 30; ++i) field.inv_scale[2 * i] = field.inv_scale[2 * i + 1] = 0.01F;
    const std::vector<std::byte> file = Encoder(field, description).encode(q);
    const Gaussians all = decoded(file);
    std::vector<Rectangle> boxes{{2590, 2090, 2600, 2100}};
    for (double at = 0; at < 2000; at += 130) boxes.push_back({at, at, at + 60, at + 60});
    for (const Rectangle& box : boxes) {
        const Reader reader(reading(file), file.size(), "field.gsf");
        const std::uint64_t opened = reader.bytes_read();
        EXPECT_LT(opened, 1000U);
        const Gaussians part = reader.decode(box);
        EXPECT_LT(reader.bytes_read(), file.size() / 2);
        EXPECT_GT(reader.bytes_read(), opened);
        // All that are seen are there, in the same order.
        std::size_t next = 0;
        for (std::size_t i = 0; i < static_cast<std::size_t>(all.size()); ++i) {
            if (!is_seen(all, i, description, box)) continue;
            while (next < part.rotation.size() && !(part.position[2 * next] == all.position[2 * i] &&
                                                    part.position[2 * next + 1] == all.position[2 * i + 1])) {
                ++next;
            }
            ASSERT_LT(next, part.rotation.size()) << i;
        }
    }
}

}  // namespace
}  // namespace gsfit::codec

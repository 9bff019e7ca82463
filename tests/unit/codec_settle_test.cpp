// Which symbols make the nearest picture, beside pictures that are drawn here in double precision.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "codec/canvas.h"
#include "gsfit/core/parallel.h"
#include "unit/codec_fields.h"

namespace gsfit::codec {
namespace {

const Description small{.width = 150, .height = 110, .channels = 3, .blending = {}};
const Description of_four_chunks{.width = 1000, .height = 1000, .channels = 1, .blending = {}};
constexpr double q = 1e-2;

struct Picture {
    std::vector<double> values;

    Picture(const Gaussians& field, const Description& description)
        : values(static_cast<std::size_t>(description.width * description.height * description.channels)),
          weights_(static_cast<std::size_t>(description.width * description.height), description.blending.eps) {
        for (std::size_t i = 0; i < field.rotation.size(); ++i) draw(field, i, description);
        for (std::size_t k = 0; k < values.size(); ++k) {
            values[k] /= weights_[k / static_cast<std::size_t>(description.channels)];
        }
    }

private:
    void draw(const Gaussians& field, std::size_t i, const Description& description) {
        const double u = field.inv_scale[2 * i];
        const double v = field.inv_scale[2 * i + 1];
        const double cosine = std::cos(field.rotation[i]);
        const double sine = std::sin(field.rotation[i]);
        const double cutoff = description.blending.cutoff;
        const auto range = [&](double center, std::int64_t side) {
            const double reach = cutoff / std::min(u, v);
            return std::pair(std::max<std::int64_t>(0, std::llround(center - reach)),
                             std::min<std::int64_t>(side, std::llround(center + reach) + 1));
        };
        const double x = field.position[2 * i] * static_cast<double>(description.width);
        const double y = field.position[2 * i + 1] * static_cast<double>(description.height);
        const auto [left, right] = range(x, description.width);
        const auto [top, bottom] = range(y, description.height);
        for (std::int64_t row = top; row < bottom; ++row) {
            for (std::int64_t column = left; column < right; ++column) {
                const double dx = static_cast<double>(column) + 0.5 - x;
                const double dy = static_cast<double>(row) + 0.5 - y;
                const double square =
                    std::pow(u * (cosine * dx + sine * dy), 2) + std::pow(v * (cosine * dy - sine * dx), 2);
                if (square <= cutoff * cutoff) add(row * description.width + column, std::exp(-square / 2), field, i);
            }
        }
    }
    void add(std::int64_t pixel, double weight, const Gaussians& field, std::size_t i) {
        const auto place = static_cast<std::size_t>(pixel);
        const std::size_t channels = values.size() / weights_.size();
        weights_[place] += weight;
        for (std::size_t c = 0; c < channels; ++c) {
            values[place * channels + c] += weight * field.feature[i * channels + c];
        }
    }

    std::vector<double> weights_;
};

/// The picture of a field, as 8-bit pixels.
class Target {
public:
    Target(const Gaussians& field, const Description& description) {
        for (const double value : Picture(field, description).values) {
            pixels_.push_back(static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0))));
        }
        view_ = {.data = reinterpret_cast<const std::byte*>(pixels_.data()),
                 .width = description.width,
                 .height = description.height,
                 .channels = description.channels,
                 .row_bytes = static_cast<std::size_t>(description.width * description.channels)};
    }
    [[nodiscard]] const PackedView& view() const { return view_; }
    /// Squared, of all pixels.
    [[nodiscard]] double error(const Gaussians& field, const Description& description) const {
        const Picture picture(field, description);
        double sum = 0;
        for (std::size_t k = 0; k < picture.values.size(); ++k)
            sum += std::pow(picture.values[k] - pixels_[k] / 255.0, 2);
        return sum;
    }

private:
    std::vector<std::uint8_t> pixels_;
    PackedView view_;
};

Gaussians moved(Gaussians field) {
    std::mt19937 random(5);
    for (float& x : field.inv_scale) x *= 1 + 1e-4F * static_cast<float>(random() % 1000);
    return field;
}

/// All stages done, without training.
void round_all(Freezer& freezer) {
    const Gaussians now = freezer.start();
    for (int stage = 0; stage < Freezer::stages; ++stage) freezer.freeze(now);
}

Splat splat_at(float x, float y) { return {.x = x, .y = y, .a = 0.02F, .b = 0.008F, .c = 0.05F}; }

TEST(CodecSettle, ASplatIsItsGeometry) {
    const Splat splat = splat_of(
        {.x = 3 << place_bits, .y = 5 << place_bits, .major = 2 * octave, .minor = octave, .angle = half_turn / 4});
    EXPECT_FLOAT_EQ(splat.x, 3);
    EXPECT_FLOAT_EQ(splat.y, 5);
    EXPECT_NEAR(splat.a, (1.0 / 16 + 1.0 / 4) / 2, 1e-6);
    EXPECT_NEAR(splat.b, (1.0 / 16 - 1.0 / 4) / 2, 1e-6);
    EXPECT_NEAR(splat.c, splat.a, 1e-6);
}

class CodecCanvas : public testing::TestWithParam<bool> {
protected:
    [[nodiscard]] double weight(const Splat& splat, double x, double y) const {
        const double dx = x - splat.x;
        const double dy = y - splat.y;
        const double square = splat.a * dx * dx + 2 * splat.b * dx * dy + splat.c * dy * dy;
        return square <= drawing.limit ? std::exp(-square / 2) : 0;
    }

    Drawing drawing{.limit = 18, .eps = 3e-3F, .normalised = GetParam()};
    Target target{scattered(60, small), small};
    Splat own = splat_at(70, 40);
    Splat other = splat_at(80.3F, 35.7F);
    std::vector<float> color{0.2F, 0.5F, 0.9F};
    std::vector<float> other_color{0.7F, 0.1F, 0.4F};
};

TEST_P(CodecCanvas, HoldsWhatOthersDrawWhereASplatIsSeen) {
    for (const std::int64_t stride : {1, 2}) {
        Canvas canvas(target.view(), {30, 5, 130, 90}, stride, drawing);
        canvas.add(own, color, 1);
        canvas.add(other, other_color, 1);
        canvas.add(other, other_color, 1);
        canvas.add(other, other_color, -1);
        Samples samples(3);
        canvas.look_without(own, color, 0, samples);
        int seen = 0;
        for (std::size_t i = 0; i < samples.room(); ++i) {
            if (samples.x()[i] > 1e6F) continue;
            const auto x = static_cast<std::int64_t>(samples.x()[i]);
            const auto y = static_cast<std::int64_t>(samples.y()[i]);
            EXPECT_EQ((x - 30) % stride + (y - 5) % stride, 0);
            const double expected = weight(other, samples.x()[i], samples.y()[i]);
            EXPECT_NEAR(samples.weight()[i], expected, 1e-5);
            EXPECT_NEAR(samples.sum(2)[i], 0.4 * expected, 1e-5);
            EXPECT_NEAR(samples.target(1)[i], target.view().value(x, y, 1), 1e-6);
            ++seen;
        }
        const double area = 0.75 * 18 * std::numbers::pi / std::sqrt(0.02 * 0.05 - 0.008 * 0.008);
        EXPECT_NEAR(seen, area / static_cast<double>(stride * stride), 0.05 * area);
    }
}

TEST_P(CodecCanvas, TheErrorIsThatOfThePicture) {
    Canvas canvas(target.view(), {0, 0, 150, 110}, 1, drawing);
    canvas.add(own, color, 1);
    canvas.add(other, other_color, 1);
    Samples samples(3);
    canvas.look_without(own, color, 0, samples);
    const Splat changed = splat_at(71, 41);
    double expected = 0;
    for (std::size_t i = 0; i < samples.room(); ++i) {
        if (samples.x()[i] > 1e6F) continue;
        const double mine = weight(changed, samples.x()[i], samples.y()[i]);
        const double others = weight(other, samples.x()[i], samples.y()[i]);
        const double all = drawing.normalised ? mine + others + 3e-3 : 1.0;
        for (std::size_t c = 0; c < 3; ++c) {
            const double value = (mine * color[c] + others * other_color[c]) / all;
            expected += std::pow(value - samples.target(c)[i], 2);
        }
    }
    EXPECT_NEAR(squared_error(changed, color, drawing, samples), expected, 1e-4 * expected);
}

INSTANTIATE_TEST_SUITE_P(Blends, CodecCanvas, testing::Bool());

TEST(CodecSettle, MakesTheNearestPicture) {
    const Gaussians field = scattered(150, small);
    const Target target(field, small);
    Freezer freezer(moved(field), small, q);
    round_all(freezer);
    const Gaussians before = decoded(freezer.file());
    freezer.settle(target.view(), -1);
    EXPECT_EQ(decoded(freezer.file()), before) << "no time, no change";
    freezer.settle(target.view());
    const Gaussians after = decoded(freezer.file());
    EXPECT_EQ(after.feature, before.feature);
    EXPECT_NE(after.position, before.position);
    EXPECT_NE(after.inv_scale, before.inv_scale);
    EXPECT_NE(after.rotation, before.rotation);
    EXPECT_LT(target.error(after, small), 0.65 * target.error(before, small));
    freezer.settle(target.view());
    EXPECT_LE(target.error(decoded(freezer.file()), small), target.error(after, small));
}

TEST(CodecSettle, OfChunksIsTheSameByAnyNumberOfThreads) {
    const Gaussians field = scattered(2900, of_four_chunks);
    const Target target(field, of_four_chunks);
    const auto settled = [&](int count) {
        set_threads(count);
        Freezer freezer(moved(field), of_four_chunks, q);
        round_all(freezer);
        const double before = target.error(decoded(freezer.file()), of_four_chunks);
        freezer.settle(target.view());
        std::vector<std::byte> file = freezer.file();
        EXPECT_LT(target.error(decoded(file), of_four_chunks), 0.6 * before);
        return file;
    };
    EXPECT_EQ(settled(1), settled(3));
    set_threads(0);
}

TEST(CodecSettle, LeavesPixelsThatChooseGaussiansAlone) {
    Description description = small;
    description.blending.blend = Blend::topk_norm;
    const Gaussians field = scattered(150, description);
    const Target target(field, description);
    Freezer freezer(moved(field), description, q);
    round_all(freezer);
    const auto before = freezer.file();
    freezer.settle(target.view());
    EXPECT_EQ(freezer.file(), before);
}

}  // namespace
}  // namespace gsfit::codec

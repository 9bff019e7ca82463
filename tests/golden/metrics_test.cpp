// Metrics against those of scikit-image, pytorch-msssim and flip-evaluator, on images that tools/golden_metrics.py
// makes by the same integer arithmetic.

#include <ATen/ops/from_blob.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "golden/metrics_values.h"
#include "gsfit/eval.h"
#include "gsfit/eval/flip.h"
#include "gsfit/eval/ms_ssim.h"
#include "gsfit/loss.h"

namespace gsfit {
namespace {

int hashed(std::uint32_t n) {
    n *= 0x9E3779B1U;
    n = (n ^ (n >> 15)) * 0x85EBCA77U;
    return static_cast<int>(n >> 24);
}

/// A parabola in place of a sine: period 256, from -64 to 64.
int wave(int t) {
    const int half = t & 127;
    const int arch = half * (128 - half) / 64;
    return (t & 255) < 128 ? arch : -arch;
}

/// 8-bit values in an int each, [h,w,C].
struct Picture {
    int width, height, channels;
    std::vector<int> values = std::vector<int>(static_cast<std::size_t>(width * height * channels));

    [[nodiscard]] std::size_t index(int x, int y, int c) const {
        const int column = std::clamp(x, 0, width - 1);
        const int row = std::clamp(y, 0, height - 1);
        return static_cast<std::size_t>((row * width + column) * channels + c);
    }
    [[nodiscard]] int at(int x, int y, int c) const { return values[index(x, y, c)]; }
};

Picture make(const Picture& like, const std::function<int(int, int, int)>& value) {
    Picture result{like.width, like.height, like.channels};
    for (int y = 0; y < like.height; ++y) {
        for (int x = 0; x < like.width; ++x) {
            for (int c = 0; c < like.channels; ++c) {
                result.values[result.index(x, y, c)] = std::clamp(value(x, y, c), 0, 255);
            }
        }
    }
    return result;
}

Picture scene(int width, int height, int channels) {
    const Picture empty{width, height, channels};
    return make(empty, [&](int x, int y, int c) {
        const int dx = x - width / 3;
        const int dy = y - height / 2;
        const bool on_disc = dx * dx + dy * dy < (height / 4) * (height / 4);
        return 60 + 70 * x / width + 40 * y / height + 15 * c + (wave(5 * x + 3 * y + 40 * c) >> 1) +
               (wave(x * y / 16) >> 2) + (on_disc ? 60 - 50 * c : 0) +
               (hashed(static_cast<std::uint32_t>(empty.index(x, y, c))) & 15) - 8;
    });
}

Picture blurred(const Picture& p) {
    const Picture rows = make(
        p, [&](int x, int y, int c) { return (p.at(x - 1, y, c) + 2 * p.at(x, y, c) + p.at(x + 1, y, c) + 2) / 4; });
    return make(p, [&](int x, int y, int c) {
        return (rows.at(x, y - 1, c) + 2 * rows.at(x, y, c) + rows.at(x, y + 1, c) + 2) / 4;
    });
}

Picture noisy(const Picture& p) {
    return make(p, [&](int x, int y, int c) {
        return p.at(x, y, c) + hashed(static_cast<std::uint32_t>(p.index(x, y, c)) + 12345) % 61 - 30;
    });
}

Picture shifted(const Picture& p) {
    return make(p, [&](int x, int y, int c) { return p.at(x - 1, y - 2, c); });
}

std::uint32_t checksum(const Picture& p) {
    std::uint32_t sum = 0;
    std::uint32_t i = 0;
    for (const int value : p.values) sum += ++i * static_cast<std::uint32_t>(value);
    return sum;
}

class GoldenMetrics : public testing::TestWithParam<golden::Metrics> {};

TEST_P(GoldenMetrics, AgreeWithOtherPrograms) {
    const golden::Metrics& expected = GetParam();
    const std::map<std::string, std::function<Picture(const Picture&)>> distortions = {
        {"blurred", blurred}, {"noisy", noisy}, {"shifted", shifted}};
    const Picture target = scene(expected.width, expected.height, expected.channels);
    const Picture image = distortions.at(expected.distortion)(target);
    ASSERT_EQ(checksum(target), expected.target_checksum);
    ASSERT_EQ(checksum(image), expected.image_checksum);

    std::vector<std::uint8_t> bytes(target.values.begin(), target.values.end());
    const PackedView view{
        reinterpret_cast<const std::byte*>(bytes.data()),        target.width, target.height, target.channels, 8,
        static_cast<std::size_t>(target.width * target.channels)};
    std::vector<float> floats;
    for (const int value : image.values) floats.push_back(static_cast<float>(value) / 255.0F);
    const at::Tensor render =
        at::from_blob(floats.data(), {image.height, image.width, image.channels}, at::kFloat).permute({2, 0, 1});
    EXPECT_NEAR(psnr(render, view), expected.psnr, 1e-5);
    const double sum = ssim_sum(render, view, Lattice::whole(view.width, view.height), {0, view.height});
    EXPECT_NEAR(sum / static_cast<double>(render.numel()), expected.ssim, 3e-6);
    const ImageBands rows = rows_of(PackedImage(view, nullptr));
    const std::optional<double> scales = ms_ssim(rows_of(render), rows);
    ASSERT_EQ(scales.has_value(), expected.ms_ssim.has_value());
    if (scales) {
        EXPECT_NEAR(*scales, *expected.ms_ssim, 2e-6);
    }
    EXPECT_NEAR(flip(rows_of(render), rows), expected.flip, 2e-5);
}

INSTANTIATE_TEST_SUITE_P(All, GoldenMetrics, testing::ValuesIn(golden::metrics));

}  // namespace
}  // namespace gsfit

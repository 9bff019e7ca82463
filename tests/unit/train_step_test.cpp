#include "train/step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gsfit/core/parallel.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

/// Tensors of the four gradients.
std::vector<at::Tensor> parts(const Gradients& gradients) {
    return {gradients.position, gradients.inv_scale, gradients.rotation, gradients.feature};
}

/// Largest |a - b|, in units of the largest |b|.
double difference(const at::Tensor& a, const at::Tensor& b) {
    return a.sub(b).abs().max().item<double>() / b.abs().max().item<double>();
}

struct Case {
    std::int64_t width, height, stride;
    float ssim;
    Blending blending;
    SsimWindows windows = SsimWindows::image;
};

class Scene {
public:
    explicit Scene(const Case& scene)
        : noise_(scene.width, scene.height, 3, 8, 5),
          target_(noise_.view(), nullptr),
          field_(reference::random_field(60, 3, scene.width, scene.height, 3)),
          lattice_(Lattice::phase(scene.width, scene.height, scene.stride, scene.stride - 1, 0)),
          blending_(scene.blending),
          loss_{.pixel = {.l1 = 0.2F, .l2 = 1}, .ssim = scene.ssim, .windows = scene.windows} {}

    [[nodiscard]] Differential differentiate(const MemorySettings& settings, double scale = 1) const {
        const StepTask task{
            .lattice = lattice_, .blending = blending_, .target = target_, .loss = loss_, .scale = scale};
        return gsfit::differentiate(field_, task, settings);
    }

private:
    reference::Target noise_;
    PackedImage target_;
    Field field_;
    Lattice lattice_;
    Blending blending_;
    StepLoss loss_;
};

class Step : public testing::TestWithParam<Case> {
protected:
    Scene scene{GetParam()};
    MemorySettings whole{.amp = false};

    /// Of whole and bands. A rotation's gradient is a difference of nearly equal sums, which bands round otherwise;
    /// each room's own tests hold bands to 1e-5.
    static constexpr double band_rounding = 3e-5;

    void expect_close(const Differential& actual, const Differential& expected, double tolerance) {
        const auto loss = expected.loss.item<double>();
        EXPECT_NEAR(actual.loss.item<double>(), loss, tolerance * loss);
        for (std::size_t i = 0; i < 4; ++i) {
            SCOPED_TRACE(i);
            EXPECT_LT(difference(parts(actual.gradients)[i], parts(expected.gradients)[i]), tolerance);
        }
    }
};

TEST(DeviceFault, IsToldOfADeviceThatDoesNotCompute) {
    EXPECT_EQ(device_fault(c10::kMeta).find("a trial step on it failed: "), 0U) << device_fault(c10::kMeta);
}

TEST_P(Step, BandsHaveTheGradientsOfTheWhole) {
    const Differential expected = scene.differentiate(whole);
    for (const std::int64_t bands : {2, 3, 7, 1000}) {
        SCOPED_TRACE(bands);
        if (GetParam().windows == SsimWindows::block && bands > 3) break;  // those cut blocks, and so their windows
        MemorySettings settings = whole;
        settings.bands = bands;
        expect_close(scene.differentiate(settings), expected, band_rounding);
    }
}

TEST_P(Step, CheckpointingHasTheGradientsOfTheWhole) {
    MemorySettings settings = whole;
    settings.checkpointing = true;
    expect_close(scene.differentiate(settings), scene.differentiate(whole), band_rounding);
    settings.bands = 3;
    expect_close(scene.differentiate(settings), scene.differentiate(whole), band_rounding);
}

TEST_P(Step, IsTheSameBitsForAnyNumberOfThreads) {
    for (const MemorySettings settings :
         {MemorySettings{.amp = false, .bands = 3}, MemorySettings{.amp = true, .checkpointing = true, .bands = 2}}) {
        set_threads(1);
        const Differential expected = scene.differentiate(settings);
        for (const int count : {2, 3}) {
            set_threads(count);
            const Differential actual = scene.differentiate(settings);
            EXPECT_TRUE(reference::identical(actual.loss, expected.loss));
            for (std::size_t i = 0; i < 4; ++i) {
                EXPECT_TRUE(reference::identical(parts(actual.gradients)[i], parts(expected.gradients)[i]));
            }
        }
    }
    set_threads(0);
}

/// The image and its gradient are rounded to 11 bits: the errors of many samples average out.
TEST_P(Step, HalfImagesHaveNearlyTheSameGradients) {
    const double scale = 65536;
    Differential half = scene.differentiate({.amp = true}, scale);
    for (at::Tensor* gradient :
         {&half.gradients.position, &half.gradients.inv_scale, &half.gradients.rotation, &half.gradients.feature}) {
        gradient->mul_(1 / scale);
    }
    expect_close(half, scene.differentiate(whole), 1e-2);
}

TEST_P(Step, ScalesGradientsAndNotTheLoss) {
    const Differential plain = scene.differentiate(whole);
    const Differential scaled = scene.differentiate(whole, 256);
    EXPECT_TRUE(reference::identical(scaled.loss, plain.loss));
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_LT(difference(parts(scaled.gradients)[i], parts(plain.gradients)[i].mul(256)), 1e-5);
    }
}

INSTANTIATE_TEST_SUITE_P(All, Step,
                         testing::Values(Case{150, 331, 1, 0, {.blend = Blend::norm}},
                                         Case{150, 331, 1, 0.3F, {.blend = Blend::norm}},
                                         Case{150, 331, 1, 0.3F, {.blend = Blend::sum}},
                                         Case{190, 700, 3, 0.3F, {.blend = Blend::norm}},
                                         Case{40, 23, 1, 0.3F, {.blend = Blend::norm}},
                                         Case{150, 331, 1, 0.3F, {.blend = Blend::norm}, SsimWindows::block},
                                         Case{190, 700, 3, 0.3F, {.blend = Blend::topk_norm}, SsimWindows::block},
                                         Case{150, 331, 1, 0.3F, {.blend = Blend::topk_norm}},
                                         Case{150, 331, 1, 0, {.blend = Blend::topk_norm, .support = Support::tile16}}),
                         [](const auto& test) {
                             const Case& scene = test.param;
                             return std::to_string(scene.width) + "x" + std::to_string(scene.height) + "by" +
                                    std::to_string(scene.stride) +
                                    (scene.ssim == 0                       ? "pixels"
                                     : scene.windows == SsimWindows::block ? "blocks"
                                                                           : "ssim") +
                                    reference::name_of(scene.blending);
                         });

TEST(BandHeight, CoversTheLatticeInWholeBlocks) {
    EXPECT_EQ(band_height(100, 1), 128);
    EXPECT_EQ(band_height(4320, 7), 640);
    EXPECT_EQ(band_height(4320, 4320), 1);
    EXPECT_EQ(band_height(10, 1000), 1);
    for (const std::int64_t height : {1, 5, 63, 64, 65, 1000, 4320}) {
        for (const std::int64_t bands : {1, 2, 3, 7, 100}) EXPECT_GE(band_height(height, bands) * bands, height);
    }
}

}  // namespace
}  // namespace gsfit

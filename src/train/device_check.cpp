// A driver, a toolkit and a GPU that do not agree can compute wrongly without a word: a run that is not worth having.

#include <cmath>
#include <exception>
#include <string>
#include <vector>

#include "gsfit/gaussians.h"
#include "gsfit/train.h"
#include "train/step.h"

namespace gsfit {

namespace {

constexpr std::int64_t side = 48;

/// Waves in three colours.
PackedImage waves() {
    std::vector<std::uint8_t> pixels;
    for (std::int64_t i = 0; i < side * side; ++i) {
        const std::int64_t row = i / side;
        const auto x = static_cast<double>(i % side);
        const auto y = static_cast<double>(row);
        for (const double length : {5.0, 9.0, 17.0}) {
            pixels.push_back(static_cast<std::uint8_t>(127.5 + 120 * std::sin((x + 0.6 * y) / length)));
        }
    }
    return PackedImage::copy(pixels, side, side, 3);
}

Field on(const Field& field, const c10::Device& device) {
    return {.position = field.position.to(device),
            .inv_scale = field.inv_scale.to(device),
            .rotation = field.rotation.to(device),
            .feature = field.feature.to(device),
            .raster_width = field.raster_width,
            .raster_height = field.raster_height};
}

bool agree(const at::Tensor& value, const at::Tensor& truth) {
    constexpr double tolerance = 1e-2;  // rounding makes 1e-4 of it
    const double apart = value.cpu().sub(truth).abs().max().item<double>();
    return apart <= tolerance * truth.abs().max().item<double>();  // false for NaN
}

bool agree(const Differential& value, const Differential& truth) {
    return agree(value.loss, truth.loss) && agree(value.gradients.position, truth.gradients.position) &&
           agree(value.gradients.inv_scale, truth.gradients.inv_scale) &&
           agree(value.gradients.rotation, truth.gradients.rotation) &&
           agree(value.gradients.feature, truth.gradients.feature);
}

}  // namespace

std::string device_fault(const c10::Device& device) {
    try {
        const PackedImage image = waves();
        const PackedImage device_image = image.on_device(device);
        Random random(1);
        const Field field = initial_field(image.view(), {.count = 60, .pitch = 6}, random);
        const Lattice lattice = Lattice::phase(side, side, 1, 0, 0);
        const Blending blending;
        for (const float ssim : {0.0F, 0.3F}) {
            const ImageLoss loss{.pixel = {.l1 = 0.3F, .l2 = 1.0F}, .ssim = ssim};
            const auto step = [&](const Field& there, const PackedImage& target) {
                return differentiate(there, {.lattice = lattice, .blending = blending, .target = target, .loss = loss},
                                     {.amp = false});
            };
            if (!agree(step(on(field, device), device_image), step(field, image))) {
                return "a trial step on it has other gradients than on the CPU";
            }
        }
        return {};
    } catch (const std::exception& error) {
        const std::string text = error.what();
        return "a trial step on it failed: " + text.substr(0, text.find('\n'));
    }
}

}  // namespace gsfit

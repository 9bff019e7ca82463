// A driver, a toolkit and a GPU that do not agree can compute wrongly without a word: a run that is not worth having.

#include <cmath>
#include <exception>
#include <string>
#include <vector>

#include "gsfit/gaussians.h"
#include "gsfit/train.h"
#include "train/device_step.h"
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

constexpr double tolerance = 1e-2;  // rounding makes 1e-4 of it

bool agree(const at::Tensor& value, const at::Tensor& truth) {
    const double apart = value.cpu().sub(truth).abs().max().item<double>();
    return apart <= tolerance * truth.abs().max().item<double>();  // false for NaN
}

bool agree(const Gradients& value, const Gradients& truth) {
    return agree(value.position, truth.position) && agree(value.inv_scale, truth.inv_scale) &&
           agree(value.rotation, truth.rotation) && agree(value.feature, truth.feature);
}

/// Whether a step on the device comes to the CPU's loss and gradients. It is done several times, so that it is launched
/// as a graph as well.
bool agrees_with_cpu(const Field& field, const PackedImage& image, const StepLoss& loss, const c10::Device& device) {
    constexpr std::int64_t stride = 2;
    const Lattice lattice = Lattice::phase(side, side, stride, 1, 0);
    const Blending blending;
    const Differential truth =
        differentiate(field, {.lattice = lattice, .blending = blending, .target = image, .loss = loss}, {.amp = false});
    const Field there = on_device(field, device);
    const StepPlan plan{.blending = blending, .loss = loss, .stride = stride, .pairs = 4 * field.size()};
    DeviceStep step(there, Moments::zeros(field.size(), field.channels(), device), image.on_device(device), plan, {});
    for (int i = 0; i < 4; ++i) step.differentiate(lattice);
    const gpu::StepReport report = step.finished_report();
    return report.halt == gpu::StepReport::Halt::none &&
           std::abs(report.loss - truth.loss.item<double>()) <= tolerance * truth.loss.item<double>() &&
           agree(step.gradients(), truth.gradients);
}

}  // namespace

std::string device_fault(const c10::Device& device) {
    try {
        const PackedImage image = waves();
        Random random(1);
        const Field field = initial_field(image.view(), {.count = 60, .pitch = 6}, random);
        const PixelLoss pixel{.l1 = 0.3F, .l2 = 1.0F};
        for (const StepLoss& loss : {StepLoss{.pixel = pixel}, StepLoss{pixel, 0.3F, SsimWindows::image},
                                     StepLoss{pixel, 0.3F, SsimWindows::block}}) {
            if (!agrees_with_cpu(field, image, loss, device)) {
                return "a trial step on it has another loss or other gradients than on the CPU";
            }
        }
        return {};
    } catch (const std::exception& error) {
        const std::string text = error.what();
        return "a trial step on it failed: " + text.substr(0, text.find('\n'));
    }
}

}  // namespace gsfit

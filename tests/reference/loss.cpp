#include <cmath>

#include "reference/reference.h"

namespace gsfit::reference {

namespace {

double target_value(const PackedView& target, const Lattice& lattice, std::int64_t sample, int channel) {
    const std::byte* pixel = target.pixel(lattice.x + sample % lattice.width * lattice.stride,
                                          lattice.y + sample / lattice.width * lattice.stride);
    return target.bits == 8 ? reinterpret_cast<const std::uint8_t*>(pixel)[channel] / 255.0
                            : reinterpret_cast<const std::uint16_t*>(pixel)[channel] / 65535.0;
}

}  // namespace

double pixel_loss(const Image& image, const PackedView& target, const Lattice& lattice, const PixelLoss& loss) {
    double total = 0;
    for (int c = 0; c < target.channels; ++c) {
        for (std::int64_t sample = 0; sample < lattice.samples(); ++sample) {
            const double error = image[c * lattice.samples() + sample] - target_value(target, lattice, sample, c);
            total += loss.l1 * std::abs(error) + loss.l2 * error * error;
        }
    }
    return total / static_cast<double>(image.size());
}

Image pixel_loss_backward(const Image& image, const PackedView& target, const Lattice& lattice, const PixelLoss& loss) {
    Image result(image.size());
    for (int c = 0; c < target.channels; ++c) {
        for (std::int64_t sample = 0; sample < lattice.samples(); ++sample) {
            const std::int64_t at = c * lattice.samples() + sample;
            const double error = image[at] - target_value(target, lattice, sample, c);
            const double sign = error > 0 ? 1 : error < 0 ? -1 : 0;
            result[at] = (loss.l1 * sign + loss.l2 * 2 * error) / static_cast<double>(image.size());
        }
    }
    return result;
}

}  // namespace gsfit::reference

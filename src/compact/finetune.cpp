#include <cmath>
#include <numbers>

#include "gsfit/compact.h"
#include "gsfit/optim.h"
#include "gsfit/render.h"
#include "gsfit/render/leaves.h"

namespace gsfit {
namespace {

/// Of the step lengths that a field is trained with at last: larger ones are unstable while it is rounded.
double share_of(double progress) {
    constexpr double first = 0.005;
    constexpr double last = 0.002;
    return last + (first - last) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

WhitenedRates rates_at(double progress) {
    const auto share = static_cast<float>(share_of(progress));
    constexpr float least_sigma = 0.25F;  // of the file
    return {.steps = {.position = 0.1F * share,
                      .scale = 0.05F * share,
                      .rotation = 0.05F * share,
                      .feature = 0.01F * share},
            .bounds = {.sigma_min = least_sigma}};
}

Gradients gradients_of(const Field& field, const Blending& blending, const PackedView& target) {
    const Field leaves = leaves_of(field);
    const Lattice lattice = Lattice::whole(field.raster_width, field.raster_height);
    render_loss(leaves, lattice, blending, target, {.l1 = 0, .l2 = 1}).backward();
    return {.position = leaves.position.grad(),
            .inv_scale = leaves.inv_scale.grad(),
            .rotation = leaves.rotation.grad(),
            .feature = leaves.feature.grad()};
}

}  // namespace

std::vector<std::byte> finetuned_file(const codec::Gaussians& gaussians, const codec::Description& description,
                                      const PackedView& target, double q, std::int64_t steps) {
    codec::Freezer freezer(gaussians, description, q);
    codec::Gaussians now = freezer.start();
    Moments moments = Moments::zeros(now.size(), description.channels);
    int stages = 0;
    const auto freeze_until = [&](std::int64_t wanted) {
        for (; stages < wanted; ++stages) freezer.freeze(now);
    };
    for (std::int64_t step = 0; step < steps; ++step) {
        freeze_until(step * codec::Freezer::stages / steps);
        freezer.hold(now);
        Field field = field_of(now, description);
        const Gradients gradients = gradients_of(field, description.blending, target);
        const WhitenedRates rates = rates_at(static_cast<double>(step) / static_cast<double>(steps));
        whitened_adam(field, moments, gradients, rates.steps, rates.bounds);
        now = gaussians_of(field);
        freezer.hold(now);
    }
    freeze_until(codec::Freezer::stages);
    return freezer.file();
}

}  // namespace gsfit

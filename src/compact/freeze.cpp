#include <cmath>
#include <limits>
#include <utility>

#include "gsfit/compact.h"
#include "gsfit/train/start.h"

namespace gsfit {
namespace {

/// Of a run that only fits what is there better.
TrainOptions options_of_freezing(TrainOptions options, const Blending& blending, std::int64_t size) {
    options.num_gaussians = options.initial_gaussians = size;
    options.blending = blending;
    options.refinement.reset();
    options.image_gs.reset();
    options.quantisation.reset();
    options.eval_steps = 0;
    options.at_end = Measured::nothing;
    constexpr float first = 0.005F;  // of the steps that a field is trained with: more is unstable while it is rounded
    constexpr float last = 0.002F;
    options.position_step = 0.1F * first;
    options.scale_step = 0.05F * first;
    options.rotation_step = 0.05F * first;
    options.feature_step = 0.01F * first;
    options.decay_from = 0;
    options.decay_floor = last / first;
    return options;
}

/// Freezes what is due, and holds what is frozen.
class Rounding {
public:
    Rounding(codec::Freezer& freezer, const codec::Description& description)
        : freezer_(freezer), description_(description) {}

    [[nodiscard]] Field hold(const Field& field, double progress) {
        codec::Gaussians now = gaussians_of(field);
        freezer_.hold(now);
        for (; is_due(progress); ++done_) {
            freezer_.freeze(now);
            freezer_.hold(now);
        }
        return field_of(now, description_);
    }

    [[nodiscard]] bool is_due(double progress) const {
        constexpr double float_noise = 1e-9;
        return done_ < static_cast<int>(progress * codec::Freezer::stages + float_noise);
    }

private:
    codec::Freezer& freezer_;
    const codec::Description& description_;
    int done_ = 0;
};

}  // namespace

std::optional<std::vector<std::byte>> frozen_file(const Field& field, const codec::Description& description,
                                                  const PackedImage& image, double q, const TrainOptions& options,
                                                  const std::vector<TrainListener>& listeners,
                                                  const std::atomic<bool>* stop) {
    codec::Freezer freezer(gaussians_of(field), description, q);
    Rounding rounding(freezer, description);
    Field start = rounding.hold(field_of(freezer.start(), description), 0);
    if (start.size() == 0) {
        (void)rounding.hold(start, 1);
        return freezer.file();
    }
    TrainOptions freezing = options_of_freezing(options, description.blending, start.size());
    freezing.hold = {.apply = [&](const Field& now, double progress) { return rounding.hold(now, progress); },
                     .is_due = [&](double progress) { return rounding.is_due(progress); },
                     .bounds = [&] { return held_of(freezer.bounds(), description); }};
    TrainState state = state_of_start(std::move(start), freezing, Random(freezing.seed));
    if (train(image, freezing, listeners, std::move(state), stop).progress < 1) return std::nullopt;
    constexpr double share = 0.4;
    freezer.settle(image.view(),
                   options.max_seconds > 0 ? share * options.max_seconds : std::numeric_limits<double>::infinity());
    image.drop({0, image.height()});
    return freezer.file();
}

}  // namespace gsfit

#include "cli/probe.h"

#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "gsfit/eval.h"

namespace gsfit::cli {

std::optional<TrainState> probe(const Config& config, const PackedImage& image, TrainOptions options,
                                std::int64_t gaussians, std::int64_t steps) {
    options.num_gaussians = gaussians;
    options.max_steps = steps;
    options.eval_steps = 0;
    constexpr double share_of_clock = 0.06;
    options.max_seconds *= share_of_clock;
    const auto progress = make_progress(config.text("progress"), options.max_seconds > 0 ? 0 : steps);
    progress->phase(text_of("probing ", gaussians, " Gaussians"));
    TrainState state =
        train(image, options, {[&](const TrainEvent& event) { (*progress)(event); }}, std::nullopt, &stop_requested());
    if (stop_requested()) return std::nullopt;
    return state;
}

std::optional<double> probed_psnr(const Config& config, const PackedImage& image, const TrainOptions& options,
                                  std::int64_t gaussians, std::int64_t steps) {
    const std::optional<TrainState> state = probe(config, image, options, gaussians, steps);
    if (!state) return std::nullopt;
    return evaluate_psnr(state->field, state->blending, image);
}

}  // namespace gsfit::cli

#include "cli/probe.h"

#include <utility>

#include "cli/signals.h"
#include "cli/text.h"

namespace gsfit::cli {

std::optional<Fitted> fitted(const PackedImage& image, TrainOptions options, std::optional<TrainState> start,
                             Progress& progress) {
    options.at_end = Measured::psnr;
    Fitted result;
    const auto watch = [&](const TrainEvent& event) {
        progress(event);
        if (event.psnr) result.psnr = *event.psnr;
    };
    result.state = train(image, options, {watch}, std::move(start), &stop_requested());
    return stop_requested() ? std::nullopt : std::optional(std::move(result));
}

std::optional<Fitted> probe(const Config& config, const PackedImage& image, TrainOptions options,
                            std::int64_t gaussians, std::int64_t steps) {
    options.num_gaussians = gaussians;
    options.max_steps = steps;
    options.eval_steps = 0;
    constexpr double share_of_clock = 0.06;
    options.max_seconds *= share_of_clock;
    const auto progress = make_progress(config.text("progress"), options.max_seconds > 0 ? 0 : steps);
    progress->phase(text_of("probing ", gaussians, " Gaussians"));
    return fitted(image, options, std::nullopt, *progress);
}

std::optional<double> probed_psnr(const Config& config, const PackedImage& image, const TrainOptions& options,
                                  std::int64_t gaussians, std::int64_t steps) {
    const std::optional<Fitted> probed = probe(config, image, options, gaussians, steps);
    return probed ? std::optional(probed->psnr) : std::nullopt;
}

}  // namespace gsfit::cli

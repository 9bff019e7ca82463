#include "cli/amount.h"

#include <algorithm>

#include "cli/compact.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "gsfit/compact/amount.h"
#include "gsfit/compact/rounding.h"

namespace gsfit::cli {
namespace {

template <class T>
Config settled(const Config& config, std::int64_t count, const char* key, T value) {
    return config.with("num_gaussians", count,
                       {.level = Origin::Level::file, .source = text_of("by ", key, " ", value), .line = 0});
}

}  // namespace

Config with_planned_amount(const Config& config, const ImageInfo& image) {
    const std::int64_t pixels = image.width * image.height;
    if (const std::int64_t bytes = config.integer("target_bytes"); bytes > 0) {
        return settled(config, std::min(gaussians_of_bytes(bytes, image.channels), pixels), "target_bytes", bytes);
    }
    if (is_amount_auto(config)) return settled(config, most_that_pay(pixels), "num_gaussians", "auto");
    const double psnr = config.number("target_psnr");
    if (psnr == 0) return config;
    return settled(config, std::min(config.integer("num_gaussians"), pixels), "target_psnr", psnr);
}

std::optional<Config> with_amount_of_psnr(const Config& config, double psnr, const PackedImage& image,
                                          const TrainOptions& options) {
    const auto amount = amount_of_psnr(
        {.psnr = psnr,
         .pixels = image.width() * image.height(),
         .steps = options.max_steps,
         .by_clock = options.max_seconds > 0},
        [&](std::int64_t count, std::int64_t steps) { return probed_psnr(config, image, options, count, steps); });
    if (!amount) return std::nullopt;
    return settled(config, amount->gaussians, "target_psnr", psnr);
}

std::int64_t amount_of_bytes(std::int64_t bytes, const Fitted& probed, const PackedImage& image,
                             const TrainOptions& options) {
    const bool by_clock = options.max_seconds > 0;
    const std::int64_t steps = probe_steps(options.max_steps);
    const double psnr = by_clock ? probed.psnr : psnr_of_run(probed.psnr, steps, options.max_steps);
    const Field& field = probed.state.field;
    const codec::Encoder encoder(gaussians_of(field), description_of(probed.state, image.maps()));
    constexpr double finer = 1.25;  // than pays at once: too many Gaussians lose more than too few
    const auto taken = static_cast<std::int64_t>(encoder.encode(best_q(field, psnr) / finer).size());
    return within_image(gaussians_of_bytes(bytes, field.size(), taken), image.width() * image.height());
}

std::optional<Config> with_amount_of_bytes(const Config& config, std::int64_t bytes, const PackedImage& image,
                                           const TrainOptions& options) {
    const auto probed = probe(config, image, options, options.num_gaussians, probe_steps(options.max_steps));
    if (!probed) return std::nullopt;
    return settled(config, amount_of_bytes(bytes, *probed, image, options), "target_bytes", bytes);
}

bool is_amount_auto(const Config& config) { return config.integer("num_gaussians") == 0; }

std::optional<std::int64_t> auto_amount(const Config& config, const PackedImage& image, const TrainOptions& options) {
    const auto amount = amount_that_pays(
        {.pixels = image.width() * image.height(),
         .steps = options.max_steps,
         .by_clock = options.max_seconds > 0,
         .most = options.num_gaussians},
        [&](std::int64_t count, std::int64_t steps) { return probed_psnr(config, image, options, count, steps); });
    if (amount) {
        make_progress(config.text("progress"), 0)->note(text_of("num_gaussians auto: ", *amount, " Gaussians pay"));
    }
    return amount;
}

std::optional<Config> with_auto_amount(const Config& config, const PackedImage& image, const TrainOptions& options) {
    const auto amount = auto_amount(config, image, options);
    if (!amount) return std::nullopt;
    return settled(config, *amount, "num_gaussians", "auto");
}

}  // namespace gsfit::cli

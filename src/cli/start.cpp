#include "cli/start.h"

#include "cli/source.h"
#include "cli/text.h"
#include "gsfit/core/error.h"
#include "gsfit/train/start.h"

namespace gsfit::cli {
namespace {

/// Whether a run of these options adds Gaussians.
bool adds(const TrainOptions& options) {
    return options.initial_ratio < 1 && (!options.image_gs || options.image_gs->adds);
}

void check_start(const std::string& path, const Field& field, const ImageInfo& image, const Config& config,
                 const TrainOptions& options) {
    if (field.channels() != image.channels) {
        throw InputError(text_of("'", path, "' has ", field.channels(), " channels and the image has ", image.channels,
                                 "; start from a field of as many (init_checkpoint_path)"));
    }
    const char* key = config.boolean("adaptive_refinement") ? "adaptive_base_gaussians" : "num_gaussians";
    const std::int64_t wanted = config.integer(key);
    const std::string amounts =
        text_of("'", path, "' holds ", field.size(), " Gaussians and ", key, " is ", wanted, "; ");
    if (field.size() > wanted) {
        throw UsageError(text_of(amounts, "raise that to ", field.size(), " or start from a smaller field"));
    }
    if (field.size() == wanted) return;
    if (!config.boolean("init_partial")) {
        throw UsageError(
            text_of(amounts, "set init_partial and the run adds the rest, or lower that to ", field.size()));
    }
    if (!adds(options)) {
        throw UsageError(text_of(
            amounts,
            "with initial_ratio 1 or disable_prog_optim a run adds none; change that or lower num_gaussians to ",
            field.size()));
    }
}

bool are_blended_alike(const Blending& a, const Blending& b) {
    return a.blend == b.blend && a.support == b.support && (!a.normalised() || a.eps == b.eps) &&
           (!a.selects() || a.topk == b.topk) && (a.support == Support::tile16 || a.cutoff == b.cutoff);
}

}  // namespace

std::optional<Start> start_of(const Config& config, const ImageInfo& image, TrainOptions& options) {
    if (!config.boolean("init_from_checkpoint")) return std::nullopt;
    const std::string& path = config.text("init_checkpoint_path");
    const SavedField saved = open_source(path).saved;
    check_start(path, saved.field, image, config, options);
    options.initial_gaussians = saved.field.size();
    Start start{.state = start_from(saved.field, image, options),
                .note = text_of("starts from the ", saved.field.size(), " Gaussians of '", path, "'"),
                .warning = {}};
    if (!are_blended_alike(saved.blending, options.blending)) {
        start.warning = text_of("'", path, "' was fitted with blend ", name_of(saved.blending.blend), " and support ",
                                name_of(saved.blending.support), ", and this run starts from what its own blending (",
                                name_of(options.blending.blend), ", ", name_of(options.blending.support),
                                ") makes of it; gsfit info tells all values");
    }
    return start;
}

}  // namespace gsfit::cli

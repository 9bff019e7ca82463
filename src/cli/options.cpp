#include "cli/options.h"
#include "cli/text.h"

#include <algorithm>
#include <array>

#include "gsfit/core/error.h"

namespace gsfit::cli {
namespace {

constexpr std::array<std::string_view, 5> free_when_resumed{"threads", "log_level", "progress", "save_ckpt_steps",
                                                            "save_checkpoint_keep"};

}  // namespace

Config load_config(const Arguments& arguments) {
    Sources sources;
    if (arguments.has("config")) {
        sources.file = arguments.value("config");
    }
    sources.environment = process_environment();
    sources.flags = arguments.keys;
    return Config::load(sources);
}

Config load_config_of_run(const std::filesystem::path& run_folder, const Arguments& arguments) {
    const std::filesystem::path file = run_folder / "config.yaml";
    const Config saved = Config::load({file, {}, {}});
    Config wanted = Config::load({file, process_environment(), arguments.keys});
    for (const Key& key : schema()) {
        if (value_of(saved, key) != value_of(wanted, key) &&
            std::find(free_when_resumed.begin(), free_when_resumed.end(), key.name) == free_when_resumed.end()) {
            throw UsageError(text_of("a resumed run keeps its ", key.name, " (", value_of(saved, key).dump(), "), but ",
                                     wanted.origin(key.name).text(),
                                     " sets another; leave that out or start a new run"));
        }
    }
    return wanted;
}

nlohmann::ordered_json value_of(const Config& config, const Key& key) {
    switch (key.type) {
        case Type::boolean:
            return config.boolean(key.name);
        case Type::integer:
            return config.integer(key.name);
        case Type::number:
            return config.number(key.name);
        case Type::choice:
        case Type::text:
        case Type::path:
            return config.text(key.name);
    }
    return nullptr;
}

TrainOptions train_options(const Config& config) {
    const auto real = [&](const char* key) { return static_cast<float>(config.number(key)); };
    TrainOptions options;
    options.num_gaussians = config.integer("num_gaussians");
    options.max_steps = config.integer("max_steps");
    options.max_seconds = config.number("max_seconds");
    options.seed = static_cast<std::uint64_t>(config.integer("seed"));
    options.blending.blend = config.text("blend") == "sum" ? Blend::sum : Blend::norm;
    options.blending.cutoff = real("cutoff");
    options.blending.eps = real("blend_eps");
    options.loss.l1 = real("l1_loss_ratio");
    options.loss.l2 = real("l2_loss_ratio");
    options.ssim_loss_ratio = real("ssim_loss_ratio");
    options.initial_ratio = real("initial_ratio");
    options.init_random_ratio = real("init_random_ratio");
    options.growth_times = static_cast<int>(config.integer("growth_times"));
    options.growth_until = real("growth_until");
    options.growth_sigma = real("growth_sigma");
    options.position_step = real("position_step");
    options.scale_step = real("scale_step");
    options.rotation_step = real("rotation_step");
    options.feature_step = real("feature_step");
    options.decay_from = real("decay_from");
    options.decay_floor = real("decay_floor");
    options.sublattice = config.boolean("sublattice");
    options.eval_steps = config.integer("eval_steps");
    return options;
}

}  // namespace gsfit::cli

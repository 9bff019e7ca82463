#include "cli/options.h"

#include <cmath>

namespace gsfit::cli {
namespace {

MemoryOptions::Target target_of(const std::string& storage) {
    if (storage == "memory") return MemoryOptions::Target::memory;
    return storage == "file" ? MemoryOptions::Target::file : MemoryOptions::Target::automatic;
}

VideoLayout layout_of(const std::string& name) {
    if (name == "side") return VideoLayout::side;
    return name == "render" ? VideoLayout::render : VideoLayout::slider;
}

MemoryOptions memory_options(const Config& config, const ImageInfo& image) {
    constexpr double bytes_per_gb = 1e9;
    MemoryOptions options;
    options.amp = config.boolean("use_amp");
    options.checkpointing = config.boolean("use_gradient_checkpointing");
    options.bands = config.integer("checkpoint_bands");
    options.target = target_of(config.text("target_storage"));
    options.budget_bytes = std::llround(config.number("memory_budget_gb") * bytes_per_gb);
    options.device_budget_bytes = std::llround(config.number("device_memory_budget_gb") * bytes_per_gb);
    options.fraction = config.number("memory_fraction");
    options.warning = config.number("memory_warning_threshold");
    options.critical = config.number("memory_critical_threshold");
    options.growth = config.boolean("memory_growth");
    if (config.boolean("make_training_video"))
        options.recording_bytes = recorder_bytes(image, recorder_options(config));
    return options;
}

/// Those that a frame, a checkpoint or a line of the log is made after; each step for a log that tells of each.
std::function<bool(std::int64_t)> watched_steps(const Config& config) {
    if (config.text("log_level") == "debug") return {};
    const std::int64_t frames = config.boolean("make_training_video") ? config.integer("video_iterations") : 0;
    const std::int64_t saves = config.integer("save_ckpt_steps");
    const auto divides = [](std::int64_t every, std::int64_t step) { return every > 0 && step % every == 0; };
    return [=](std::int64_t step) { return divides(frames, step) || divides(saves, step); };
}

}  // namespace

RecorderOptions recorder_options(const Config& config) {
    RecorderOptions options;
    options.iterations = config.integer("video_iterations");
    const std::int64_t panes = config.text("video_layout") == "side" ? 2 : 1;  // beside one another
    options.max_side = config.integer("video_max_width") / panes;
    options.on_disk = config.boolean("video_save_to_disk");
    options.queue = config.integer("recorder_queue");
    return options;
}

TrainOptions train_options(const Config& config, const ImageInfo& image) {
    const auto real = [&](const char* key) { return static_cast<float>(config.number(key)); };
    TrainOptions options;
    options.num_gaussians = config.integer("num_gaussians");
    options.max_steps = config.integer("max_steps");
    options.max_seconds = config.number("max_seconds");
    options.seed = static_cast<std::uint64_t>(config.integer("seed"));
    options.blending.blend = blend_of(config.text("blend")).value();
    options.blending.cutoff = real("cutoff");
    options.blending.eps = real("blend_eps");
    options.blending.topk = static_cast<int>(config.integer("topk"));
    options.blending.support = support_of(config.text("support")).value();
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
    options.cuda_graph = config.boolean("cuda_graph");
    options.watched = watched_steps(config);
    options.memory = memory_options(config, image);
    return options;
}

std::vector<ChartFormat> plot_formats(const Config& config) {
    const std::string& plots = config.text("plots");
    std::vector<ChartFormat> formats;
    if (plots == "png" || plots == "both") formats.push_back(ChartFormat::png);
    if (plots == "svg" || plots == "both") formats.push_back(ChartFormat::svg);
    return formats;
}

VideoOptions video_options(const Config& config) {
    VideoOptions options;
    options.layout = layout_of(config.text("video_layout"));
    options.fps = static_cast<int>(config.integer("video_fps"));
    options.crf = static_cast<int>(config.integer("video_crf"));
    options.max_width = config.integer("video_max_width");
    return options;
}

}  // namespace gsfit::cli

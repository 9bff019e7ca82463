#include "cli/options.h"

#include <algorithm>
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
    if (makes_pictures(config)) options.recording_bytes += pictures_bytes(image, picture_options(config));
    return options;
}

/// Those that a frame, a picture, a checkpoint or a line of the log is made after; each step for a log that tells of
/// each.
std::function<bool(std::int64_t)> watched_steps(const Config& config) {
    if (config.text("log_level") == "debug") return {};
    const std::int64_t frames = config.boolean("make_training_video") ? config.integer("video_iterations") : 0;
    const std::int64_t pictures = config.integer("save_image_steps");
    const std::int64_t saves = config.integer("save_ckpt_steps");
    const auto divides = [](std::int64_t every, std::int64_t step) { return every > 0 && step % every == 0; };
    return [=](std::int64_t step) { return divides(frames, step) || divides(pictures, step) || divides(saves, step); };
}

Refinement refinement(const Config& config) {
    const auto real = [&](const char* key) { return static_cast<float>(config.number(key)); };
    return {.patch_size = config.integer("adaptive_patch_size"),
            .overlap = config.integer("adaptive_overlap"),
            .psnr_weight = real("adaptive_psnr_weight"),
            .ssim_weight = real("adaptive_ssim_weight"),
            .threshold = real("adaptive_error_threshold"),
            .increment = config.integer("adaptive_refinement_increment"),
            .rounds = config.integer("adaptive_max_iterations"),
            .most_per_patch = config.integer("adaptive_max_gaussians_per_patch")};
}

InitMode init_mode_of(const std::string& name) {
    if (name == "saliency") return InitMode::saliency;
    return name == "random" ? InitMode::random : InitMode::gradient;
}

ImageGsOptions image_gs_options(const Config& config) {
    const auto real = [&](const char* key) { return static_cast<float>(config.number(key)); };
    ImageGsOptions options;
    options.init_mode = init_mode_of(config.text("init_mode"));
    options.init_scale = real("init_scale");
    options.saliency_blur = real("smap_filter_size");
    options.color_init = !config.boolean("disable_color_init");
    options.rates = {.position = real("pos_lr"),
                     .scale = real("scale_lr"),
                     .rotation = real("rot_lr"),
                     .feature = real("feat_lr"),
                     .of_sigma = config.boolean("disable_inverse_scale")};
    options.lower_rates = !config.boolean("disable_lr_schedule");
    options.decay_ratio = real("decay_ratio");
    options.patience = config.integer("check_decay_steps");
    options.max_decays = static_cast<int>(config.integer("max_decay_times"));
    options.decay_threshold = real("decay_threshold");
    options.adds = !config.boolean("disable_prog_optim");
    options.add_steps = config.integer("add_steps");
    options.add_times = config.integer("add_times");
    return options;
}

/// As Image-GS's renderer without tiles and its one without normalisation.
void simplify(Blending& blending, const Config& config) {
    if (config.boolean("disable_topk_norm")) blending.blend = Blend::sum;
    if (config.boolean("disable_tiles")) {
        blending.support = Support::ellipse;
        blending.cutoff = 6.0F;  // what lies beyond is less than float resolves
    }
}

/// Recipe image_gs leaves time after its last addition.
std::int64_t max_steps(const Config& config) {
    const std::int64_t wanted = config.integer("max_steps");
    if (config.recipe() != Recipe::image_gs || config.boolean("disable_prog_optim")) return wanted;
    return std::max(wanted,
                    config.integer("add_steps") * config.integer("add_times") + config.integer("post_min_steps"));
}

std::optional<Quantisation> quantisation(const Config& config) {
    if (!config.boolean("quantize")) return std::nullopt;
    const auto bits = [&](const char* key) { return static_cast<int>(config.integer(key)); };
    return Quantisation{.position = bits("pos_bits"),
                        .scale = bits("scale_bits"),
                        .rotation = bits("rot_bits"),
                        .feature = bits("feat_bits")};
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

PictureOptions picture_options(const Config& config) {
    PictureOptions options;
    options.steps = config.integer("save_image_steps");
    options.gaussians = config.boolean("vis_gaussians");
    options.render_ending = "." + config.text("save_image_format");
    options.plot_ending = "." + config.text("save_plot_format");
    return options;
}

bool makes_pictures(const Config& config) {
    const std::int64_t steps = config.integer("save_image_steps");
    const bool reached = config.number("max_seconds") > 0 || steps <= max_steps(config);
    return config.boolean("vis_gaussians") || config.boolean("adaptive_refinement") || (steps > 0 && reached);
}

TrainOptions train_options(const Config& config, const ImageInfo& image) {
    const auto real = [&](const char* key) { return static_cast<float>(config.number(key)); };
    TrainOptions options;
    options.num_gaussians = config.integer("num_gaussians");
    options.max_steps = max_steps(config);
    options.max_seconds = config.number("max_seconds");
    options.seed = static_cast<std::uint64_t>(config.integer("seed"));
    options.blending.blend = blend_of(config.text("blend")).value();
    options.blending.cutoff = real("cutoff");
    options.blending.eps = real("blend_eps");
    options.blending.topk = static_cast<int>(config.integer("topk"));
    options.blending.support = support_of(config.text("support")).value();
    simplify(options.blending, config);
    options.loss.l1 = real("l1_loss_ratio");
    options.loss.l2 = real("l2_loss_ratio");
    options.ssim_loss_ratio = real("ssim_loss_ratio");
    options.ssim_windows = ssim_windows_of(config.text("ssim_windows")).value();
    options.initial_ratio = real("initial_ratio");
    options.init_random_ratio = real("init_random_ratio");
    if (config.recipe() == Recipe::image_gs) options.image_gs = image_gs_options(config);
    if (config.boolean("adaptive_refinement")) {
        options.refinement = refinement(config);
        options.num_gaussians =
            config.integer("adaptive_base_gaussians") + options.refinement->rounds * options.refinement->increment;
    }
    options.growth_times = static_cast<int>(config.integer("growth_times"));
    options.growth_until = real("growth_until");
    options.growth_sigma = real("growth_sigma");
    options.position_step = real("position_step");
    options.scale_step = real("scale_step");
    options.rotation_step = real("rotation_step");
    options.feature_step = real("feature_step");
    options.relocate_ratio = real("relocate_ratio");
    options.relocate_steps = config.integer("relocate_steps");
    options.relocate_from = real("relocate_from");
    options.relocate_until = real("relocate_until");
    options.ssim_from = real("ssim_from");
    options.decay_from = real("decay_from");
    options.decay_floor = real("decay_floor");
    options.sublattice = config.boolean("sublattice");
    options.eval_steps = config.integer("eval_steps");
    options.cuda_graph = config.boolean("cuda_graph");
    options.watched = watched_steps(config);
    options.quantisation = quantisation(config);
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

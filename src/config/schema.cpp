// The table of all keys: everything that is known about a key stands here, once.

#include "config/schema.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "gsfit/blending.h"
#include "gsfit/core/ssim.h"

namespace gsfit {
namespace {

using enum Type;
using Names = std::string_view[];

constexpr Names recipes = {"gsfit", "image_gs"};  // in the order of Recipe
constexpr Names init_modes = {"gradient", "saliency", "random"};
constexpr Names log_levels = {"debug", "info", "warning", "error"};
constexpr Names progress_kinds = {"auto", "bar", "plain", "json", "none"};
constexpr Names video_layouts = {"side", "render", "slider"};
constexpr Names plot_formats = {"none", "png", "svg", "both"};
constexpr Names picture_formats = {"jpg", "png"};
constexpr Names target_storages = {"auto", "memory", "file"};

/// A key that has another default by recipe image_gs.
constexpr Key image_gs_takes(std::string_view default_text, Key key) {
    key.image_gs_default = default_text;
    return key;
}

/// A key whose value, or what it switches on, was measured against what Image-GS does (docs/quality.md).
constexpr Key measured(std::string_view gain, Key key) {
    key.gain = gain;
    return key;
}

constexpr Key only_for(Recipe recipe, Key key) {
    key.only = recipe;
    return key;
}
constexpr Key gsfit_only(const Key& key) { return only_for(Recipe::gsfit, key); }
constexpr Key image_gs_only(const Key& key) { return only_for(Recipe::image_gs, key); }

// clang-format off
constexpr Key table[] = {
    // name, type, default, range, choices, unit, group,
    //     help[, zero_word]
    {"recipe", choice, "gsfit", {}, recipes, "", "Run",
        "how to train: by gsfit's own recipe, or as Image-GS does; some keys are read by one of them only"},
    {"seed", integer, "123", {0, 4294967295}, {}, "", "Run",
        "seed of everything random; the same seed gives the same result, whatever the number of threads"},
    {"num_gaussians", integer, "10000", {1, 10000000}, {}, "", "Run",
        "Gaussians at the end of the run; auto: as many as pay in this image, by short fits", "auto"},
    gsfit_only({"target_psnr", number, "0", {0, 100}, {}, "dB", "Run",
        "takes the place of num_gaussians: as many as this PSNR is predicted to take, by short fits; 0: num_gaussians"}),
    gsfit_only({"target_bytes", integer, "0", {0, 4294967296}, {}, "bytes", "Run",
        "takes the place of num_gaussians: as many as fill a compact file of this size well; 0: num_gaussians"}),
    image_gs_takes("10000", {"max_steps", integer, "500", {1, 1000000}, {}, "", "Run",
        "steps of the run; max_seconds takes its place, but by recipe image_gs"}),
    {"max_seconds", number, "0", {0, 10000000}, {}, "s", "Run",
        "training ends after this time and all schedules follow the clock (recipe image_gs is cut off then); 0: by max_steps"},
    {"eval_steps", integer, "100", {0, 1000000}, {}, "", "Run",
        "steps between evaluations: of PSNR on the way, of PSNR and SSIM at the end; 0: only at the end"},
    {"eval", boolean, "false", {}, {}, "", "Run",
        "do not train: render the run that is in the folder, render_height high"},
    {"render_height", integer, "2048", {1, 16777216}, {}, "pixels", "Run",
        "height of that render; the aspect is kept"},
    {"ckpt_file", path, "", {}, {}, "", "Run",
        "which of the files in checkpoints/ that is; empty: the latest"},
    {"save_ckpt_steps", integer, "1000", {0, 1000000}, {}, "", "Run",
        "steps between checkpoints; 0: only at the end and when stopped by a signal"},
    {"save_checkpoint_keep", integer, "1", {0, 1000000}, {}, "", "Run",
        "the newest checkpoints are kept, this many; 0: all"},
    {"device", text, "auto", {}, {}, "", "Run",
        "where training computes: cpu, cuda or cuda:N (N from 0); auto: a GPU where one works, else the CPU"},
    {"cuda_graph", boolean, "true", {}, {}, "", "Run",
        "on a GPU, launch a step's kernels as one (a CUDA graph); the same bits come out, sooner"},
    {"threads", integer, "0", {0, 1024}, {}, "", "Run",
        "threads to compute with; 0: one for each core"},
    {"log_level", choice, "info", {}, log_levels, "", "Run",
        "the least severe messages that log.txt takes"},
    {"progress", choice, "auto", {}, progress_kinds, "", "Run",
        "how progress is shown on stderr; auto: a bar on a terminal, plain lines elsewhere"},
    {"log_root", path, "results", {}, {}, "", "Run",
        "folder that run folders are made in"},
    {"exp_name", text, "", {}, {}, "", "Run",
        "name of the run folder in log_root; empty: the image's name"},

    {"input_path", path, "", {}, {}, "", "Input",
        "the image to fit, unless the IMAGE argument names it"},
    image_gs_takes("media", {"data_root", path, "", {}, {}, "", "Input",
        "folder that input_path is looked for in, unless that is absolute; IMAGE is not, unless this is a flag too"}),
    {"resize_max", integer, "0", {0, 1000000}, {}, "pixels", "Input",
        "shrink the image so that its longer side is at most this; 0: keep its size"},
    {"downsample", boolean, "false", {}, {}, "", "Input",
        "fit the image scaled down by downsample_ratio; at the end render and evaluate at its own size too"},
    {"downsample_ratio", number, "2", {1, 1000}, {}, "", "Input",
        "how much smaller, with downsample"},
    {"gamma", number, "1", {0.1, 10}, {}, "", "Input",
        "values^gamma are fitted, in 16 bit unless it is 1; renders and metrics are of values^(1/gamma)"},

    measured("+0.03 dB over topk_norm, and it lets Gaussians be relocated",
        image_gs_takes("topk_norm", {"blend", choice, "norm", {}, blend_names, "", "Field",
        "a pixel is the weighted mean (norm) or sum (sum) of the Gaussians that it sees, or the mean of the topk of largest weight (topk_norm)"})),
    {"topk", integer, "10", {1, max_topk}, {}, "", "Field",
        "Gaussians that a pixel takes by blend topk_norm, beside those whose weight equals the least of them"},
    measured("-0.02 dB against 0.0001, but the weight at the cutoff is far below it, so that no edge shows there",
        image_gs_takes("0.0001", {"blend_eps", number, "0.003", {0.000001, 1}, {}, "", "Field",
        "added to the sum of weights by blend norm and topk_norm; about 30 exp(-cutoff^2 / 2)"})),
    measured("+0.03 dB over tile16, in two thirds of the time",
        image_gs_takes("tile16", {"support", choice, "ellipse", {}, support_names, "", "Field",
        "a pixel sees a Gaussian inside its ellipse, or in the 16 x 16 tiles that 3 sigma reach (tile16), as in Image-GS"})),
    {"cutoff", number, "4.2919321", {1, 6}, {}, "sigma", "Field",
        "a pixel sees a Gaussian up to this distance, with support ellipse"},

    measured("+0.33 dB over 1, with l2_loss_ratio 1 instead",
        image_gs_takes("1", {"l1_loss_ratio", number, "0", {0, 1000}, {}, "", "Loss",
        "weight of the mean absolute difference"})),
    measured("+0.33 dB over l1_loss_ratio 1 instead",
        image_gs_takes("0", {"l2_loss_ratio", number, "1", {0, 1000}, {}, "", "Loss",
        "weight of the mean squared difference"})),
    measured("+0.43 dB over 0.1 in a third of the time, though SSIM is 0.009 lower",
        image_gs_takes("0.1", {"ssim_loss_ratio", number, "0", {0, 1}, {}, "", "Loss",
        "weight of 1 - SSIM"})),
    measured("a step with SSIM takes 1.1 to 1.4 times as long as one without; with image 2 to 3 times",
        image_gs_takes("image", {"ssim_windows", choice, "block", {}, ssim_windows_names, "", "Loss",
        "SSIM of each block of 64 x 64 samples by itself (block), or of the whole image (image)"})),

    measured("0.00 dB against 0.5, with fewer Gaussians to draw at first",
        image_gs_takes("0.5", {"initial_ratio", number, "0.3", {0, 1, true}, {}, "", "Start",
        "part of num_gaussians placed at the start"})),
    {"init_random_ratio", number, "0.3", {0, 1}, {}, "", "Start",
        "part of those placed uniformly; the others go where the image changes"},
    {"init_from_checkpoint", boolean, "false", {}, {}, "", "Start",
        "start from the Gaussians of init_checkpoint_path instead, which may have been fitted to another image"},
    {"init_checkpoint_path", path, "", {}, {}, "", "Start",
        "the run folder or .safetensors file to start from"},
    {"init_partial", boolean, "false", {}, {}, "", "Start",
        "it may hold fewer than num_gaussians; the run adds the rest"},

    gsfit_only({"growth_times", integer, "0", {0, 1000}, {}, "", "Recipe gsfit",
        "equal additions that bring in the rest; 0: 8, or 4 when there are at most 100 steps"}),
    gsfit_only({"growth_until", number, "0.4", {0, 1, true}, {}, "of the run", "Recipe gsfit",
        "the last addition is done by then"}),
    measured("+0.90 dB over 5 pixels",
        gsfit_only({"growth_sigma", number, "0.08", {0, 10, true}, {}, "pitches", "Recipe gsfit",
        "sigma of an added Gaussian, at least 1 pixel; the pitch is sqrt(pixels / num_gaussians)"})),
    measured("+0.60 dB over none",
        gsfit_only({"relocate_ratio", number, "0.05", {0, 0.5}, {}, "of the Gaussians", "Recipe gsfit",
        "those that the image would miss least, moved to where it is worst; fewer as steps get smaller; 0: none; "
        "blend topk_norm has none"})),
    gsfit_only({"relocate_steps", integer, "15", {1, 1e6}, {}, "", "Recipe gsfit", "steps between two relocations"}),
    gsfit_only({"relocate_from", number, "0.15", {0, 1}, {}, "of the run", "Recipe gsfit", "relocation begins then"}),
    gsfit_only({"relocate_until", number, "0.85", {0, 1}, {}, "of the run", "Recipe gsfit", "and is over then"}),

    gsfit_only({"ssim_from", number, "0.8", {0, 1}, {}, "of the run", "Recipe gsfit",
        "1 - SSIM counts from then on, where ssim_loss_ratio gives it a weight"}),

    gsfit_only({"position_step", number, "0", {0, 1}, {}, "sigma", "Recipe gsfit",
        "step of a centre; 0: 2 clamp(2.1 / sqrt(max_steps), 0.16, 0.21)"}),
    gsfit_only({"scale_step", number, "0", {0, 1}, {}, "ln sigma", "Recipe gsfit",
        "step of a scale; 0: clamp(2.1 / sqrt(max_steps), 0.16, 0.21)"}),
    gsfit_only({"rotation_step", number, "0", {0, 1}, {}, "radians", "Recipe gsfit",
        "step of a rotation, smaller for elongated Gaussians; 0: clamp(2.1 / sqrt(max_steps), 0.16, 0.21)"}),
    gsfit_only({"feature_step", number, "0", {0, 1}, {}, "", "Recipe gsfit",
        "step of a colour; 0: clamp(0.25 / sqrt(max_steps), 0.018, 0.025)"}),
    measured("+0.21 dB over steps that keep their size",
        gsfit_only({"decay_from", number, "0.7", {0, 1}, {}, "of the run", "Recipe gsfit",
        "steps keep their size until then and fall by a cosine afterwards"})),
    gsfit_only({"decay_floor", number, "0.05", {0, 1, true}, {}, "", "Recipe gsfit",
        "the part of its size that a step falls to"}),
    measured("+1.3 dB in the same time on an illustration of 4 Mpx with 10,000 Gaussians",
        gsfit_only({"sublattice", boolean, "true", {}, {}, "", "Recipe gsfit",
        "each step trains on a random sub-lattice of the pixels, coarser at first: much faster on large images"})),

    image_gs_only({"init_mode", choice, "gradient", {}, init_modes, "", "Recipe image_gs",
        "where the Gaussians that are not placed uniformly go: by squared gradient, by saliency, or uniformly too"}),
    image_gs_only({"init_scale", number, "5", {0, 1000000, true}, {}, "pixels", "Recipe image_gs",
        "sigma of a new Gaussian"}),
    image_gs_only({"smap_filter_size", number, "20", {0, 10000}, {}, "pixels", "Recipe image_gs",
        "sigma of the blur of the saliency map"}),
    image_gs_only({"disable_color_init", boolean, "false", {}, {}, "", "Recipe image_gs",
        "the first Gaussians have random colours, not the image's"}),
    image_gs_only({"disable_inverse_scale", boolean, "false", {}, {}, "", "Recipe image_gs",
        "optimise sigma, not 1 / sigma"}),
    image_gs_only({"disable_topk_norm", boolean, "false", {}, {}, "", "Recipe image_gs",
        "blend by the plain sum of all Gaussians"}),
    image_gs_only({"disable_tiles", boolean, "false", {}, {}, "", "Recipe image_gs",
        "a pixel sees all Gaussians, as far as 6 sigma; much slower"}),
    image_gs_only({"pos_lr", number, "0.0005", {0, 1000}, {}, "of the image", "Recipe image_gs",
        "learning rate of a centre"}),
    image_gs_only({"scale_lr", number, "0.002", {0, 1000}, {}, "", "Recipe image_gs",
        "learning rate of 1 / sigma, or of sigma [pixels] with disable_inverse_scale"}),
    image_gs_only({"rot_lr", number, "0.002", {0, 1000}, {}, "radians", "Recipe image_gs",
        "learning rate of a rotation"}),
    image_gs_only({"feat_lr", number, "0.005", {0, 1000}, {}, "", "Recipe image_gs",
        "learning rate of a colour"}),
    image_gs_only({"disable_lr_schedule", boolean, "false", {}, {}, "", "Recipe image_gs",
        "neither lower the learning rates nor stop before max_steps"}),
    image_gs_only({"decay_ratio", number, "10", {1, 1000000}, {}, "", "Recipe image_gs",
        "learning rates are divided by this when training does not get on"}),
    image_gs_only({"check_decay_steps", integer, "1000", {1, 1000000}, {}, "", "Recipe image_gs",
        "that is, when for so many steps PSNR or SSIM did not rise by decay_threshold"}),
    image_gs_only({"max_decay_times", integer, "1", {0, 1000}, {}, "", "Recipe image_gs",
        "after so many divisions the next one ends the run instead"}),
    image_gs_only({"decay_threshold", number, "0.001", {0, 1}, {}, "", "Recipe image_gs",
        "least rise of SSIM, and of PSNR in units of 100 dB, that counts"}),
    image_gs_only({"disable_prog_optim", boolean, "false", {}, {}, "", "Recipe image_gs",
        "start with all Gaussians"}),
    image_gs_only({"add_steps", integer, "500", {1, 1000000}, {}, "", "Recipe image_gs",
        "steps between additions of Gaussians"}),
    image_gs_only({"add_times", integer, "4", {1, 1000}, {}, "", "Recipe image_gs",
        "equal additions that bring in the rest"}),
    image_gs_only({"post_min_steps", integer, "3000", {0, 1000000}, {}, "", "Recipe image_gs",
        "max_steps is raised to leave at least so many steps after the last addition"}),

    {"quantize", boolean, "false", {}, {}, "", "Quantisation",
        "every picture in training is drawn of Gaussians rounded to few bits, and packed.safetensors holds them so"},
    {"pos_bits", integer, "16", {4, 32}, {}, "bits", "Quantisation",
        "of each coordinate of a centre, with quantize"},
    {"scale_bits", integer, "16", {4, 32}, {}, "bits", "Quantisation",
        "of each of the two sigmas"},
    {"rot_bits", integer, "16", {4, 32}, {}, "bits", "Quantisation",
        "of a rotation"},
    {"feat_bits", integer, "16", {4, 32}, {}, "bits", "Quantisation",
        "of each channel of a feature"},

    {"adaptive_refinement", boolean, "false", {}, {}, "", "Refinement",
        "when 60% of the run are done, give Gaussians to the patches of the image that are worst, some rounds long"},
    {"adaptive_base_gaussians", integer, "10000", {1, 10000000}, {}, "", "Refinement",
        "Gaussians before the first round; takes the place of num_gaussians"},
    {"adaptive_refinement_increment", integer, "2000", {1, 10000000}, {}, "", "Refinement",
        "Gaussians that a round adds"},
    {"adaptive_max_iterations", integer, "3", {1, 100}, {}, "", "Refinement",
        "rounds; fewer when no patch is bad any more"},
    {"adaptive_max_gaussians_per_patch", integer, "1000", {1, 10000000}, {}, "", "Refinement",
        "Gaussians that a round adds to one patch at most"},
    {"adaptive_patch_size", integer, "256", {16, 4096}, {}, "pixels", "Refinement",
        "side of a patch"},
    {"adaptive_overlap", integer, "32", {0, 2047}, {}, "pixels", "Refinement",
        "of neighbouring patches; less than half of adaptive_patch_size"},
    {"adaptive_psnr_weight", number, "0.7", {0, 1000}, {}, "", "Refinement",
        "of clamp(1 - PSNR / 40 dB, 0, 1) in a patch's score"},
    {"adaptive_ssim_weight", number, "0.3", {0, 1000}, {}, "", "Refinement",
        "of 1 - SSIM in a patch's score"},
    {"adaptive_error_threshold", number, "0.3", {0, 1000}, {}, "", "Refinement",
        "a patch is bad when its score is above this"},

    {"use_amp", boolean, "true", {}, {}, "", "Memory",
        "image-sized planes are float16, and the loss is scaled so that its gradient survives that"},
    {"use_gradient_checkpointing", boolean, "false", {}, {}, "", "Memory",
        "draw a band's image again for its gradient rather than keep what that needs; bands alone save as much"},
    {"checkpoint_bands", integer, "auto", {1, 65536}, {}, "", "Memory",
        "an image is worked on in so many bands; auto: the fewest that fit the budget", "auto"},
    {"target_storage", choice, "auto", {}, target_storages, "", "Memory",
        "where the decoded image lies; auto: in a file when that is what the budget takes"},
    {"memory_budget_gb", number, "0", {0, 1000000}, {}, "GB", "Memory",
        "memory of the whole process, in 10^9 bytes; 0: what is free times memory_fraction"},
    {"device_memory_budget_gb", number, "0", {0, 1000000}, {}, "GB", "Memory",
        "memory of the GPU that trains, in 10^9 bytes; 0: what is free there times memory_fraction"},
    {"memory_fraction", number, "0.9", {0, 1, true}, {}, "", "Memory",
        "the part of the free memory, of the host or a GPU, that a run may take when its budget is 0"},
    {"memory_warning_threshold", number, "0.8", {0, 1, true}, {}, "of the budget", "Memory",
        "from here on what can be dropped is dropped; at most memory_critical_threshold"},
    {"memory_critical_threshold", number, "0.95", {0, 1, true}, {}, "of the budget", "Memory",
        "from here on the run changes its settings to take less"},
    {"memory_growth", boolean, "true", {}, {}, "", "Memory",
        "take memory when it is needed; false: take the planned peak at the start"},

    {"make_training_video", boolean, "false", {}, {}, "", "Record",
        "record frames of the picture as it is fitted and make video.mp4 of them at the end"},
    {"video_iterations", integer, "50", {1, 1000000}, {}, "", "Record",
        "steps between frames; step 0 and the last one have a frame too"},
    {"video_layout", choice, "side", {}, video_layouts, "", "Record",
        "what a video shows: target and render side by side, the render alone, or a line that slides between them"},
    {"video_fps", integer, "30", {1, 240}, {}, "1/s", "Record",
        "frames that a video shows in a second"},
    {"video_crf", integer, "18", {0, 51}, {}, "", "Record",
        "constant rate factor of H.264: 0 is lossless, 18 looks lossless, 51 is worst"},
    {"video_max_width", integer, "3840", {16, 16384}, {}, "pixels", "Record",
        "a video is at most this wide and this high"},
    {"video_save_to_disk", boolean, "true", {}, {}, "", "Record",
        "frames lie in frames/ of the run folder, where they outlive a killed run; false: in memory, at most 256 MB"},
    {"video_keep_frames", boolean, "false", {}, {}, "", "Record",
        "frames stay when the video is made"},
    {"recorder_queue", integer, "4", {1, 1000}, {}, "", "Record",
        "frames that may wait to be written; then training waits"},
    {"vis_gaussians", boolean, "false", {}, {}, "", "Record",
        "pictures/ shows the Gaussians and the error too: at the start, with each picture, after additions, at the end"},
    {"save_image_steps", integer, "100000", {0, 1000000}, {}, "", "Record",
        "steps between pictures of the render, in pictures/; 0: none on the way"},
    {"save_image_format", choice, "jpg", {}, picture_formats, "", "Record",
        "of renders in pictures/"},
    {"save_plot_format", choice, "jpg", {}, picture_formats, "", "Record",
        "of drawings in pictures/: positions, ellipses, errors"},
    {"plots", choice, "none", {}, plot_formats, "", "Record",
        "curves of the run in plots/, as pictures for papers"},
    {"tensorboard", boolean, "false", {}, {}, "", "Record",
        "write the metrics for TensorBoard too, in tensorboard/"},
};
// clang-format on

std::string bound_text(double bound) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.begin(), buffer.end(), bound, std::chars_format::fixed).ptr;
    return {buffer.begin(), end};
}

}  // namespace

std::span<const Key> schema() { return table; }

std::string_view name_of(Recipe recipe) { return recipes[static_cast<std::size_t>(recipe)]; }

std::optional<std::size_t> find_key(std::string_view name) {
    const auto* const found = std::ranges::find(table, name, &Key::name);
    return found == std::end(table) ? std::nullopt : std::optional(static_cast<std::size_t>(found - std::begin(table)));
}

std::vector<std::string_view> key_names() {
    std::vector<std::string_view> names;
    std::ranges::transform(table, std::back_inserter(names), &Key::name);
    return names;
}

std::string accepted_values(const Key& key) {
    switch (key.type) {
        case boolean:
            return "true, false";
        case integer:
        case number:
            return (key.zero_word.empty() ? "" : std::string(key.zero_word) + " or ") +
                   (key.range.above ? "above " + bound_text(key.range.least) + ", up to "
                                    : bound_text(key.range.least) + " to ") +
                   bound_text(key.range.most);
        case choice: {
            std::string list;
            for (const std::string_view name : key.choices) {
                list.append(list.empty() ? "" : ", ").append(name);
            }
            return list;
        }
        case text:
            return "text";
        case path:
            return "path";
    }
    return {};
}

}  // namespace gsfit

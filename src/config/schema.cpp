// The table of all keys: everything that is known about a key stands here, once.

#include "config/schema.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "gsfit/blending.h"

namespace gsfit {
namespace {

using enum Type;
using Names = std::string_view[];

constexpr Names log_levels = {"debug", "info", "warning", "error"};
constexpr Names progress_kinds = {"auto", "bar", "plain", "json", "none"};
constexpr Names video_layouts = {"side", "render", "slider"};
constexpr Names plot_formats = {"none", "png", "svg", "both"};
constexpr Names target_storages = {"auto", "memory", "file"};

// clang-format off
constexpr Key table[] = {
    // name, type, default, range, choices, unit, group,
    //     help[, zero_word]
    {"seed", integer, "123", {0, 4294967295}, {}, "", "Run",
        "seed of everything random; the same seed gives the same result, whatever the number of threads"},
    {"num_gaussians", integer, "10000", {1, 10000000}, {}, "", "Run",
        "Gaussians at the end of the run"},
    {"max_steps", integer, "500", {1, 1000000}, {}, "", "Run",
        "steps of the run; max_seconds takes its place"},
    {"max_seconds", number, "0", {0, 10000000}, {}, "s", "Run",
        "training ends after this time and all schedules follow the clock; 0: by max_steps"},
    {"eval_steps", integer, "100", {0, 1000000}, {}, "", "Run",
        "steps between evaluations: of PSNR on the way, of PSNR and SSIM at the end; 0: only at the end"},
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
    {"resize_max", integer, "0", {0, 1000000}, {}, "pixels", "Input",
        "shrink the image so that its longer side is at most this; 0: keep its size"},

    {"blend", choice, "norm", {}, blend_names, "", "Field",
        "a pixel is the weighted mean (norm) or sum (sum) of the Gaussians that it sees, or the mean of the topk of largest weight (topk_norm)"},
    {"topk", integer, "10", {1, max_topk}, {}, "", "Field",
        "Gaussians that a pixel takes by blend topk_norm, beside those whose weight equals the least of them"},
    {"blend_eps", number, "0.003", {0.000001, 1}, {}, "", "Field",
        "added to the sum of weights by blend norm and topk_norm; about 30 exp(-cutoff^2 / 2)"},
    {"support", choice, "ellipse", {}, support_names, "", "Field",
        "a pixel sees a Gaussian inside its ellipse, or in the 16 x 16 tiles that 3 sigma reach (tile16), as in Image-GS"},
    {"cutoff", number, "4.2919321", {1, 6}, {}, "sigma", "Field",
        "a pixel sees a Gaussian up to this distance, with support ellipse"},

    {"l1_loss_ratio", number, "0", {0, 1000}, {}, "", "Loss",
        "weight of the mean absolute difference"},
    {"l2_loss_ratio", number, "1", {0, 1000}, {}, "", "Loss",
        "weight of the mean squared difference"},
    {"ssim_loss_ratio", number, "0", {0, 1}, {}, "", "Loss",
        "weight of 1 - SSIM"},

    {"initial_ratio", number, "0.3", {0, 1, true}, {}, "", "Start",
        "part of num_gaussians placed at the start"},
    {"init_random_ratio", number, "0.3", {0, 1}, {}, "", "Start",
        "part of those placed uniformly; the others go where the image changes"},

    {"growth_times", integer, "0", {0, 1000}, {}, "", "Growth",
        "equal additions that bring in the rest; 0: 8, or 4 when there are at most 100 steps"},
    {"growth_until", number, "0.5", {0, 1, true}, {}, "of the run", "Growth",
        "the last addition is done by then"},
    {"growth_sigma", number, "0.15", {0, 10, true}, {}, "pitches", "Growth",
        "sigma of an added Gaussian, at least 1 pixel; the pitch is sqrt(pixels / num_gaussians)"},

    {"position_step", number, "0", {0, 1}, {}, "sigma", "Optimiser",
        "step of a centre; 0: 2 clamp(1.6 / sqrt(max_steps), 0.05, 0.16)"},
    {"scale_step", number, "0", {0, 1}, {}, "ln sigma", "Optimiser",
        "step of a scale; 0: clamp(1.6 / sqrt(max_steps), 0.05, 0.16)"},
    {"rotation_step", number, "0", {0, 1}, {}, "radians", "Optimiser",
        "step of a rotation, smaller for elongated Gaussians; 0: clamp(1.6 / sqrt(max_steps), 0.05, 0.16)"},
    {"feature_step", number, "0", {0, 1}, {}, "", "Optimiser",
        "step of a colour; 0: clamp(0.25 / sqrt(max_steps), 0.008, 0.025)"},
    {"decay_from", number, "0.6", {0, 1}, {}, "of the run", "Optimiser",
        "steps keep their size until then and fall by a cosine afterwards"},
    {"decay_floor", number, "0.05", {0, 1, true}, {}, "", "Optimiser",
        "the part of its size that a step falls to"},
    {"sublattice", boolean, "true", {}, {}, "", "Optimiser",
        "each step trains on a random sub-lattice of the pixels, coarser at first: much faster on large images"},

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

// gsfit compress: an image as a compact file, of the size or the quality that is asked for.

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/amount.h"
#include "cli/command.h"
#include "cli/compact.h"
#include "cli/compression.h"
#include "cli/configuration.h"
#include "cli/image_files.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "cli/values.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;

void check(const Arguments& arguments) {
    check_compact_output(arguments);
    if (arguments.has("bytes") + arguments.has("bpp") + arguments.has("psnr") > 1) {
        throw UsageError("--bytes, --bpp and --psnr exclude one another; give one of them");
    }
}

/// With the loss that --tune stands for (docs/quality.md); keys that are given beside it count.
Arguments tuned(Arguments arguments) {
    const std::string tune = arguments.has("tune") ? arguments.value("tune") : "psnr";
    if (tune != "psnr" && tune != "ssim") {
        throw UsageError(text_of("--tune must be psnr or ssim, not '", tune, "'"));
    }
    if (tune == "psnr") return arguments;
    const auto set = [&](std::string_view name, std::string_view value) {
        if (!arguments.has_key(name)) arguments.keys.emplace_back(name, value);
    };
    set("ssim_loss_ratio", "0.01");
    set("ssim_from", "0.5");
    set("ssim_windows", "block");
    return arguments;
}

/// A field is fitted anew, in floating point, of as many Gaussians as the goal takes.
void check(const Config& config) {
    for (const char* key : {"quantize", "adaptive_refinement", "init_from_checkpoint", "eval"}) {
        if (config.boolean(key))
            throw UsageError(text_of(key, " is true, which gsfit compress cannot do; leave it out"));
    }
    if (config.number("target_psnr") > 0) throw UsageError("target_psnr is of gsfit train; give --psnr");
    if (config.integer("target_bytes") > 0) throw UsageError("target_bytes is of gsfit train; give --bytes");
}

CompressionTask task_of(const Arguments& arguments, const Config& config) {
    CompressionTask task{
        .config = config, .image = image_path(config), .folder = fs::absolute(arguments.value("output")).parent_path()};
    if (task.image.empty()) {
        throw UsageError("no image is given; name one, for instance gsfit compress photo.jpg -o photo.gsf");
    }
    if (arguments.has("bytes")) task.goal.bytes = integer_value(arguments, "bytes", 1, most_compact_bytes);
    if (arguments.has("psnr")) task.goal.psnr = positive_value(arguments, "psnr", 100);
    if (arguments.has("bpp")) task.bits_per_pixel = positive_value(arguments, "bpp", 1000);
    if (arguments.has("finetune")) task.freezing_steps = integer_value(arguments, "finetune", 1, 1'000'000);
    const bool is_told = config.origin("num_gaussians").level != Origin::Level::unset;
    const bool has_goal = task.goal.bytes || task.goal.psnr || task.bits_per_pixel;
    if (is_amount_auto(config)) {
        if (has_goal) {
            throw UsageError(
                "num_gaussians is auto, and --bytes, --bpp or --psnr tells how many Gaussians there are; leave one of "
                "them out");
        }
        return task;
    }
    if (is_told || !has_goal) task.num_gaussians = config.integer("num_gaussians");
    return task;
}

ExitCode run(const Arguments& arguments) {
    check(arguments);
    const Config config = load_config_of_new_run(tuned(arguments));
    check(config);
    const CompressionTask task = task_of(arguments, config);
    set_threads(static_cast<int>(config.integer("threads")));
    stop_on_signals();
    const std::optional<Compressed> made = compress(task);
    if (!made) return exit_code_of_signal();
    const fs::path output = arguments.value("output");
    write_file_atomically(output, made->file);
    print_report({{"file", output.string()},
                  {"gaussians", made->gaussians},
                  {"bytes", made->outcome.bytes},
                  {"bpp", 8 * static_cast<double>(made->outcome.bytes) / static_cast<double>(made->pixels)},
                  {"psnr", made->outcome.psnr},
                  {"log2_q", std::log2(q_of(made->file))},
                  {"training_seconds", made->training_seconds},
                  {"seconds", made->seconds}},
                 arguments.has("json"));
    return ExitCode::done;
}

}  // namespace

Command compress_command() {
    return {
        {"compress",
         "[IMAGE]",
         {{"output", 'o', "FILE", "compact file to write: .gsf"},
          {"bytes", 0, "N", "size that the file may have at most, and comes close to"},
          {"bpp", 0, "B", "the same in bits per pixel of the fitted raster"},
          {"psnr", 0, "P", "PSNR that the file's picture is to have, in dB"},
          {"tune", 0, "psnr|ssim", "what the loss is to serve; psnr by default"},
          {"finetune", 0, "STEPS", "steps of training while it is rounded; two sevenths of max_steps by default"},
          {"config", 0, "FILE", "YAML to start from"},
          json_flag},
         true},
        "Fits Gaussians to an image and writes them as a compact file.",
        "IMAGE is as gsfit train takes it. The number of Gaussians follows from --bytes, --bpp or --psnr, unless\n"
        "num_gaussians is set; without any of them num_gaussians, which may be auto, are rounded as coarsely as pays.\n"
        "max_seconds limits it all. There is no run folder, and keys that are about one do nothing. A signal ends it\n"
        "without a file.",
        run};
}

}  // namespace gsfit::cli

// gsfit encode: a saved field as a compact file.

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.h"
#include "cli/compact.h"
#include "cli/configuration.h"
#include "cli/device.h"
#include "cli/output.h"
#include "cli/source.h"
#include "cli/target.h"
#include "cli/values.h"
#include "gsfit/compact/rounding.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"
#include "gsfit/eval.h"

namespace gsfit::cli {
namespace {

void check(const Arguments& arguments) {
    check_compact_output(arguments);
    if (arguments.has("bytes") + arguments.has("bpp") + arguments.has("rounding") > 1) {
        throw UsageError("--bytes, --bpp and --rounding exclude one another; give one of them");
    }
    if (arguments.has("device") && !arguments.has("finetune")) {
        throw UsageError("--device says where --finetune trains; give that too or leave it out");
    }
}

/// How large the file may be, if that is told.
std::optional<std::int64_t> wanted_bytes(const Arguments& arguments, const Field& field) {
    if (arguments.has("bytes")) return integer_value(arguments, "bytes", 1, most_compact_bytes);
    if (!arguments.has("bpp")) return std::nullopt;
    const auto pixels = static_cast<double>(field.raster_width * field.raster_height);
    return std::llround(positive_value(arguments, "bpp", 1000) * pixels / 8);
}

/// Its own file, rounded at once.
std::vector<std::byte> encoded(const Arguments& arguments, const SavedField& saved, std::optional<double> psnr) {
    const codec::Encoder encoder(gaussians_of(saved.field), description_of(saved));
    const auto bytes = wanted_bytes(arguments, saved.field);
    if (!bytes) {
        return encoder.encode(psnr ? best_q(saved.field, *psnr)
                                   : positive_value(arguments, "rounding", std::int64_t{1} << 40));
    }
    return file_within(encoder, *bytes, *bytes);
}

/// Training while it is rounded, where --device or the environment says.
TrainOptions options_of_freezing(const Arguments& arguments, std::int64_t steps) {
    const DeviceChoice device = device_of(load_key(arguments, "device"));
    if (!device.note.empty()) std::fprintf(stderr, "gsfit: %s\n", device.note.c_str());
    TrainOptions options;
    options.max_steps = steps;
    options.device = device.device;
    return options;
}

ExitCode run(const Arguments& arguments) {
    check(arguments);
    set_threads(wanted_threads(arguments));
    const Source source = open_source(arguments);
    const SavedField& saved = source.saved;
    const bool is_told = arguments.has("rounding") || wanted_bytes(arguments, saved.field);
    std::optional<PackedImage> image;
    const std::int64_t steps = arguments.has("finetune") ? integer_value(arguments, "finetune", 0, 1'000'000) : 0;
    if (!is_told || steps > 0 || arguments.has("image") || source.run_folder) {
        image = read_target(image_of(arguments, source), saved.field, saved.maps, "name that one with --image");
    }
    std::optional<double> psnr;
    if (!is_told) psnr = evaluate_psnr(saved.field, saved.blending, *image);
    const std::filesystem::path output = arguments.value("output");
    std::vector<std::byte> file = encoded(arguments, saved, psnr);
    if (steps > 0) {
        file =
            frozen_file(saved.field, description_of(saved), *image, q_of(file), options_of_freezing(arguments, steps))
                .value();
    }
    write_file_atomically(output, file);
    const SavedField back = load_compact(output, {}).saved;
    const std::uintmax_t bytes = size_of_file(output);
    const auto pixels = static_cast<double>(saved.field.raster_width * saved.field.raster_height);
    nlohmann::ordered_json report{{"file", output.string()},
                                  {"gaussians", back.field.size()},
                                  {"bytes", bytes},
                                  {"bpp", 8 * static_cast<double>(bytes) / pixels},
                                  {"log2_q", std::stod(back.metadata.at("log2_q"))}};
    if (image) report["psnr"] = evaluate_psnr(back.field, back.blending, *image);
    print_report(report, arguments.has("json"));
    return ExitCode::done;
}

}  // namespace

Command encode_command() {
    return {{"encode",
             "RUN_OR_FILE",
             {{"output", 'o', "FILE", "compact file to write: .gsf"},
              {"bytes", 0, "N", "size that the file may have at most, and comes close to"},
              {"bpp", 0, "B", "the same in bits per pixel of the fitted raster"},
              {"rounding", 0, "Q",
               "squared error that rounding one parameter may add to the image, values in 0 to 1; above 0"},
              {"finetune", 0, "STEPS",
               "train on for so many steps while it is rounded, 0 to 1000000; 0, the default: none"},
              {"device", 0, "NAME", "where that computes, as of gsfit train: cpu, cuda, cuda:N or auto, the default"},
              {"image", 0, "FILE", "image, or folder of a stack, that was fitted; without it what the run fitted"},
              json_flag,
              threads_flag}},
            "Writes a fitted field as a compact file.",
            "RUN_OR_FILE is a run folder (its latest checkpoint is taken), a .safetensors or a .gsf file. Without "
            "--bytes,\n"
            "--bpp or --rounding the rounding adds as much error as pays, which needs the image. Gaussians that no "
            "pixel sees "
            "are\n"
            "left out. gsfit render, eval and info read the file.",
            run};
}

}  // namespace gsfit::cli

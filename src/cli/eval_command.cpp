// gsfit eval: how close a saved field comes to its image.

#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/image_files.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/run_json.h"
#include "cli/source.h"
#include "cli/target.h"
#include "cli/text.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"
#include "gsfit/eval.h"
#include "gsfit/eval/flip.h"
#include "gsfit/eval/lpips.h"
#include "gsfit/eval/ms_ssim.h"
#include "gsfit/gaussians.h"

namespace gsfit::cli {
namespace {

nlohmann::ordered_json number_or_null(const std::optional<double>& value) {
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

/// The map's channels of an image.
ImageBands channels_of(const ImageBands& image, const ImageMap& map) {
    return {.width = image.width,
            .height = image.height,
            .channels = map.channels,
            .band = [image, map](std::int64_t first, std::int64_t rows) {
                return image.band(first, rows).narrow(0, map.first, map.channels);
            }};
}

/// Without the map's gamma.
ImageBands shown(const ImageBands& image, const ImageMap& map) {
    if (map.gamma == 1) return image;
    return {.width = image.width,
            .height = image.height,
            .channels = image.channels,
            .band = [image, map](std::int64_t first, std::int64_t rows) {
                return image.band(first, rows).clamp(0, 1).pow_(1 / map.gamma);
            }};
}

/// Those that look at one picture.
void add_metrics(nlohmann::ordered_json& report, const ImageBands& drawn, const ImageBands& target,
                 const std::optional<Lpips>& lpips) {
    report["ms_ssim"] = number_or_null(ms_ssim(drawn, target));
    report["flip"] = flip(drawn, target);
    if (lpips) report["lpips"] = (*lpips)(drawn, target);
}

void add_size(nlohmann::ordered_json& report, const std::filesystem::path& file, std::int64_t pixels) {
    const std::uintmax_t bytes = size_of_file(file);
    report["bytes"] = bytes;
    report["bpp"] = 8 * static_cast<double>(bytes) / static_cast<double>(pixels);
}

nlohmann::ordered_json field_report(const Arguments& arguments, const std::optional<Lpips>& lpips) {
    const Source source = open_source(arguments);
    const Field& field = source.saved.field;
    const std::filesystem::path path = image_of(arguments, source);
    const PackedImage image = read_target(path, field, source.saved.maps, "name that one with --image");
    const Quality quality = evaluate(field, source.saved.blending, image);
    nlohmann::ordered_json report{
        {"file", source.file.string()}, {"image", path.string()}, {"psnr", quality.psnr}, {"ssim", quality.ssim}};
    for (const MapQuality& map : quality.maps) report["maps"][map.name] = {{"psnr", map.psnr}, {"ssim", map.ssim}};
    for (const ImageMap& map : image.maps()) {
        const ImageBands target = shown(channels_of(rows_of(image), map), map);
        const ImageBands drawn =
            shown(render_rows_of(part_of(field, map), source.saved.blending, target.width, target.height), map);
        add_metrics(quality.maps.empty() ? report : report["maps"][map.name], drawn, target, lpips);
    }
    report["gaussians"] = field.size();
    const std::int64_t pixels = field.raster_width * field.raster_height;
    add_size(report, source.file, pixels);
    if (const auto& quantisation = source.saved.quantisation) {
        const std::int64_t bits = quantisation->of_gaussian(field.channels());
        report["bits_per_gaussian"] = bits;
        report["packed_bpp"] = static_cast<double>(field.size() * bits) / static_cast<double>(pixels);
    }
    return report;
}

/// Of an image file against another, as of another codec's.
nlohmann::ordered_json picture_report(const std::string& file, const Arguments& arguments,
                                      const std::optional<Lpips>& lpips) {
    if (!arguments.has("image")) {
        throw UsageError(text_of("'", file, "' is an image; name the one to compare it with by --image"));
    }
    const std::string& path = arguments.value("image");
    const PackedImage target = read_image(path);
    const PackedImage image = read_image(file);
    if (image.width() != target.width() || image.height() != target.height() || image.channels() != target.channels() ||
        !same_values(image.maps(), target.maps())) {
        throw InputError(text_of("'", file, "' (", image.width(), " x ", image.height(), " pixels, ", image.channels(),
                                 " channels) and '", path, "' (", target.width(), " x ", target.height(), ", ",
                                 target.channels(),
                                 ") cannot be compared; give two images of one size, with the same channels and, in "
                                 "floating point, the same range"));
    }
    const Quality quality = evaluate(rows_of(image), target);
    nlohmann::ordered_json report{{"file", file}, {"image", path}, {"psnr", quality.psnr}, {"ssim", quality.ssim}};
    add_metrics(report, rows_of(image), rows_of(target), lpips);
    add_size(report, file, target.width() * target.height());
    return report;
}

ExitCode run(const Arguments& arguments) {
    set_threads(wanted_threads(arguments));
    std::optional<Lpips> lpips;
    if (arguments.has("lpips")) lpips.emplace(arguments.value("lpips"));
    const bool is_picture = !arguments.positional.empty() && is_image_file(arguments.positional[0]);
    print_report(
        is_picture ? picture_report(arguments.positional[0], arguments, lpips) : field_report(arguments, lpips),
        arguments.has("json"));
    return ExitCode::done;
}

}  // namespace

Command eval_command() {
    return {
        {"eval",
         "RUN_OR_FILE",
         {{"image", 0, "FILE", "image, or folder of a stack, to compare with; without it what the run fitted"},
          {"lpips", 0, "FILE", "TorchScript module that measures LPIPS; to load it runs what is in it"},
          json_flag,
          threads_flag}},
        "Measures a fitted field against its image: PSNR, SSIM, MS-SSIM, FLIP, LPIPS, bytes, bits per pixel.",
        "RUN_OR_FILE is a run folder (its latest checkpoint is taken), a .safetensors or a .gsf file. An image\n"
        "larger than the fitted raster is scaled down to it, as resize_max did in the run. An image file is measured\n"
        "against --image too, as it is. tools/export_lpips.py makes the module that --lpips takes.",
        run};
}

}  // namespace gsfit::cli

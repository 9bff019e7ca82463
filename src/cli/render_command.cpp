// gsfit render: the image of a saved field, at any size, whole or a part.

#include <unistd.h>

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/source.h"
#include "cli/text.h"
#include "cli/values.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"
#include "gsfit/image.h"

namespace gsfit::cli {
namespace {

constexpr std::int64_t longest_side = 1 << 24;

struct Size {
    std::int64_t width;
    std::int64_t height;
};

/// A side of the raster that keeps the field's aspect, at least one pixel.
std::int64_t scaled(std::int64_t side, double scale) {
    return std::max(1LL, std::llround(static_cast<double>(side) * scale));
}

Size raster_size(const Arguments& arguments, const Size& own) {
    if (arguments.has("width") + arguments.has("height") + arguments.has("scale") > 1) {
        throw UsageError("--width, --height and --scale exclude one another; give one of them");
    }
    if (arguments.has("width")) {
        const std::int64_t width = integer_value(arguments, "width", 1, longest_side);
        return {width, scaled(own.height, static_cast<double>(width) / static_cast<double>(own.width))};
    }
    if (arguments.has("height")) {
        const std::int64_t height = integer_value(arguments, "height", 1, longest_side);
        return {scaled(own.width, static_cast<double>(height) / static_cast<double>(own.height)), height};
    }
    if (arguments.has("scale")) {
        const double scale = positive_value(arguments, "scale", longest_side);
        return {scaled(own.width, scale), scaled(own.height, scale)};
    }
    return own;
}

void check_sides(const Size& size) {
    if (size.width > longest_side || size.height > longest_side) {
        throw UsageError(text_of("a raster of ", size.width, " x ", size.height,
                                 " pixels is too large; its longer side may be ", longest_side, " pixels"));
    }
}

Lattice cropped(const Arguments& arguments, const Size& size) {
    if (!arguments.has("crop")) {
        return Lattice::whole(size.width, size.height);
    }
    const auto [x, y, width, height] = rectangle_value(arguments, "crop");
    if (x < 0 || y < 0 || width < 1 || height < 1 || width > size.width || height > size.height ||
        x > size.width - width || y > size.height - height) {
        throw UsageError(text_of("--crop ", arguments.value("crop"), " does not lie within the raster of ", size.width,
                                 " x ", size.height, " pixels"));
    }
    return {size.width, size.height, x, y, width, height, 1};
}

/// The image as bytes, and once more encoded.
void check_memory(const Lattice& lattice, const ImageMap& map) {
    const double needed = static_cast<double>(lattice.samples()) * map.channels * map.bits / 8 * 2;
    const double machine = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
    if (needed > machine) {
        throw Error(text_of("an image of ", lattice.width, " x ", lattice.height, " pixels takes ",
                            fixed(needed / 1e9, 1), " GB and this machine has ", fixed(machine / 1e9, 1),
                            " GB; ask for a smaller one, or for parts of it with --crop"),
                    ExitCode::out_of_memory);
    }
}

Lattice wanted_lattice(const Arguments& arguments, const Size& own) {
    const Size size = raster_size(arguments, own);
    check_sides(size);
    return cropped(arguments, size);
}

/// The lattice on the training raster. All of it where the raster's aspect is another, as small ones' are by rounding:
/// Gaussians are wider or higher there.
std::optional<codec::Rectangle> seen_by(const Lattice& lattice, const Size& own) {
    constexpr double most = 0.003;  // of 128 pixels, the most that chunks reach out, this is less than half a pixel
    const double x = static_cast<double>(own.width) / static_cast<double>(lattice.raster_width);
    const double y = static_cast<double>(own.height) / static_cast<double>(lattice.raster_height);
    if (std::abs(x / y - 1) > most) return std::nullopt;
    const auto left = static_cast<double>(lattice.x);
    const auto top = static_cast<double>(lattice.y);
    return codec::Rectangle{left * x, top * y, (left + static_cast<double>(lattice.width)) * x,
                            (top + static_cast<double>(lattice.height)) * y};
}

ExitCode run(const Arguments& arguments) {
    if (!arguments.has("output")) {
        throw UsageError("no output is given; name the image to write with -o");
    }
    set_threads(wanted_threads(arguments));
    const Source source = open_source(arguments, [&](std::int64_t width, std::int64_t height) {
        return seen_by(wanted_lattice(arguments, {width, height}), {width, height});
    });
    const Field& field = source.saved.field;
    const Lattice lattice = wanted_lattice(arguments, {field.raster_width, field.raster_height});
    const ImageMaps& maps = source.saved.maps;
    const auto path_of = [&](const ImageMap& map) { return map_path(arguments.value("output"), maps, map); };
    for (const ImageMap& map : maps) {
        check_image_output(path_of(map), lattice.width, lattice.height, map);
        check_memory(lattice, map);
    }
    const Colours colours = arguments.has("srgb") ? Colours::srgb : Colours::own;
    for (const ImageMap& map : maps) {
        write_render(path_of(map), field, map, source.saved.blending, lattice, colours);
    }
    if (arguments.has("json")) {
        print_json({{"file", source.file.string()},
                    {"width", lattice.width},
                    {"height", lattice.height},
                    {"gaussians", field.size()},
                    {"bytes", size_of_file(source.file)},
                    {"bytes_read", source.bytes_read}});
    }
    return ExitCode::done;
}

}  // namespace

Command render_command() {
    return {
        {"render",
         "RUN_OR_FILE",
         {{"output", 'o', "FILE", "image to write: .png, .jpg, .webp, .tif, .exr or .bmp"},
          {"width", 0, "W", "width of the raster [pixels], 1 to 16777216; the aspect is kept"},
          {"height", 0, "H", "height of the raster [pixels], 1 to 16777216; the aspect is kept"},
          {"scale", 0, "S", "size relative to the fitted image, above 0"},
          {"crop", 0, "X,Y,W,H", "only this rectangle of the raster [pixels]"},
          {"srgb", 0, "", "convert the colours from the image's colour profile to sRGB"},
          json_flag,
          threads_flag}},
        "Renders a fitted field as an image.",
        "Without --width, --height or --scale the raster is the one that was fitted. RUN_OR_FILE is a run\n"
        "folder (its latest checkpoint is taken), a .safetensors or a .gsf file. Of a texture stack each image gets a\n"
        "file of its own: -o out.png writes out_albedo.png and so on. --json tells what was drawn, and the bytes that\n"
        "were read: of a .gsf file only the parts that a crop needs.",
        run};
}

}  // namespace gsfit::cli

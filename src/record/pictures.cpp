#include "gsfit/record/pictures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <system_error>
#include <utility>

#include "gsfit/core/file.h"
#include "gsfit/core/step_files.h"
#include "gsfit/draw/dots.h"
#include "gsfit/draw/ellipses.h"
#include "gsfit/draw/error_map.h"
#include "gsfit/draw/ids.h"
#include "gsfit/draw/patches.h"
#include "gsfit/gaussians.h"
#include "gsfit/render/averaged.h"
#include "record/picture_parts.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

constexpr std::array names{"render", "positions", "added", "ellipses", "ids", "error", "patches"};

fs::path pictures_folder(const fs::path& run_folder) { return run_folder / "pictures"; }

/// Pictures that picture_of() makes of these maps.
int tiles_of(const ImageMaps& maps) {
    int tiles = 0;
    for (const ImageMap& map : maps) tiles += map.channels >= 3 ? map.channels - 2 : map.channels;
    return tiles;
}

/// So that all tiles of a texture stack, which lie in a grid, fit.
PictureSize tile_size(const ImageInfo& image, int tiles, const PictureOptions& options) {
    const auto across = static_cast<std::int64_t>(std::ceil(std::sqrt(tiles)));
    return picture_size(image.width, image.height, std::max<std::int64_t>(1, options.max_side / across));
}

}  // namespace

std::int64_t pictures_bytes(const ImageInfo& image, const PictureOptions& options) {
    const int tiles = image.channels / 3 + image.channels % 3;  // more of them are smaller
    const PictureSize size = tile_size(image, tiles, options);
    const std::int64_t picture = 3 * size.width * size.height * (tiles > 1 ? 2 * tiles : 1);
    const std::int64_t kept = options.gaussians ? 1 : 0;  // the target
    const std::int64_t made = options.gaussians ? 4 : 2;  // the render, a drawing with its legend, and the JPEG
    const std::int64_t band = 2 * write_image_rows(size.width, image.channels) * size.width * image.channels * 4;
    return (kept + made) * picture + band + averaged_render_bytes(image.channels);
}

PictureRecorder::PictureRecorder(fs::path run_folder, PictureOptions options, const PackedImage& target)
    : folder_(pictures_folder(run_folder)),
      options_(std::move(options)),
      size_(tile_size(target.info(), tiles_of(target.maps()), options_)) {
    if (options_.gaussians) target_ = picture_of(target, size_.width, size_.height);
}

bool PictureRecorder::is_due(const TrainEvent& event) const {
    using enum TrainEvent::Kind;
    const std::int64_t step = event.state.step;
    if (step <= last_step_) return false;
    const bool regular = options_.steps > 0 && step > 0 && step % options_.steps == 0;
    if (event.kind == started) return options_.gaussians && step == 0;
    if (event.kind == finished) return regular || (options_.gaussians && !event.stopped);
    return event.kind == stepped && regular;
}

void PictureRecorder::operator()(const TrainEvent& event) {
    if (is_due(event)) {
        last_step_ = event.state.step;
        draw(event.state);
    }
    if (event.kind == TrainEvent::Kind::refined) draw_patches(event);
    if (event.kind == TrainEvent::Kind::grown && options_.gaussians) draw_added(event.state, event.position_before);
}

Picture PictureRecorder::rendered(const Field& field, const Blending& blending, const ImageMaps& maps) const {
    const AveragedRender render(field, blending, size_.width, size_.height);
    return picture_of({.width = size_.width,
                       .height = size_.height,
                       .channels = field.channels(),
                       .band = [&](std::int64_t first, std::int64_t rows) { return render.rows(first, rows); }},
                      maps);
}

void PictureRecorder::draw(const TrainState& state) {
    const Field field = on_device(drawn_field(state), at::kCPU);
    const Picture render = rendered(field, state.blending, state.maps);
    write(state.step, "render", options_.render_ending, render);
    if (options_.gaussians) draw_gaussians(state, field, render);
}

void PictureRecorder::draw_gaussians(const TrainState& state, const Field& field, const Picture& render) {
    const std::int64_t step = state.step;
    const Blending& blending = state.blending;
    write(step, "error", options_.plot_ending, with_error_legend(error_map(target_, render)));
    write(step, "ids", options_.render_ending, rendered(with_id_colors(field), blending));
    const Field map = first_colors(field, state.maps);
    write(step, "ellipses", options_.plot_ending, ellipses_picture(map, size_.width, size_.height));
    write(step, "positions", options_.plot_ending,
          positions_picture(rendered(map, blending), positions_of(field.position)));
}

void PictureRecorder::draw_patches(const TrainEvent& event) {
    const Field field = drawn_field(event.state);
    const double scale = static_cast<double>(size_.width) / static_cast<double>(field.raster_width);
    std::vector<ScoredPatch> patches;
    for (const PatchScore& patch : without_overlap(event.patches)) {
        const auto on_picture = [scale](std::int64_t pixels) { return scale * static_cast<double>(pixels); };
        std::array<char, 32> score{};
        std::snprintf(score.data(), score.size(), "%.2f", patch.score);
        const std::string added = patch.added > 0 ? "  +" + std::to_string(patch.added) : "";
        patches.push_back({.x = on_picture(patch.x),
                           .y = on_picture(patch.y),
                           .width = on_picture(patch.width),
                           .height = on_picture(patch.height),
                           .score = patch.score,
                           .marked = patch.added > 0,
                           .label = score.data() + added});
    }
    const Picture render = rendered(first_colors(on_device(field, at::kCPU), event.state.maps), event.state.blending);
    write(event.state.step, "patches", options_.plot_ending, patches_picture(render, patches, "given more Gaussians"));
}

void PictureRecorder::draw_added(const TrainState& state, const at::Tensor& position_before) {
    const Field field = on_device(drawn_field(state), at::kCPU);
    const std::vector<Position> before = positions_of(position_before.cpu());
    const std::vector<Position> added = without(positions_of(state.field.position.cpu()), before);
    write(state.step, "added", options_.plot_ending,
          added_picture(rendered(first_colors(field, state.maps), state.blending), before, added));
}

void PictureRecorder::write(std::int64_t step, const std::string& what, const std::string& ending,
                            const Picture& picture) const {
    gsfit::create_directories(folder_);
    write_picture(folder_ / step_file_name(step, "-" + what + ending), picture);
}

void remove_pictures(const fs::path& run_folder) {
    const fs::path folder = pictures_folder(run_folder);
    for (const char* name : names) {
        for (const char* ending : {".jpg", ".png"}) {
            const std::string suffix = std::string("-") + name + ending;
            for (const std::int64_t step : steps_of_files(folder, suffix)) {
                remove_file(folder / step_file_name(step, suffix));
            }
        }
    }
    std::error_code not_empty;  // files of others are in it
    fs::remove(folder, not_empty);
}

}  // namespace gsfit

#pragma once

#include <filesystem>

#include "gsfit/image.h"
#include "gsfit/types.h"

namespace gsfit::cli {

/// Where a field's maps are written when `path` is asked for: there when there is one, else each to a file of its own
/// whose name has the map's before the ending, as out_albedo.png.
std::filesystem::path map_path(const std::filesystem::path& path, const ImageMaps& maps, const ImageMap& map);

/// Where a run's folder has the map's final render: render.png, or render.exr of floating point, likewise.
std::filesystem::path final_render_path(const std::filesystem::path& run_folder, const ImageMaps& maps,
                                        const ImageMap& map);

/// Renders the map's channels on the lattice, band by band, into an image file.
void write_render(const std::filesystem::path& path, const Field& field, const ImageMap& map, const Blending& blending,
                  const Lattice& lattice, Colours colours = Colours::own);

}  // namespace gsfit::cli

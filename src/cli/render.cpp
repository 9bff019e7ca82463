#include "cli/render.h"

#include <ATen/core/grad_mode.h>

#include "gsfit/gaussians.h"
#include "gsfit/render.h"

namespace gsfit::cli {

std::filesystem::path map_path(const std::filesystem::path& path, const ImageMaps& maps, const ImageMap& map) {
    if (maps.size() == 1) return path;
    return path.parent_path() / (path.stem().string() + "_" + map.name + path.extension().string());
}

std::filesystem::path final_render_path(const std::filesystem::path& run_folder, const ImageMaps& maps,
                                        const ImageMap& map) {
    return map_path(run_folder / (map.bits == 32 ? "render.exr" : "render.png"), maps, map);
}

void write_render(const std::filesystem::path& path, const Field& field, const ImageMap& map, const Blending& blending,
                  const Lattice& lattice, Colours colours) {
    const at::NoGradGuard no_gradients;
    const Field part = part_of(field, map);
    write_map(path,
              {.width = lattice.width,
               .height = lattice.height,
               .channels = map.channels,
               .band =
                   [&](std::int64_t first, std::int64_t rows) {
                       return render(part, lattice.band({first, rows}), blending);
                   }},
              map, colours);
}

}  // namespace gsfit::cli

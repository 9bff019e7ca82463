#include "cli/render.h"

#include <ATen/core/grad_mode.h>

#include "gsfit/image.h"
#include "gsfit/render.h"

namespace gsfit::cli {

void write_render(const std::filesystem::path& path, const Field& field, const Blending& blending,
                  const Lattice& lattice) {
    const at::NoGradGuard no_gradients;
    write_image(path, ImageBands{.width = lattice.width,
                                 .height = lattice.height,
                                 .channels = field.channels(),
                                 .band = [&](std::int64_t first, std::int64_t rows) {
                                     return render(field, lattice.band({first, rows}), blending);
                                 }});
}

}  // namespace gsfit::cli

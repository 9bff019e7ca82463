#include "gsfit/render.h"

#include "gsfit/bin.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"

namespace gsfit {

at::Tensor render(const Field& field, const Lattice& lattice, const Blending& blending) {
    const Splats splats = project(field, lattice);
    return rasterize(splats, bin(splats, lattice.width, lattice.height, blending.cutoff), blending);
}

at::Tensor render_loss(const Field& field, const Lattice& lattice, const Blending& blending, const PackedView& target,
                       const PixelLoss& loss) {
    const Splats splats = project(field, lattice);
    const auto bins = bin(splats, lattice.width, lattice.height, blending.cutoff);
    return rasterize_loss(splats, bins, blending, target, lattice, loss);
}

}  // namespace gsfit

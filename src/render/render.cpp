#include "gsfit/render.h"

#include "gsfit/bin.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"

namespace gsfit {

at::Tensor render(const Field& field, const Lattice& lattice, const Blending& blending) {
    return render_rows(project(field, lattice), lattice, {0, lattice.height}, blending);
}

at::Tensor render_loss(const Field& field, const Lattice& lattice, const Blending& blending, const PackedView& target,
                       const PixelLoss& loss) {
    return render_rows_loss(project(field, lattice), lattice, {0, lattice.height}, blending, target, loss);
}

at::Tensor render_rows(const Splats& splats, const Lattice& lattice, const Rows& rows, const Blending& blending,
                       at::ScalarType type) {
    return rasterize(splats, bin(splats, lattice.width, rows, blending), blending, type);
}

at::Tensor render_rows_loss(const Splats& splats, const Lattice& lattice, const Rows& rows, const Blending& blending,
                            const PackedView& target, const PixelLoss& loss, float ssim) {
    return rasterize_loss(splats, bin(splats, lattice.width, rows, blending), blending, target, lattice, loss, ssim);
}

at::Tensor rows_removal_costs(const Splats& splats, const Lattice& lattice, const Rows& rows, const Blending& blending,
                              const PackedView& target) {
    return removal_costs(splats, bin(splats, lattice.width, rows, blending), blending, target, lattice);
}

}  // namespace gsfit

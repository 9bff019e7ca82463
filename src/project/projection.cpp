#include "gsfit/project/projection.h"

#include "gsfit/core/error.h"

namespace gsfit {

Projection projection_onto(const Lattice& lattice, std::int64_t training_height) {
    if (lattice.width < 1 || lattice.height < 1 || lattice.stride < 1 || lattice.raster_width < 1 ||
        lattice.raster_height < 1) {
        throw Error("a lattice needs at least one sample, a stride of at least 1 and a raster");
    }
    const auto stride = static_cast<double>(lattice.stride);
    const auto offset = [&](std::int64_t first) {
        return static_cast<float>(0.5 - (static_cast<double>(first) + 0.5) / stride);
    };
    return {.scale_x = static_cast<float>(static_cast<double>(lattice.raster_width) / stride),
            .scale_y = static_cast<float>(static_cast<double>(lattice.raster_height) / stride),
            .offset_x = offset(lattice.x),
            .offset_y = offset(lattice.y),
            .inv_scale = static_cast<float>(static_cast<double>(training_height) * stride /
                                            static_cast<double>(lattice.raster_height))};
}

}  // namespace gsfit

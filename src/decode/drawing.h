// Gaussians to pixels without LibTorch: the kernels of project, bin and raster over plain arrays.

#pragma once

#include <cstdint>
#include <vector>

#include "bin/bin_kernels.h"
#include "gsfit/codec.h"
#include "gsfit/core/views.h"

namespace gsfit::decode {

/// Channels [first, first + channels) of Gaussians, as a lattice sees them.
class Drawing {
public:
    /// `fitted_height` is that of the raster that was fitted [pixels].
    Drawing(const codec::Gaussians& gaussians, int first, int channels, const Blending& blending,
            const Lattice& lattice, std::int64_t fitted_height);

    /// Draws these rows into planes [channels,rows,width].
    void draw(const Rows& rows, float* planes) const;

private:
    [[nodiscard]] PrepareArrays arrays() const;

    std::int64_t size_;
    int channels_;
    Blending blending_;
    std::int64_t width_;
    std::vector<float> center_, conic_, det_, feature_;
};

}  // namespace gsfit::decode

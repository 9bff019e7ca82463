#pragma once

#include <ATen/core/ivalue.h>

#include <memory>

#include "gsfit/bins.h"
#include "gsfit/types.h"
#include "raster/raster_kernels.h"

namespace gsfit {

inline Pixels pixels_of(const at::Tensor& image) { return {image.data_ptr(), image.scalar_type() == at::kHalf}; }

/// Everything one rasterization needs, kept alive for its backward.
struct Scene : torch::CustomClassHolder {
    std::shared_ptr<const Bins> bins;
    Splats splats;  ///< without gradients
    Blending blending;
    bool recorded = false;  ///< a backward may follow

    [[nodiscard]] std::int64_t size() const { return splats.feature.size(0); }
    [[nodiscard]] int channels() const { return static_cast<int>(splats.feature.size(1)); }
    [[nodiscard]] bool normalised() const { return blending.normalised(); }
    [[nodiscard]] bool selects() const { return blending.selects(); }
};

/// Throws Error when the splats cannot be drawn, or were binned for something else.
c10::intrusive_ptr<Scene> scene_of(const Splats& splats, const std::shared_ptr<const Bins>& bins,
                                   const Blending& blending);

/// Throws Error when the scene cannot be compared with the target there.
void check_target(const Scene& scene, const PackedView& target, const Lattice& lattice);

/// What the block kernels draw of it.
RasterJob job_of(const Scene& scene);

/// What rasterize() draws; the planes are undefined where Planes has none of them.
struct Drawn {
    at::Tensor image;       ///< [C,h,w] float32 or float16
    at::Tensor normaliser;  ///< [h,w]
    at::Tensor threshold;   ///< [h,w]

    [[nodiscard]] Planes planes() const {
        const auto plane = [](const at::Tensor& tensor) {
            return tensor.defined() ? tensor.data_ptr<float>() : nullptr;
        };
        return {.image = image.defined() ? pixels_of(image) : Pixels{},
                .normaliser = plane(normaliser),
                .threshold = plane(threshold)};
    }
};

}  // namespace gsfit

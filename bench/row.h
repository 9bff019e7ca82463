#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "gsfit/core/ssim.h"
#include "gsfit/types.h"

namespace gsfit::bench {

/// One line of the table: a synthetic field, and how it is worked on.
struct Row {
    std::int64_t width = 0;   ///< of the raster [pixels]
    std::int64_t height = 0;  ///< of the raster [pixels]
    std::int64_t gaussians = 0;
    std::int64_t stride = 1;  ///< of the lattice [pixels]; above 1: the sub-lattice of the middle phase
    Blend blend = Blend::sum;
    std::string simd{};  ///< a name of simd_names()
    int threads = 1;
    float cutoff = Blending().cutoff;  ///< [sigma]
    float ssim = 0;                    ///< weight of 1 - SSIM in the loss
    SsimWindows windows = SsimWindows::block;

    [[nodiscard]] Lattice lattice() const { return Lattice::phase(width, height, stride, stride / 2, stride / 2); }
};

/// What is timed. `step` is a whole training step: all others but `forward`, which is the raster stage without
/// gradients.
enum Stage { stage_project, stage_bin, stage_raster, stage_backward, stage_adam, stage_step, stage_forward };
inline constexpr std::array<const char*, 7> stage_names = {"project", "bin",  "raster", "project_backward",
                                                           "adam",    "step", "forward"};
using Times = std::array<double, stage_names.size()>;  ///< [ms] by Stage

struct Measurement {
    std::int64_t pairs = 0;  ///< samples that see a Gaussian, summed over Gaussians
    Times ms{};              ///< least of all repetitions
    double start_mb = 0;     ///< resident when the process had started [10^6 bytes]
    double peak_mb = 0;      ///< most that was resident [10^6 bytes]
};

}  // namespace gsfit::bench

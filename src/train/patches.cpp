#include "train/patches.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "gsfit/loss.h"
#include "gsfit/render.h"

namespace gsfit {

namespace {

/// Where patches begin along one axis, evenly spaced as far as pixels allow.
std::vector<std::int64_t> starts(std::int64_t length, const Refinement& refinement) {
    if (length <= refinement.patch_size) return {0};
    const std::int64_t last = length - refinement.patch_size;
    const std::int64_t most = refinement.patch_size - refinement.overlap;
    const std::int64_t steps = (last + most - 1) / most;
    std::vector<std::int64_t> result;
    for (std::int64_t i = 0; i <= steps; ++i) result.push_back(last * i / steps);
    return result;
}

double score_of(double squared, double similarity, double values, const Refinement& refinement) {
    const double psnr = -10 * std::log10(squared / values);  // infinite for a perfect patch
    constexpr double good = 40;                              // [dB]
    return static_cast<double>(refinement.psnr_weight) * std::clamp(1 - psnr / good, 0.0, 1.0) +
           static_cast<double>(refinement.ssim_weight) * (1 - similarity / values);
}

}  // namespace

std::vector<PatchScore> patches_of(std::int64_t width, std::int64_t height, const Refinement& refinement) {
    std::vector<PatchScore> patches;
    for (const std::int64_t y : starts(height, refinement)) {
        for (const std::int64_t x : starts(width, refinement)) {
            patches.push_back({.x = x,
                               .y = y,
                               .width = std::min(width, refinement.patch_size),
                               .height = std::min(height, refinement.patch_size)});
        }
    }
    return patches;
}

Lattice lattice_of(const PatchScore& patch, std::int64_t raster_width, std::int64_t raster_height) {
    return {raster_width, raster_height, patch.x, patch.y, patch.width, patch.height, 1};
}

void score(std::vector<PatchScore>& patches, const Field& drawn, const Blending& blending, const PackedImage& target,
           const Refinement& refinement) {
    const at::NoGradGuard no_gradients;
    const PackedView& view = target.view();
    for (PatchScore& patch : patches) {
        const Lattice lattice = lattice_of(patch, view.width, view.height);
        const at::Tensor image = render(drawn, lattice, blending).clamp_(0, 1);
        const double values = static_cast<double>(lattice.samples()) * view.channels;
        patch.score = score_of(squared_error(image, view, lattice), ssim_sum(image, view, lattice, {0, lattice.height}),
                               values, refinement);
        target.drop({patch.y, patch.height});
    }
}

std::int64_t share_out(std::vector<PatchScore>& patches, std::int64_t count, const Refinement& refinement) {
    const auto badness = [&](const PatchScore& patch) { return refinement.is_bad(patch.score) ? patch.score : 0.0; };
    double all = 0;
    for (const PatchScore& patch : patches) all += badness(patch);
    if (all == 0) return 0;
    double before = 0;
    std::int64_t given = 0;
    const auto due = [&](double part) { return std::llround(static_cast<double>(count) * part / all); };
    for (PatchScore& patch : patches) {
        const double until = before + badness(patch);
        const std::int64_t most = std::min(refinement.most_per_patch, patch.width * patch.height / 2);
        patch.added = std::min<std::int64_t>(due(until) - due(before), most);
        given += patch.added;
        before = until;
    }
    return given;
}

}  // namespace gsfit

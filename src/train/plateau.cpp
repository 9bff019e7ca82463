#include "train/plateau.h"

#include <algorithm>

namespace gsfit {

namespace {

constexpr double perfect = 1000;  // [dB] a PSNR that is infinite

}  // namespace

bool goes_on(Plateau& plateau, const ImageGsOptions& options, double psnr, double ssim, std::int64_t steps) {
    const auto least = static_cast<double>(options.decay_threshold);
    if (psnr > plateau.best_psnr + 100 * least && ssim > plateau.best_ssim + least) {
        plateau.best_psnr = std::min(psnr, perfect);
        plateau.best_ssim = ssim;
        plateau.idle_steps = 0;
        return true;
    }
    plateau.idle_steps += steps;
    if (plateau.idle_steps < options.patience) return true;
    plateau.idle_steps = 0;
    if (plateau.decays == options.max_decays) return false;
    ++plateau.decays;
    return true;
}

}  // namespace gsfit

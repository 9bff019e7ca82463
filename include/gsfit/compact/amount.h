#pragma once

// How many Gaussians a file is to have.

#include <cstdint>

namespace gsfit {

/// What a fit of some Gaussians came to.
struct Fit {
    std::int64_t gaussians = 0;
    double psnr = 0;  ///< [dB]
};

/// Those that, at the q which pays best, take so many bytes.
std::int64_t gaussians_of_bytes(std::int64_t bytes, int channels);

/// PSNR by the number of Gaussians: squared error falls as a power of that.
class PsnrLaw {
public:
    /// Through two fits; `per_doubling` keeps to what images show.
    PsnrLaw(const Fit& few, const Fit& many);

    /// Those that reach `psnr` by the law through `fit`, at least 1.
    [[nodiscard]] std::int64_t gaussians_of(double psnr, const Fit& fit) const;

    [[nodiscard]] double per_doubling() const { return per_doubling_; }

private:
    double per_doubling_;  ///< [dB]
};

/// What `steps` steps of training are short of many [dB]: 0.1 of 1,400, 2.5 of 60.
double shortfall(std::int64_t steps);

}  // namespace gsfit

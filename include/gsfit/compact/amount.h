#pragma once

// How many Gaussians a file is to have.

#include <cstdint>
#include <functional>
#include <optional>

namespace gsfit {

/// What a fit of some Gaussians came to.
struct Fit {
    std::int64_t gaussians = 0;
    double psnr = 0;  ///< [dB]
};

/// Those that, at the q which pays best, take so many bytes of most images.
std::int64_t gaussians_of_bytes(std::int64_t bytes, int channels);

/// The same of an image of which `gaussians` take `taken` bytes; half to twice as many.
std::int64_t gaussians_of_bytes(std::int64_t bytes, std::int64_t gaussians, std::int64_t taken);

/// Steps of a probe for a run of so many.
std::int64_t probe_steps(std::int64_t steps);

/// The PSNR [dB] that a fit of so many steps would have come to in a run of `all` steps.
double psnr_of_run(double psnr, std::int64_t steps, std::int64_t all);

/// 1 to an eighth of the pixels.
std::int64_t within_image(std::int64_t gaussians, std::int64_t pixels);

/// PSNR by the number of Gaussians: squared error falls as a power of that.
class PsnrLaw {
public:
    /// Through two fits; `per_doubling` keeps to what images show.
    PsnrLaw(const Fit& few, const Fit& many);

    /// That of most images.
    static PsnrLaw usual();

    /// Those that reach `psnr` by the law through `fit`, at least 1.
    [[nodiscard]] std::int64_t gaussians_of(double psnr, const Fit& fit) const;

    [[nodiscard]] double per_doubling() const { return per_doubling_; }

private:
    double per_doubling_;  ///< [dB]
};

/// The PSNR [dB] of a fit of so many Gaussians in so many steps; none when a stop was asked for.
using Probe = std::function<std::optional<double>(std::int64_t gaussians, std::int64_t steps)>;

/// What a PSNR is asked of.
struct WantedPsnr {
    double psnr = 0;          ///< [dB]
    std::int64_t pixels = 0;  ///< of the image; above 0
    std::int64_t steps = 0;   ///< of the run that is to reach it; at least 1
    bool by_clock = false;    ///< the probes are as short beside the run as its seconds, not its steps, say
};

struct Amount {
    std::int64_t gaussians = 0;  ///< within_image()
    PsnrLaw law;                 ///< of this image
};

/// The Gaussians that reach a PSNR, by two to four probes, of an eighth and a quarter of the steps. None when a probe
/// was stopped.
std::optional<Amount> amount_of_psnr(const WantedPsnr& wanted, const Probe& probe);

/// A run that is probed for its number of Gaussians.
struct ProbedRun {
    std::int64_t pixels = 0;  ///< of the image; above 0
    std::int64_t steps = 0;   ///< at least 1
    bool by_clock = false;    ///< as of WantedPsnr
    std::int64_t most = 0;    ///< Gaussians; at least 1
};

/// Where the side of a square image of so many pixels is s, s to 16 s Gaussians pay, an eighth of the pixels at most.
std::int64_t most_that_pay(std::int64_t pixels);

/// The least number after which twice as many gain less than 1 dB, or which is predicted to reach 42 dB, where an image
/// of 8 bits looks the same; within s to 16 s (most_that_pay) and `most`. By up to three probes of an eighth of the
/// steps, with s, 4 s and 16 s. None when a probe was stopped.
std::optional<std::int64_t> amount_that_pays(const ProbedRun& run, const Probe& probe);

}  // namespace gsfit

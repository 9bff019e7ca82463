#include "report/curves.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gsfit {
namespace {

struct Kind {
    const char* column;
    const char* title;
    const char* unit;
    bool logarithmic = false;
    double factor = 1;  ///< from the column's unit to this one
};

constexpr std::array kinds{Kind{"psnr", "PSNR", "dB"},
                           Kind{"ssim", "SSIM", ""},
                           Kind{"loss", "Loss", "", true},
                           Kind{"gaussians", "Gaussians", ""},
                           Kind{"steps_per_second", "Speed", "steps/s"},
                           Kind{"resident_bytes", "Resident memory", "MB", false, 1e-6},
                           Kind{"device_bytes", "Memory on the GPU", "MB", false, 1e-6},
                           Kind{"skipped_steps", "Skipped steps", ""}};

}  // namespace

std::vector<Curve> curves_of(const Metrics& metrics) {
    std::vector<Curve> curves;
    for (const Kind& kind : kinds) {
        Curve curve{kind.column, kind.title, kind.unit, kind.logarithmic, metrics.column(kind.column)};
        for (double& value : curve.values) value *= kind.factor;
        if (std::ranges::any_of(curve.values, [](double value) { return std::isfinite(value); })) {
            curves.push_back(std::move(curve));
        }
    }
    return curves;
}

}  // namespace gsfit

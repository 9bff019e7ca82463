#include "bench/fit.h"

#include <cstdio>

#include "bench/machine.h"
#include "bench/report.h"
#include "gsfit/core/parallel.h"
#include "gsfit/eval.h"

namespace gsfit::bench {
namespace {

struct Fit {
    Quality quality;
    double seconds;  ///< of training
};

std::vector<std::string> line_of(const std::string& name, const Fit& fit) {
    return {name, fixed(fit.quality.psnr, 3), fixed(fit.quality.ssim, 4), fixed(fit.seconds, 3)};
}

Fit mean_of(const std::vector<Fit>& fits) {
    Fit mean{};
    for (const Fit& fit : fits) {
        const auto count = static_cast<double>(fits.size());
        mean.quality.psnr += fit.quality.psnr / count;
        mean.quality.ssim += fit.quality.ssim / count;
        mean.seconds += fit.seconds / count;
    }
    return mean;
}

}  // namespace

void run_fit(const FitOptions& options) {
    Json report = heading(options.common);
    use_simd(options.simd);
    set_threads(options.threads);
    const PackedImage image = read_image(options.image);
    report.update({{"image", options.image.string()},
                   {"width", image.width()},
                   {"height", image.height()},
                   {"gaussians", options.train.num_gaussians},
                   {"steps", options.train.max_steps},
                   {"blend", name_of(options.train.blending.blend)},
                   {"simd", options.simd},
                   {"threads", threads()}});
    std::vector<std::vector<std::string>> table{{"seed", "PSNR dB", "SSIM", "seconds"}};
    std::vector<Fit> fits;
    TrainOptions train_options = options.train;
    for (int i = 0; i < options.seeds; ++i, ++train_options.seed) {
        const TrainState state = train(image, train_options, {});
        const Fit fit{evaluate(state.field, state.blending, image), state.seconds};
        fits.push_back(fit);
        table.push_back(line_of(std::to_string(train_options.seed), fit));
        report["fits"].push_back({{"seed", train_options.seed},
                                  {"psnr", fit.quality.psnr},
                                  {"ssim", fit.quality.ssim},
                                  {"seconds", fit.seconds}});
    }
    table.push_back(line_of("mean", mean_of(fits)));
    report["peak_mb"] = resident_peak_mb();
    print_report(options.common, report, table);
    std::printf("resident peak %.0f MB\n", resident_peak_mb());
}

}  // namespace gsfit::bench

#include "gsfit/core/file.h"
#include "gsfit/report.h"
#include "report/curves.h"

namespace gsfit {

void write_plots(const std::filesystem::path& run_folder, std::span<const ChartFormat> formats) {
    const Metrics metrics = read_metrics(run_folder);
    const std::filesystem::path folder = run_folder / "plots";
    gsfit::create_directories(folder);
    for (const Curve& curve : curves_of(metrics)) {
        const Chart chart{.title = curve.title,
                          .x_label = "Steps",
                          .y_label = curve.unit.empty() ? curve.title : curve.title + " [" + curve.unit + "]",
                          .x = metrics.column("step"),
                          .y = curve.values,
                          .logarithmic = curve.logarithmic};
        for (const ChartFormat format : formats) {
            write_chart(folder / (curve.column + (format == ChartFormat::png ? ".png" : ".svg")), chart, format);
        }
    }
}

}  // namespace gsfit

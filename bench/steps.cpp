#include "bench/steps.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "bench/child.h"
#include "bench/measure.h"
#include "bench/report.h"
#include "gsfit/core/error.h"

namespace gsfit::bench {
namespace {

Json json_of(const Measurement& measured) {
    Json ms;
    for (std::size_t i = 0; i < stage_names.size(); ++i) ms[stage_names[i]] = measured.ms[i];
    return {{"pairs", measured.pairs}, {"ms", ms}, {"start_mb", measured.start_mb}, {"peak_mb", measured.peak_mb}};
}

Measurement measurement_of(const Json& json) {
    Measurement measured{.pairs = json["pairs"], .start_mb = json["start_mb"], .peak_mb = json["peak_mb"]};
    for (std::size_t i = 0; i < stage_names.size(); ++i) measured.ms[i] = json["ms"][stage_names[i]];
    return measured;
}

Measurement measure_apart(const Row& row, int repeat) {
    Words words = words_of(row, repeat);
    words.insert(words.begin(), "measure");
    return measurement_of(Json::parse(run_self(words)));
}

/// Times are the least, memory the most of both.
void merge(Measurement& all, const Measurement& one) {
    for (std::size_t i = 0; i < all.ms.size(); ++i) all.ms[i] = std::min(all.ms[i], one.ms[i]);
    all.start_mb = std::max(all.start_mb, one.start_mb);
    all.peak_mb = std::max(all.peak_mb, one.peak_mb);
}

/// Rows take turns: whatever else the machine does for a while slows a round of all, not every round of one.
std::vector<Measurement> measure_rounds(const StepOptions& options) {
    std::vector<Measurement> all(options.rows.size());
    for (int round = 0; round < options.rounds; ++round) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (isatty(STDERR_FILENO) == 1) {
                std::fprintf(stderr, "\rround %d of %d, row %zu of %zu ", round + 1, options.rounds, i + 1, all.size());
            }
            const Measurement one = measure_apart(options.rows[i], options.repeat);
            if (round == 0) all[i] = one;
            merge(all[i], one);
        }
    }
    if (isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "\r%40s\r", "");
    return all;
}

struct Rates {
    double gpairs_per_s, mpx_per_s;
};

Rates rates_of(const Row& row, const Measurement& measured) {
    const double seconds = measured.ms[stage_step] / 1e3;
    return {static_cast<double>(measured.pairs) / seconds / 1e9,
            static_cast<double>(row.lattice().samples()) / seconds / 1e6};
}

Json json_of(const Row& row, const Measurement& measured) {
    const Rates rates = rates_of(row, measured);
    Json json{{"width", row.width},
              {"height", row.height},
              {"stride", row.stride},
              {"gaussians", row.gaussians},
              {"blend", name_of(row.blend)},
              {"simd", row.simd},
              {"threads", row.threads},
              {"cutoff", row.cutoff},
              {"ssim", row.ssim},
              {"ssim_windows", name_of(row.windows)},
              {"gpairs_per_s", rates.gpairs_per_s},
              {"mpx_per_s", rates.mpx_per_s}};
    json.update(json_of(measured));
    return json;
}

std::vector<std::string> header() {
    std::vector<std::string> line{"size", "stride", "Gaussians", "blend", "SIMD", "threads", "Mpairs"};
    for (const char* stage : stage_names) line.push_back(stage + std::string(" ms"));
    line.insert(line.end(), {"Gpairs/s", "Mpx/s", "start MB", "peak MB"});
    return line;
}

std::vector<std::string> line_of(const Row& row, const Measurement& measured) {
    const Rates rates = rates_of(row, measured);
    std::vector<std::string> line{std::to_string(row.width) + "x" + std::to_string(row.height),
                                  std::to_string(row.stride),
                                  std::to_string(row.gaussians),
                                  std::string(name_of(row.blend)),
                                  row.simd,
                                  std::to_string(row.threads),
                                  fixed(static_cast<double>(measured.pairs) / 1e6, 1)};
    for (const double ms : measured.ms) line.push_back(fixed(ms, 2));
    line.insert(line.end(), {fixed(rates.gpairs_per_s, 2), fixed(rates.mpx_per_s, 1), fixed(measured.start_mb, 0),
                             fixed(measured.peak_mb, 0)});
    return line;
}

}  // namespace

void run_steps(const StepOptions& options) {
    Json report = heading(options.common);
    report["rounds"] = options.rounds;
    report["rows"] = Json::array();
    std::vector<std::vector<std::string>> table{header()};
    const std::vector<Measurement> measured = measure_rounds(options);
    for (std::size_t i = 0; i < measured.size(); ++i) {
        report["rows"].push_back(json_of(options.rows[i], measured[i]));
        table.push_back(line_of(options.rows[i], measured[i]));
    }
    print_report(options.common, report, table);
}

void run_measurement(const StepOptions& options) {
    if (options.rows.size() != 1)
        throw UsageError("measure takes one row: one size, blend, SIMD target and thread count");
    std::printf("%s\n", json_of(measure(options.rows.front(), options.repeat)).dump().c_str());
}

}  // namespace gsfit::bench

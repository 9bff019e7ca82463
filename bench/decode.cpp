#include "bench/decode.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>

#include "bench/report.h"
#include "gsfit/core/error.h"
#include "gsfit_decode.h"

namespace gsfit::bench {
namespace {

using Clock = std::chrono::steady_clock;
using File = std::unique_ptr<gsfit_file, decltype(&gsfit_close)>;

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

File opened(const std::string& path) {
    File file(gsfit_open(path.c_str()), &gsfit_close);
    if (!file) throw InputError(gsfit_error());
    return file;
}

/// The least of several rounds, each of which opens the file anew.
struct DecodeTimes {
    double open = std::numeric_limits<double>::infinity();
    double render = std::numeric_limits<double>::infinity();
    std::uint64_t bytes_read = 0;
};

/// The middle square of a file's image, or all of it where the side is 0.
gsfit_view middle_of(const gsfit_info& info, std::int64_t side) {
    gsfit_view view{};
    view.width = side == 0 ? info.width : std::min(side, info.width);
    view.height = side == 0 ? info.height : std::min(side, info.height);
    view.x = (info.width - view.width) / 2;
    view.y = (info.height - view.height) / 2;
    return view;
}

void measure(const std::string& path, std::int64_t side, DecodeTimes& times) {
    Clock::time_point start = Clock::now();
    const File file = opened(path);
    times.open = std::min(times.open, ms_since(start));
    const gsfit_view view = middle_of(gsfit_get_info(file.get()), side);
    const auto row = static_cast<std::size_t>(view.width * gsfit_get_map(file.get(), 0).channels);
    std::vector<std::byte> pixels(row * static_cast<std::size_t>(view.height));
    start = Clock::now();
    if (gsfit_render(file.get(), 0, &view, GSFIT_UINT8, pixels.data(), row) != 0) throw InputError(gsfit_error());
    times.render = std::min(times.render, ms_since(start));
    times.bytes_read = gsfit_bytes_read(file.get());
}

}  // namespace

void run_decode(const DecodeOptions& options) {
    Json report = heading(options.common);
    const std::string path = options.file.string();
    const gsfit_info info = gsfit_get_info(opened(path).get());
    report.update({{"file", path}, {"width", info.width}, {"height", info.height}, {"gaussians", info.gaussians}});
    std::vector<std::vector<std::string>> table{{"part", "open ms", "draw ms", "bytes read"}};
    for (const std::int64_t side : {std::int64_t{0}, options.crop}) {
        const std::string name = side == 0 ? "all" : "middle " + std::to_string(side);
        DecodeTimes times;
        for (int round = 0; round < options.rounds; ++round) measure(path, side, times);
        table.push_back({name, fixed(times.open, 3), fixed(times.render, 2), std::to_string(times.bytes_read)});
        report["parts"].push_back(
            {{"side", side}, {"open_ms", times.open}, {"draw_ms", times.render}, {"bytes_read", times.bytes_read}});
    }
    print_report(options.common, report, table);
}

}  // namespace gsfit::bench

#include <array>
#include <charconv>
#include <string_view>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/record.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view header =
    "step,seconds,gaussians,loss,psnr,ssim,step_scale,steps_per_second,skipped_steps,loss_scale,resident_bytes,"
    "device_bytes\n";
constexpr std::size_t size_limit = std::size_t{1} << 30;  // [bytes]

std::string number(double value) {
    std::array<char, 32> buffer{};
    const auto result =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general, 9);
    return {buffer.data(), result.ptr};
}

std::string number(const std::optional<double>& value) { return value ? number(*value) : std::string(); }

/// Empty for 0: not known.
std::string known(std::int64_t bytes) { return bytes > 0 ? std::to_string(bytes) : std::string(); }

std::string row(const TrainEvent& event) {
    std::string text = std::to_string(event.state.step);
    for (const std::string& field :
         {number(event.state.seconds), std::to_string(event.state.field.size()), number(event.loss), number(event.psnr),
          number(event.ssim), number(event.step_scale), number(event.steps_per_second),
          std::to_string(event.state.skipped_steps), number(event.state.loss_scale.scale), known(event.resident_bytes),
          known(event.memory.device.value_or(DeviceMemoryReport{}).reserved)}) {
        text += ',';
        text += field;
    }
    return text + '\n';
}

/// The first `text`, up to and with its line end; empty when there is none, as after a kill within a row.
std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n') + 1); }

std::optional<std::int64_t> step_of(std::string_view line) {
    std::int64_t step = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), step);
    return error == std::errc() && end != line.data() + line.size() && *end == ',' ? std::optional(step) : std::nullopt;
}

}  // namespace

MetricsTable::MetricsTable(const fs::path& run_folder, std::optional<std::int64_t> resumed_step)
    : path_(run_folder / "metrics.csv") {
    std::string kept(header);
    if (resumed_step && fs::exists(path_)) {
        const std::vector<std::byte> bytes = read_file(path_, size_limit);
        std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (!text.starts_with(header)) {
            throw InputError("'" + path_.string() +
                             "' has other columns than this gsfit writes; move it away to resume");
        }
        text.remove_prefix(header.size());
        for (auto line = first_line(text); !line.empty(); text.remove_prefix(line.size()), line = first_line(text)) {
            const auto step = step_of(line);
            if (!step || *step <= last_step_ || *step > *resumed_step) break;
            kept += line;
            last_step_ = *step;
        }
    }
    write_file_atomically(path_, kept);
}

void MetricsTable::operator()(const TrainEvent& event) {
    if (event.kind == TrainEvent::Kind::evaluated && event.state.step > last_step_) {
        append_to_file(path_, row(event));
        last_step_ = event.state.step;
    }
}

}  // namespace gsfit

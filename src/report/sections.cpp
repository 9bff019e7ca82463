#include "report/sections.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gsfit/core/format.h"
#include "gsfit/report/html.h"
#include "report/format.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

const std::string no_record = "run.json is missing or damaged";

/// Of the record, else of the last row of metrics.csv that has it.
std::optional<double> figure(const RunFiles& run, const std::string& record_name, std::string_view column) {
    if (const auto value = run.number(("/" + record_name).c_str())) return value;
    if (!run.metrics) return std::nullopt;
    const std::vector<double>& values = run.metrics->column(column);
    const auto last = std::find_if(values.rbegin(), values.rend(), [](double value) { return !std::isnan(value); });
    return last == values.rend() ? std::nullopt : std::optional(*last);
}

std::string psnr_text(const RunFiles& run) {
    const auto value = figure(run, "psnr", "psnr");
    if (run.is_null("/psnr") || (value && std::isinf(*value))) return "\u221e dB";  // a perfect match
    return value ? decimal(*value, 2) + " dB" : "";
}

/// "41.56 dB" with its unit in small letters; nothing when there is no value.
std::string figure_card(const std::string& label, const std::string& value) {
    if (value.empty()) return {};
    const std::size_t space = value.find(' ');
    const std::string unit = space == std::string::npos ? "" : " <small>" + value.substr(space + 1) + "</small>";
    return "<div><dt>" + label + "</dt><dd>" + value.substr(0, space) + unit + "</dd></div>\n";
}

std::string bits_per_pixel(const RunFiles& run) {
    const double pixels = run.number("/image/width").value_or(0) * run.number("/image/height").value_or(0);
    return run.checkpoint_bytes && pixels > 0 ? decimal(8 * static_cast<double>(*run.checkpoint_bytes) / pixels, 2)
                                              : "";
}

/// A row of a list of facts; nothing when there is no value.
std::string fact(const std::string& name, const std::string& value) {
    return value.empty() ? "" : "<div><dt>" + escaped(name) + "</dt><dd>" + escaped(value) + "</dd></div>\n";
}

std::string count_text(const std::optional<double>& value) { return value ? grouped(*value) : ""; }
std::string size_text(const std::optional<double>& bytes) { return bytes ? bytes_text(*bytes) : ""; }
std::string switch_text(const std::optional<bool>& value) { return !value ? "" : *value ? "on" : "off"; }

/// An amount with a bar as long as its part of `greatest`.
std::string amount(const std::string& name, const std::optional<double>& bytes, double greatest) {
    if (!bytes) return {};
    return "<div><dt>" + name + "</dt><dd>" + bytes_text(*bytes) +
           "<span class=\"bar\" aria-hidden=\"true\"><span style=\"width:" +
           decimal(100 * std::clamp(*bytes / greatest, 0.0, 1.0), 1) + "%\"></span></span></dd></div>\n";
}

std::string settings_rows(const std::vector<SettingLine>& settings, bool at_default) {
    std::string rows;
    for (const SettingLine& setting : settings) {
        if ((setting.origin == "default") != at_default) continue;
        rows += "<tr><th scope=\"row\">" + escaped(setting.key) + "</th><td>" + escaped(setting.value) + "</td><td>" +
                escaped(setting.origin) + "</td></tr>\n";
    }
    return rows;
}

std::string table_of(const std::string& rows) {
    return "<table><thead><tr><th scope=\"col\">Key</th><th scope=\"col\">Value</th><th scope=\"col\">From</th></tr>"
           "</thead><tbody>\n" +
           rows + "</tbody></table>\n";
}

std::string status_line(const std::string& kind, const std::string& word, const std::string& sentence) {
    return "<p class=\"status " + kind + "\"><strong>" + word + "</strong> " + escaped(sentence) + "</p>";
}

}  // namespace

std::string missing(const std::string& words) { return "<p class=\"missing\">" + escaped(words) + "</p>"; }

std::string name_of(const RunFiles& run) {
    if (const auto image = run.text("/image/path")) return fs::path(*image).filename().string();
    return fs::absolute(run.folder / "report.html").lexically_normal().parent_path().filename().string();
}

std::string subtitle(const RunFiles& run) {
    const auto width = run.number("/image/width");
    const auto height = run.number("/image/height");
    const auto gaussians = figure(run, "gaussians", "gaussians");
    const std::string size = width && height ? grouped(*width) + " \u00d7 " + grouped(*height) + " pixels" : "";
    const std::string count = gaussians ? grouped(*gaussians) + " Gaussians" : "";
    return size + (size.empty() || count.empty() ? "" : " as ") + count;
}

std::string status(const RunFiles& run) {
    const std::string exit = run.text("/exit").value_or("");
    const std::string message = run.text("/message").value_or("it is not known why");
    if (exit == "finished") return status_line("good", "Finished.", "The run came to the end of its schedule.");
    if (exit == "interrupted") return status_line("fair", "Interrupted", "by SIGINT; it can be resumed.");
    if (exit == "terminated") return status_line("fair", "Terminated", "by SIGTERM; it can be resumed.");
    if (exit == "failed") return status_line("bad", "Failed:", message + ".");
    if (exit == "running")
        return status_line("fair", "Not at its end.", "It was running when this was written, or had been killed.");
    return status_line("fair", "How the run ended is not known:", no_record + ".");
}

std::string figures(const RunFiles& run) {
    const auto ssim = figure(run, "ssim", "ssim");
    const auto seconds = figure(run, "seconds", "seconds");
    const std::string cards = figure_card("PSNR", psnr_text(run)) + figure_card("SSIM", ssim ? decimal(*ssim, 4) : "") +
                              figure_card("Gaussians", count_text(figure(run, "gaussians", "gaussians"))) +
                              figure_card("Steps", count_text(figure(run, "steps", "step"))) +
                              figure_card("Training time", seconds ? duration_text(*seconds) : "") +
                              figure_card("Checkpoint", size_text(run.checkpoint_bytes)) +
                              figure_card("Bits per pixel", bits_per_pixel(run));
    return cards.empty() ? missing("There are no figures: " + no_record + ", and so is metrics.csv.")
                         : "<dl class=\"figures\">\n" + cards + "</dl>";
}

std::string memory_bill(const RunFiles& run) {
    const auto program = run.number("/memory/program_bytes");
    const auto planned = run.number("/memory/planned_bytes");
    const auto peak = run.number("/peak_resident_bytes");
    const double greatest = std::max({program.value_or(0), planned.value_or(0), peak.value_or(0), 1.0});
    const std::string rows = amount("Program before the run", program, greatest) +
                             amount("Planned peak", planned, greatest) + amount("Resident peak", peak, greatest) +
                             fact("Budget", size_text(run.number("/memory/budget_bytes"))) +
                             fact("Address space, peak", size_text(run.number("/peak_virtual_bytes"))) +
                             fact("Budget on the GPU", size_text(run.number("/memory/device/budget_bytes"))) +
                             fact("Planned peak on the GPU", size_text(run.number("/memory/device/planned_bytes"))) +
                             fact("Peak on the GPU", size_text(run.number("/memory/device/peak_reserved_bytes"))) +
                             fact("Mixed precision", switch_text(run.truth("/memory/amp"))) +
                             fact("Gradient checkpointing", switch_text(run.truth("/memory/checkpointing"))) +
                             fact("Bands", count_text(run.number("/memory/bands"))) +
                             fact("Decoded image lies in", run.text("/memory/target_storage").value_or(""));
    return rows.empty() ? missing("Nothing is known of its memory: " + no_record + ".")
                        : "<dl class=\"facts\">\n" + rows + "</dl>";
}

std::string settings_table(const RunFiles& run) {
    if (!run.settings) return missing("config.yaml is missing or damaged.");
    const std::string set = settings_rows(*run.settings, false);
    const std::string defaults = settings_rows(*run.settings, true);
    const auto count = std::ranges::count(*run.settings, "default", &SettingLine::origin);
    return (set.empty() ? "<p>Every setting is at its default.</p>\n" : table_of(set)) +
           (defaults.empty() ? ""
                             : "<details><summary>" + std::to_string(count) +
                                   " settings at their defaults</summary>\n" + table_of(defaults) + "</details>");
}

std::string facts(const RunFiles& run) {
    if (!run.record) return missing("Nothing is known: " + no_record + ".");
    const auto text = [&](const char* place) { return run.text(place).value_or(""); };
    std::string rows =
        fact("Image", text("/image/path")) + fact("Started", text("/started")) + fact("Finished", text("/finished")) +
        fact("Resumed after step", count_text(run.number("/resumed_step"))) + fact("Device", text("/device")) +
        fact("SIMD", text("/simd")) + fact("Threads", count_text(run.number("/threads"))) +
        fact("Skipped steps", count_text(run.number("/skipped_steps")));
    if (const auto seed = run.number("/seed")) rows += fact("Seed", decimal(*seed, 0));
    if (run.record->contains("versions") && (*run.record)["versions"].is_object()) {
        for (const auto& [name, version] : (*run.record)["versions"].items()) {
            if (version.is_string()) rows += fact(name, version.get<std::string>());
        }
    }
    return "<dl class=\"facts\">\n" + rows + "</dl>";
}

}  // namespace gsfit

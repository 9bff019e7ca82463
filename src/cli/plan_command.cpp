// gsfit plan: what a run would need in memory, under each of the settings that trade time for it.

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/amount.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/image_files.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/values.h"
#include "gsfit/gpu.h"
#include "gsfit/memory.h"
#include "gsfit/train/plan.h"

namespace gsfit::cli {
namespace {

using Json = nlohmann::ordered_json;

ImageInfo image_of(const Arguments& arguments, const Config& config) {
    const std::filesystem::path path = image_path(config);
    if (arguments.has("size") == !path.empty()) {
        throw UsageError("plan needs either an image or --size WxH; give one of them");
    }
    if (!path.empty()) return inspect_target(path, config);
    const auto [width, height] = size_value(arguments, "size", max_image_pixels);
    const std::int64_t channels = arguments.has("channels") ? integer_value(arguments, "channels", 1, max_channels) : 3;
    const double ratio = config.boolean("downsample") ? config.number("downsample_ratio") : 1;
    const auto fitted = [ratio](std::int64_t side) {
        return std::max(1LL, std::llround(static_cast<double>(side) / ratio));
    };
    return {.width = fitted(width),
            .height = fitted(height),
            .channels = static_cast<int>(channels),
            .bits = config.number("gamma") == 1 ? 8 : 16};
}

/// Where to plan for. A GPU whose budget is given need not be there.
c10::Device device_of(const Config& config) {
    const std::string wish = wanted_device(config);
    const bool given = config.number("device_memory_budget_gb") > 0;
    if (const auto gpu = given ? named_gpu(wish) : std::nullopt) return *gpu;
    try {
        return choose_device(wish).device;
    } catch (const DeviceError& error) {
        throw DeviceError(text_of(error.what(), "; for a GPU that is not here, give device_memory_budget_gb"));
    }
}

Json json_of(const MemoryBill& bill) {
    Json json;
    for (const MemoryItem& item : bill.items) json[std::string(item.name)] = item.bytes;
    return json;
}

Json json_of(const PlannedSettings& row, const MemoryPlan& plan) {
    const MemorySettings& settings = row.settings;
    Json json{{"use_amp", settings.amp},    {"use_gradient_checkpointing", settings.checkpointing},
              {"bands", settings.bands},    {"target", settings.target_in_file ? "file" : "memory"},
              {"items", json_of(row.host)}, {"peak_bytes", plan.peak(row)}};
    if (!plan.where.is_cpu()) {
        json["device_items"] = json_of(row.device);
        json["device_peak_bytes"] = plan.peak(row, Memory::device);
    }
    json["fits"] = plan.fits(row);
    return json;
}

Json json_of(const MemoryPlan& plan, const ImageInfo& image, const TrainOptions& options) {
    Json rows;
    for (const PlannedSettings& row : plan.rows) rows.push_back(json_of(row, plan));
    const bool found = plan.chosen < plan.rows.size();
    Json json{{"width", image.width},
              {"height", image.height},
              {"channels", image.channels},
              {"bits", image.bits},
              {"gaussians", options.num_gaussians},
              {"budget_bytes", plan.host.budget_bytes},
              {"program_bytes", plan.host.program_bytes}};
    if (!plan.where.is_cpu()) {
        json["device"] = plan.where.str();
        json["device_budget_bytes"] = plan.device.budget_bytes;
        json["device_program_bytes"] = plan.device.program_bytes;
    }
    json["rows"] = rows;
    json["chosen"] = found ? Json(plan.chosen) : Json();
    return json;
}

std::string megabytes(std::int64_t bytes) { return fixed(static_cast<double>(bytes) / 1e6, 1); }

/// A line of right-aligned cells as wide as their titles.
class Table {
public:
    explicit Table(std::vector<std::string> titles) : titles_(std::move(titles)) { add(titles_); }

    void add(const std::vector<std::string>& cells) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const auto width = static_cast<int>(std::max<std::size_t>(titles_[i].size(), 6));
            text_ += text_of(i == 0 ? "" : "  ", std::setw(width), cells[i]);
        }
        text_ += '\n';
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::vector<std::string> titles_;
    std::string text_;
};

const MemoryBill& bill_of(const PlannedSettings& row, Memory memory) {
    return memory == Memory::host ? row.host : row.device;
}

std::string table_of(const MemoryPlan& plan, Memory memory) {
    std::vector<std::string> titles{"amp", "checkpointing", "bands", "target in"};
    for (const MemoryItem& item : bill_of(plan.rows.front(), memory).items) titles.emplace_back(item.name);
    titles.emplace_back("peak");
    Table table(titles);
    for (std::size_t i = 0; i < plan.rows.size(); ++i) {
        const PlannedSettings& row = plan.rows[i];
        const auto word = [](bool on) { return on ? "on" : "off"; };
        std::vector<std::string> cells{word(row.settings.amp), word(row.settings.checkpointing),
                                       std::to_string(row.settings.bands),
                                       row.settings.target_in_file ? "file" : "memory"};
        for (const MemoryItem& item : bill_of(row, memory).items) cells.push_back(megabytes(item.bytes));
        cells.push_back(megabytes(plan.peak(row, memory)) + (i == plan.chosen ? " <" : ""));
        table.add(cells);
    }
    return table.text();
}

std::string text_of_plan(const MemoryPlan& plan, const ImageInfo& image, const TrainOptions& options) {
    const auto budget = [](const MemoryLimits& limits) {
        return text_of("budget ", megabytes(limits.budget_bytes), " MB, of which up to ",
                       megabytes(limits.usable_bytes()), " MB are planned for; the program itself holds ",
                       megabytes(limits.program_bytes), " MB\n\n");
    };
    std::string host = text_of(image.width, " x ", image.height, " pixels, ", image.channels, " channels of ",
                               image.bits, " bit, ", options.num_gaussians, " Gaussians; MB are 10^6 bytes\n",
                               budget(plan.host), table_of(plan, Memory::host));
    if (plan.where.is_cpu()) return host;
    return text_of(host, "\non ", plan.where.str(), ": ", budget(plan.device), table_of(plan, Memory::device));
}

ExitCode run(const Arguments& arguments) {
    Config config = load_config_with_image(arguments);
    if (config.number("target_psnr") > 0) {
        throw UsageError(
            "how many Gaussians target_psnr takes shows when a run begins; give num_gaussians to plan for");
    }
    if (is_amount_auto(config)) {
        throw UsageError("how many Gaussians auto comes to shows when a run begins; give num_gaussians to plan for");
    }
    const ImageInfo image = image_of(arguments, config);
    config = with_planned_amount(config, image);
    TrainOptions options = train_options(config, image);
    options.device = device_of(config);
    options.memory.folder = ".";  // a run has a folder for its target
    check_fit(options, image);
    const MemoryPlan plan = plan_memory(image, options, host_memory().resident);
    if (arguments.has("json")) {
        print_json(json_of(plan, image, options));
    } else {
        print_result(text_of_plan(plan, image, options));
    }
    if (plan.chosen == plan.rows.size()) throw plan.shortage();
    return ExitCode::done;
}

}  // namespace

Command plan_command() {
    return {
        {"plan",
         "[IMAGE]",
         {{"size", 0, "WxH", "plan for an image of this size instead"},
          {"channels", 0, "N", "with --size: its channels, 1 to 64; 3 by default"},
          {"config", 0, "FILE", "YAML to start from"},
          {"json", 0, "", "one JSON object, bytes"}},
         true},
        "Predicts what a run needs in memory, and shows what it would trade for less.",
        "Each row is a choice of settings, from those that are asked for down to the least memory; < marks the\n"
        "one that gsfit train would take: the first that fits memory_budget_gb, or what is free. The columns\n"
        "after `target in` are MB: target, Gaussians and recording (frames of a video) are always there; gradients,\n"
        "lists, image and image gradient are a step's; start, growth, evaluation and saving are moments of their\n"
        "own. On a GPU a second table tells of its memory: segments, target and Gaussians are always there,\n"
        "gradients, lists and band are a step's. With --device cuda and --device_memory_budget_gb the GPU need not\n"
        "be in this machine. Nothing is decoded. The exit code is 4 when no row fits.",
        run};
}

}  // namespace gsfit::cli

#include "gsfit/core/step_files.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include "gsfit/core/error.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "step-";

std::optional<std::int64_t> step_of(const std::string& name, const std::string& suffix) {
    std::int64_t step = -1;
    if (name.starts_with(prefix)) {
        std::from_chars(name.data() + prefix.size(), name.data() + name.size(), step);
    }
    return step >= 0 && name == step_file_name(step, suffix) ? std::optional(step) : std::nullopt;
}

}  // namespace

std::string step_file_name(std::int64_t step, const std::string& suffix) {
    return std::string(prefix) + std::to_string(step) + suffix;
}

std::vector<std::int64_t> steps_of_files(const fs::path& folder, const std::string& suffix) {
    std::vector<std::int64_t> steps;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (const auto step = step_of(entry->path().filename().string(), suffix)) steps.push_back(*step);
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        throw InputError("cannot list '" + folder.string() + "': " + error.message() + "; check its permissions");
    }
    std::ranges::sort(steps);
    return steps;
}

}  // namespace gsfit

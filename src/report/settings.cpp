#include "report/settings.h"

#include <optional>
#include <sstream>
#include <string_view>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/report/html.h"

namespace gsfit {
namespace {

constexpr std::size_t settings_size_limit = 1 << 20;  // [bytes]

/// Where the value that `text` begins with ends: at the comment, which a quoted value may seem to hold.
std::size_t value_size(std::string_view text) {
    if (!text.starts_with('"')) return std::min(text.find("  # "), text.size());
    std::size_t end = 1;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    return std::min(end + 1, text.size());
}

std::string without_quotes(std::string_view value) {
    if (!value.starts_with('"')) return std::string(value);
    std::string text;
    for (std::size_t i = 1; i + 1 < value.size(); ++i) {
        if (value[i] == '\\' && i + 2 < value.size()) ++i;  // an escaped quote or backslash
        text += value[i];
    }
    return text;
}

std::optional<SettingLine> setting_of(std::string_view line) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos || line.starts_with('#')) return std::nullopt;
    const std::string_view rest = line.substr(colon + 2);
    const std::size_t size = value_size(rest);
    const std::string_view comment = rest.substr(size);
    return SettingLine{utf8(line.substr(0, colon)), utf8(without_quotes(rest.substr(0, size))),
                       comment.starts_with("  # ") ? utf8(comment.substr(4)) : ""};
}

}  // namespace

std::vector<SettingLine> read_settings(const std::filesystem::path& run_folder) {
    const std::filesystem::path path = run_folder / "config.yaml";
    const std::vector<std::byte> bytes = read_file(path, settings_size_limit);
    std::istringstream text(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    std::vector<SettingLine> settings;
    for (std::string line; std::getline(text, line);) {
        if (std::optional<SettingLine> setting = setting_of(line)) settings.push_back(std::move(*setting));
    }
    if (settings.empty()) {
        throw InputError("'" + path.string() + "' is damaged or no configuration of a run; name another run folder");
    }
    return settings;
}

}  // namespace gsfit

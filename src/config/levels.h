#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gsfit/config.h"

namespace gsfit {

/// A key that somebody set.
struct Setting {
    std::size_t key = 0;  ///< index in the schema
    Value value;
    Origin origin;
};

/// What one source sets; no key twice.
using Level = std::vector<Setting>;

/// The level's setting of a key; null when it has none.
inline const Setting* find_setting(const Level& level, std::size_t key) {
    const auto found = std::ranges::find(level, key, &Setting::key);
    return found == level.end() ? nullptr : &*found;
}

/// The file's ancestors by `parent`, the eldest first, then the file.
std::vector<Level> file_levels(const std::filesystem::path& file);

/// A YAML text that stands in no file, and so has no parent.
Level text_level(std::string_view yaml, const std::string& name);

Level environment_level(const std::map<std::string, std::string>& variables);

Level flag_level(const std::vector<std::pair<std::string, std::string>>& flags);

}  // namespace gsfit

// Settings from YAML files: a file and its chain of parents.

#include <algorithm>
#include <optional>
#include <system_error>

#include "config/levels.h"
#include "config/schema.h"
#include "config/value.h"
#include "config/yaml.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_file = 1U << 20U;  // [bytes]
constexpr std::size_t longest_chain = 16;
constexpr Key parent_key{"parent", Type::path, "", {}, {}, "", "", ""};

struct YamlFile {
    fs::path path;
    std::string name;  ///< as messages give it
    std::vector<YamlPair> pairs;
    std::optional<YamlPair> parent;
};

std::string place(const std::string& file, int line) { return file + ":" + std::to_string(line) + ": "; }

[[noreturn]] void refuse_duplicate(const std::string& file, const YamlPair& pair, int first_line) {
    throw UsageError(place(file, pair.line) + "key " + quote(pair.key) + " is already set in line " +
                     std::to_string(first_line) + "; remove one of the two");
}

[[noreturn]] void refuse_unknown(const std::string& file, const YamlPair& pair) {
    std::vector<std::string_view> names = key_names();
    names.push_back(parent_key.name);
    const std::string nearest(suggest(pair.key, names));
    throw UsageError(place(file, pair.line) + "there is no key " + quote(pair.key) +
                     (nearest.empty() ? "; gsfit train --help lists all" : "; did you mean '" + nearest + "'?"));
}

YamlFile parse_yaml_file(const fs::path& path, std::string_view text) {
    YamlFile file{path, printable(path.string()), {}, std::nullopt};
    for (YamlPair& pair : read_yaml(text, file.name)) {
        if (pair.key != parent_key.name) {
            file.pairs.push_back(std::move(pair));
        } else if (file.parent) {
            refuse_duplicate(file.name, pair, file.parent->line);
        } else {
            file.parent = std::move(pair);
        }
    }
    return file;
}

YamlFile read_yaml_file(const fs::path& path) {
    try {
        const std::vector<std::byte> bytes = read_file(path, largest_file);
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return parse_yaml_file(path, text);
    } catch (const InputError& error) {
        throw UsageError(std::string("configuration: ") + error.what());
    }
}

/// Path of the file that `child` names as its parent.
fs::path parent_path(const YamlFile& child) {
    const YamlPair& parent = *child.parent;
    const std::string where = place(child.name, parent.line);
    const Value written = parse_value(parent_key, {parent.value, parent.quoted}, where + parent.key);
    fs::path path = (child.path.parent_path() / std::get<std::string>(written)).lexically_normal();
    std::error_code unreachable;
    if (!fs::is_regular_file(path, unreachable)) {
        throw UsageError(where + "parent " + quote(path.string()) +
                         " is no file; a parent is named relative to the file that names it");
    }
    return path;
}

/// A file and its ancestors, the youngest first.
std::vector<YamlFile> read_chain(const fs::path& file) {
    std::vector<YamlFile> chain{read_yaml_file(file)};
    while (chain.back().parent) {
        const fs::path path = parent_path(chain.back());
        const std::string where = place(chain.back().name, chain.back().parent->line);
        std::error_code vanished;
        const auto same = [&](const YamlFile& other) { return fs::equivalent(other.path, path, vanished); };
        if (std::ranges::any_of(chain, same)) {
            throw UsageError(where + "parent " + quote(path.string()) +
                             " is the file itself or descends from it; a chain of parents must end");
        }
        if (chain.size() == longest_chain) {
            throw UsageError(where + "the chain of parents is longer than " + std::to_string(longest_chain) +
                             " files; shorten it");
        }
        chain.push_back(read_yaml_file(path));
    }
    return chain;
}

Level settings_of(const YamlFile& file, Origin::Level kind) {
    Level level;
    for (const YamlPair& pair : file.pairs) {
        const std::optional<std::size_t> key = find_key(pair.key);
        if (!key) {
            refuse_unknown(file.name, pair);
        }
        if (const Setting* first = find_setting(level, *key)) {
            refuse_duplicate(file.name, pair, first->origin.line);
        }
        Value value = parse_value(schema()[*key], {pair.value, pair.quoted}, place(file.name, pair.line) + pair.key);
        level.push_back({*key, std::move(value), {kind, file.name, pair.line}});
    }
    return level;
}

}  // namespace

std::vector<Level> file_levels(const fs::path& file) {
    const std::vector<YamlFile> chain = read_chain(file);
    std::vector<Level> levels;
    for (std::size_t i = chain.size(); i-- > 0;) {
        levels.push_back(settings_of(chain[i], i == 0 ? Origin::Level::file : Origin::Level::preset));
    }
    return levels;
}

Level text_level(std::string_view yaml, const std::string& name) {
    const YamlFile file = parse_yaml_file(name, yaml);
    if (file.parent) {
        throw UsageError(place(file.name, file.parent->line) + "a parent can be named in a file only");
    }
    return settings_of(file, Origin::Level::file);
}

}  // namespace gsfit

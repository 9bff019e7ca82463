// Settings from outside files: GSFIT_<KEY> and flags.

#include <algorithm>
#include <array>
#include <optional>

#include <unistd.h>

#include "config/levels.h"
#include "config/schema.h"
#include "config/value.h"
#include "gsfit/core/error.h"

namespace gsfit {
namespace {

constexpr std::string_view prefix = "GSFIT_";
constexpr std::array<std::string_view, 1> variables_of_the_build{"GSFIT_LIBTORCH"};

std::string variable_name(std::string_view key) {
    std::string name(prefix);
    for (const char c : key) {
        name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

bool is_ours(std::string_view variable) {
    return variable.starts_with(prefix) &&
           std::ranges::find(variables_of_the_build, variable) == variables_of_the_build.end();
}

std::optional<std::size_t> key_of_variable(std::string_view variable) {
    const auto found = std::ranges::find(schema(), variable, [](const Key& key) { return variable_name(key.name); });
    return found == schema().end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - schema().begin()));
}

[[noreturn]] void refuse_variable(std::string_view variable) {
    const std::string_view nearest = suggest(variable.substr(prefix.size()), key_names());
    throw UsageError("environment variable " + quote(variable) + " is no key of gsfit; " +
                     (nearest.empty() ? "unset it" : "did you mean '" + variable_name(nearest) + "'?"));
}

[[noreturn]] void refuse_flag(const std::string& flag) {
    const std::string nearest(suggest(flag, key_names()));
    throw UsageError("there is no flag " + quote("--" + flag) + "; " +
                     (nearest.empty() ? "--help lists all" : "did you mean '--" + nearest + "'?"));
}

}  // namespace

Level environment_level(const std::map<std::string, std::string>& variables) {
    Level level;
    for (const auto& [variable, text] : variables) {
        if (!is_ours(variable)) {
            continue;
        }
        const std::optional<std::size_t> key = key_of_variable(variable);
        if (!key) {
            refuse_variable(variable);
        }
        Value value = parse_value(schema()[*key], {text}, variable);
        level.push_back({*key, std::move(value), {Origin::Level::environment, variable}});
    }
    return level;
}

Level flag_level(const std::vector<std::pair<std::string, std::string>>& flags) {
    Level level;
    for (const auto& [flag, text] : flags) {
        std::string name = flag;
        std::ranges::replace(name, '-', '_');
        const std::optional<std::size_t> key = find_key(name);
        if (!key) {
            refuse_flag(flag);
        }
        if (find_setting(level, *key) != nullptr) {
            throw UsageError("flag --" + name + " is given twice; remove one of the two");
        }
        Value value = parse_value(schema()[*key], {text}, "--" + name);
        level.push_back({*key, std::move(value), {Origin::Level::flag, "--" + name}});
    }
    return level;
}

std::map<std::string, std::string> process_environment() {
    std::map<std::string, std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view assignment = *entry;
        const std::size_t equals = assignment.find('=');
        if (assignment.starts_with(prefix) && equals != std::string_view::npos) {
            variables.emplace(assignment.substr(0, equals), assignment.substr(equals + 1));
        }
    }
    return variables;
}

}  // namespace gsfit

// The effective configuration: levels applied in order, values handed out by key.

#include "gsfit/config.h"

#include <stdexcept>

#include "config/levels.h"
#include "config/rules.h"
#include "config/schema.h"
#include "config/value.h"
#include "gsfit/core/error.h"

namespace gsfit {
namespace {

constexpr std::string_view recipe_key = "recipe";

/// What the last of the levels to say anything says about the recipe; null when none does.
const Setting* chosen_recipe(const std::vector<Level>& levels) {
    const Setting* chosen = nullptr;
    for (const Level& level : levels) {
        if (const Setting* setting = find_setting(level, find_key(recipe_key).value())) chosen = setting;
    }
    return chosen;
}

/// Where a person finds what was set: "run.yaml:3", "GSFIT_SEED", "--seed".
std::string place(const Origin& origin) {
    return origin.line > 0 ? origin.source + ":" + std::to_string(origin.line) : origin.source;
}

void refuse_both(const Replacement& rule, const Setting& by, const Setting& replaced) {
    throw UsageError(std::string(schema()[rule.by].name) + " (" + place(by.origin) + ") and " +
                     std::string(schema()[rule.replaced].name) + " (" + place(replaced.origin) +
                     ") contradict each other: " + std::string(rule.reason) + "; remove one of the two");
}

}  // namespace

std::string Origin::text() const {
    switch (level) {
        case Level::unset:
            return "default";
        case Level::preset:
            return "preset " + place(*this);
        case Level::file:
            return place(*this);
        case Level::environment:
            return "environment " + source;
        case Level::flag:
            return "flag " + source;
    }
    return {};
}

Config::Config(Recipe recipe) : recipe_(recipe), entries_(schema().size()) {
    for (std::size_t key = 0; key < entries_.size(); ++key) {
        reset(key);
    }
    entries_[find_key(recipe_key).value()].value = std::string(name_of(recipe));
}

Config Config::of(const std::vector<Level>& levels) {
    const Setting* chosen = chosen_recipe(levels);
    Config config(chosen != nullptr && chosen->value == Value(std::string(name_of(Recipe::image_gs))) ? Recipe::image_gs
                                                                                                      : Recipe::gsfit);
    if (chosen != nullptr) config.entries_[chosen->key].origin = chosen->origin;
    for (const Level& level : levels) {
        config.apply(level);
    }
    check_together(config);
    return config;
}

Config Config::load(const Sources& sources) {
    std::vector<Level> levels;
    if (sources.file) levels = file_levels(*sources.file);
    levels.push_back(environment_level(sources.environment));
    levels.push_back(flag_level(sources.flags));
    return of(levels);
}

Config Config::parse(std::string_view yaml, const std::string& name) { return of({text_level(yaml, name)}); }

Value Config::default_value(std::size_t key) const {
    const Key& row = schema()[key];
    return parse_value(row, {row.default_for(recipe_)}, std::string(row.name));
}

void Config::reset(std::size_t key) { entries_[key] = {default_value(key), {}}; }

/// It would be ignored otherwise.
void Config::check_is_read(const Setting& setting) const {
    const Key& key = schema()[setting.key];
    if (key.is_read_by(recipe_)) return;
    const Origin& chosen = origin(recipe_key);
    throw UsageError(std::string(key.name) + " (" + place(setting.origin) + ") is read by recipe " +
                     std::string(name_of(*key.only)) + " only, and the recipe is " + std::string(name_of(recipe_)) +
                     " (" + (chosen.level == Origin::Level::unset ? "default" : place(chosen)) +
                     "); remove it or choose the other recipe");
}

void Config::apply(const std::vector<Setting>& level) {
    for (const Setting& setting : level) {
        if (schema()[setting.key].name == recipe_key) continue;  // decided before all else
        check_is_read(setting);
        entries_[setting.key] = {setting.value, setting.origin};
    }
    for (const Replacement& rule : replacements(recipe_)) {
        const Setting* by = find_setting(level, rule.by);
        const Setting* replaced = find_setting(level, rule.replaced);
        const bool takes_over = by != nullptr && by->value != default_value(rule.by);
        if (takes_over && replaced != nullptr) {
            refuse_both(rule, *by, *replaced);
        }
        if (takes_over) {
            reset(rule.replaced);
        } else if (replaced != nullptr && by == nullptr) {
            reset(rule.by);
        }
    }
}

/// Name of the key that takes the place of this one now.
std::optional<std::string_view> Config::replaced_by(std::size_t key) const {
    for (const Replacement& rule : replacements(recipe_)) {
        if (rule.replaced == key && entries_[rule.by].value != default_value(rule.by)) {
            return schema()[rule.by].name;
        }
    }
    return std::nullopt;
}

const Config::Entry& Config::entry(std::string_view key) const {
    const std::optional<std::size_t> index = find_key(key);
    if (!index) {
        throw std::logic_error("the schema has no key " + quote(key));
    }
    return entries_[*index];
}

template <class T>
const T& Config::get(std::string_view key) const {
    const T* value = std::get_if<T>(&entry(key).value);
    if (value == nullptr) {
        throw std::logic_error("key " + quote(key) + " is of another type");
    }
    return *value;
}

bool Config::boolean(std::string_view key) const { return get<bool>(key); }
std::int64_t Config::integer(std::string_view key) const { return get<std::int64_t>(key); }
double Config::number(std::string_view key) const { return get<double>(key); }
const std::string& Config::text(std::string_view key) const { return get<std::string>(key); }
const Origin& Config::origin(std::string_view key) const { return entry(key).origin; }

Config Config::with(std::string_view key, std::int64_t value, const Origin& origin) const {
    Config config = *this;
    config.apply({{.key = find_key(key).value(), .value = value, .origin = origin}});
    check_together(config);
    return config;
}

std::string Config::to_yaml(bool with_origins) const {
    std::string yaml;
    std::string_view group;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const Key& key = schema()[i];
        const auto& [value, origin] = entries_[i];
        if (!key.is_read_by(recipe_)) continue;
        if (key.group != group) {
            group = key.group;
            yaml += (yaml.empty() ? "# " : "\n# ") + std::string(group) + "\n";
        }
        if (const std::optional<std::string_view> other = replaced_by(i)) {
            yaml += "# " + std::string(key.name) + ": " + std::string(*other) + " takes its place\n";
            continue;
        }
        const std::string comment = with_origins ? "  # " + printable(origin.text()) : "";
        yaml += std::string(key.name) + ": " + yaml_text(key, value) + comment + "\n";
    }
    return yaml;
}

}  // namespace gsfit

#pragma once

// The configuration of a run: one schema of keys, and their values from defaults, YAML, environment and flags.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gsfit {

/// Integers are decimal digits; numbers are decimal and finite; booleans are true/false, True/False, yes/no or on/off;
/// text and paths are UTF-8 without control characters.
enum class Type { boolean, integer, number, choice, text, path };

using Value = std::variant<bool, std::int64_t, double, std::string>;

/// least <= value <= most, or least < value <= most when `above` is set.
struct Range {
    double least = 0;
    double most = 0;
    bool above = false;
};

/// How a field is trained (docs/recipe.md, docs/image-gs.md). It decides on the defaults of some keys, and there are
/// keys that only one of them reads.
enum class Recipe { gsfit, image_gs };

/// One row of the schema.
struct Key {
    std::string_view name;
    Type type = Type::text;
    std::string_view default_text;              ///< as in YAML, without quotes
    Range range;                                ///< of integers and numbers
    std::span<const std::string_view> choices;  ///< of choices
    std::string_view unit;                      ///< empty where there is none
    std::string_view group;
    std::string_view help;                   ///< one line
    std::string_view zero_word = {};         ///< of integers from 1 on: the word that is read as 0 and written for it
    std::string_view image_gs_default = {};  ///< where recipe image_gs has another one
    std::optional<Recipe> only = {};         ///< the recipe that reads it, unless both do
    std::string_view gain = {};  ///< what recipe gsfit's value, or what it switches on, was measured to gain

    [[nodiscard]] std::string_view default_for(Recipe recipe) const {
        return recipe == Recipe::image_gs && !image_gs_default.empty() ? image_gs_default : default_text;
    }
    [[nodiscard]] bool is_read_by(Recipe recipe) const { return !only || *only == recipe; }
};

std::string_view name_of(Recipe recipe);

/// Every key, ordered by group.
std::span<const Key> schema();

/// "1 to 1000000", "auto or 1 to 65536", "above 0, up to 1", "norm, sum", "true, false", "text" or "path".
std::string accepted_values(const Key& key);

/// The keys as lines of `--help`, under the titles of their groups.
std::string help_text();

/// The candidate that `word` is most likely a misspelling of, or an empty text when none is close.
std::string_view suggest(std::string_view word, std::span<const std::string_view> candidates);

/// Where a value came from.
struct Origin {
    enum class Level { unset, preset, file, environment, flag };
    Level level = Level::unset;
    std::string source;  ///< the file, the environment variable or the flag
    int line = 0;        ///< of the file, from 1

    /// "default", "preset cfgs/2k.yaml:3", "run.yaml:3", "environment GSFIT_SEED" or "flag --seed".
    [[nodiscard]] std::string text() const;
};

/// What a configuration is made of; a later member wins over an earlier one.
struct Sources {
    std::optional<std::filesystem::path> file{};               ///< YAML; its `parent` chain comes before it
    std::map<std::string, std::string> environment{};          ///< GSFIT_<KEY>; other names are not looked at
    std::vector<std::pair<std::string, std::string>> flags{};  ///< key without its leading dashes, and value
};

/// The variables of this process whose name begins with GSFIT_.
std::map<std::string, std::string> process_environment();

struct Setting;

/// The effective value of every key of the schema. The accessors throw std::logic_error for a key that is not in the
/// schema or has another type: that is an error in the program, not in its input.
class Config {
public:
    /// Every key at the recipe's default.
    explicit Config(Recipe recipe = Recipe::gsfit);

    /// Throws UsageError, naming file and line, variable or flag, for an unknown key, a key given twice, a value that
    /// is not what the key accepts, keys that contradict each other or that only the other recipe reads, and a file
    /// that is no flat YAML map of at most 1 MiB or whose parents form a cycle or more than 16 generations.
    static Config load(const Sources& sources);

    /// The same for one YAML text that stands in no file, so that it cannot name a parent; `name` is for messages.
    static Config parse(std::string_view yaml, const std::string& name);

    [[nodiscard]] Recipe recipe() const { return recipe_; }

    [[nodiscard]] bool boolean(std::string_view key) const;
    [[nodiscard]] std::int64_t integer(std::string_view key) const;
    [[nodiscard]] double number(std::string_view key) const;
    /// Of keys of type text, path and choice.
    [[nodiscard]] const std::string& text(std::string_view key) const;

    /// The origin of a key that nobody set has the level `unset`.
    [[nodiscard]] const Origin& origin(std::string_view key) const;
    /// Nobody set the key (a value that was set may still equal the default).
    [[nodiscard]] bool is_default(std::string_view key) const { return origin(key).level == Origin::Level::unset; }

    /// The same with this integer, as if a later source had set it.
    [[nodiscard]] Config with(std::string_view key, std::int64_t value, const Origin& origin) const;

    /// The keys that the recipe reads as YAML that `load` reads back to the same values; `with_origins` adds each
    /// value's origin as a comment. A key that another one replaces (max_steps when max_seconds is set) is commented
    /// out.
    [[nodiscard]] std::string to_yaml(bool with_origins) const;

private:
    struct Entry {
        Value value;
        Origin origin;
    };

    static Config of(const std::vector<std::vector<Setting>>& levels);
    void apply(const std::vector<Setting>& level);
    void check_is_read(const Setting& setting) const;
    [[nodiscard]] Value default_value(std::size_t key) const;
    void reset(std::size_t key);
    [[nodiscard]] std::optional<std::string_view> replaced_by(std::size_t key) const;
    [[nodiscard]] const Entry& entry(std::string_view key) const;
    template <class T>
    [[nodiscard]] const T& get(std::string_view key) const;

    Recipe recipe_;
    std::vector<Entry> entries_;  ///< in the order of the schema
};

}  // namespace gsfit

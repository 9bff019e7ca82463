#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gsfit::cli {

/// One flag of a command. Keys of the schema are flags too, where a command takes them.
struct Flag {
    std::string_view name;
    char letter = 0;         ///< short form; 0: none
    std::string_view value;  ///< what stands for its value in help; empty: a switch
    std::string_view help;   ///< one line
};

// Flags of several commands.
inline constexpr Flag json_flag{"json", 0, "", "one JSON object instead of lines"};
inline constexpr Flag threads_flag{"threads", 0, "N",
                                   "threads to compute with, 0 to 1024; 0, the default: one for each core"};

/// What a command accepts.
struct Syntax {
    std::string_view command;
    std::string_view positional;  ///< its one argument as help shows it, "[IMAGE]"; empty: none
    std::vector<Flag> flags;
    bool takes_keys = false;     ///< every key of the schema is a flag
    bool takes_several = false;  ///< of its argument, as many as are given
};

/// What a command was given.
struct Arguments {
    std::vector<std::string> positional;
    std::map<std::string, std::string, std::less<>> flags;  ///< a switch holds "true"
    std::vector<std::pair<std::string, std::string>> keys;  ///< of the schema, in the order given

    [[nodiscard]] bool has(std::string_view flag) const { return flags.find(flag) != flags.end(); }
    /// The flag's value, or an empty text when it was not given.
    [[nodiscard]] std::string value(std::string_view flag) const;
    /// Whether a key of the schema was given.
    [[nodiscard]] bool has_key(std::string_view key) const;
};

/// Dashes in a flag's name are taken for underscores; after `--` everything is positional. Throws UsageError: a flag
/// the command does not know (with a suggestion), a value that lacks, a flag of its own given twice, more than one
/// positional argument where only one is taken.
Arguments parse_arguments(const Syntax& syntax, const std::vector<std::string>& words);

}  // namespace gsfit::cli

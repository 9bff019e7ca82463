#include "cli/arguments.h"
#include "cli/text.h"

#define CXXOPTS_VECTOR_DELIMITER '\0'  // a comma is a character of file names like any other

#include <algorithm>
#include <cxxopts.hpp>

#include "gsfit/config.h"
#include "gsfit/core/error.h"

namespace gsfit::cli {
namespace {

constexpr const char* positional_name = "positional";

struct Known {
    std::string_view name;
    bool takes_value;
};

std::vector<Known> known_flags(const Syntax& syntax) {
    std::vector<Known> known{{"help", false}};
    for (const Flag& flag : syntax.flags) {
        known.push_back({flag.name, !flag.value.empty()});
    }
    if (syntax.takes_keys) {
        for (const Key& key : schema()) {
            known.push_back({key.name, true});
        }
    }
    return known;
}

[[noreturn]] void refuse_unknown(const Syntax& syntax, const std::vector<Known>& known, const std::string& word,
                                 std::string_view name) {
    std::vector<std::string_view> names;
    std::transform(known.begin(), known.end(), std::back_inserter(names), [](const Known& flag) { return flag.name; });
    const std::string_view close = suggest(name, names);
    throw UsageError(text_of("there is no flag '", word, "'; ",
                             close.empty() ? text_of("gsfit ", syntax.command, " --help lists all")
                                           : text_of("did you mean '--", close, "'?")));
}

/// The words with the names of long flags spelled as the schema spells them; all of these flags are known.
std::vector<std::string> with_known_names(const Syntax& syntax, const std::vector<std::string>& words) {
    const std::vector<Known> known = known_flags(syntax);
    std::vector<std::string> result;
    for (auto word = words.begin(); word != words.end(); ++word) {
        if (*word == "--") {
            result.insert(result.end(), word, words.end());
            break;
        }
        if (word->rfind("--", 0) != 0) {
            result.push_back(*word);
            continue;
        }
        const std::size_t end = std::min(word->find('=', 2), word->size());
        std::string name = word->substr(2, end - 2);
        std::replace(name.begin(), name.end(), '-', '_');
        const auto flag =
            std::find_if(known.begin(), known.end(), [&](const Known& item) { return item.name == name; });
        if (flag == known.end()) {
            refuse_unknown(syntax, known, word->substr(0, end), name);
        }
        result.push_back("--" + name + word->substr(end));
        if (flag->takes_value && end == word->size() && word + 1 != words.end()) {
            result.push_back(*++word);
        }
    }
    return result;
}

std::shared_ptr<cxxopts::Value> option_value(bool takes_value) {
    auto value = cxxopts::value<std::vector<std::string>>();
    return takes_value ? value : value->implicit_value("true");
}

cxxopts::Options cxxopts_options(const Syntax& syntax) {
    cxxopts::Options options("gsfit");
    auto add = options.add_options();
    add("h,help", "", option_value(false));
    for (const Flag& flag : syntax.flags) {
        const std::string letter = flag.letter == 0 ? "" : std::string(1, flag.letter) + ",";
        add(letter + std::string(flag.name), "", option_value(!flag.value.empty()));
    }
    if (syntax.takes_keys) {
        for (const Key& key : schema()) {
            add(std::string(key.name), "", option_value(true));
        }
    }
    add(positional_name, "", option_value(true));
    options.parse_positional({positional_name});
    return options;
}

cxxopts::ParseResult parse(const Syntax& syntax, const std::vector<std::string>& words) {
    const std::vector<std::string> spelled = with_known_names(syntax, words);
    std::vector<const char*> pointers{"gsfit"};
    for (const std::string& word : spelled) {
        pointers.push_back(word.c_str());
    }
    try {
        return cxxopts_options(syntax).parse(static_cast<int>(pointers.size()), pointers.data());
    } catch (const cxxopts::exceptions::missing_argument&) {
        throw UsageError(text_of("flag ", spelled.back(), " lacks its value; see gsfit ", syntax.command, " --help"));
    } catch (const cxxopts::exceptions::exception& error) {
        throw UsageError(text_of(error.what(), "; see gsfit ", syntax.command, " --help"));
    }
}

void check_positional(const Syntax& syntax, const std::vector<std::string>& positional) {
    if (syntax.takes_several) return;
    const std::size_t most = syntax.positional.empty() ? 0 : 1;
    if (positional.size() > most) {
        throw UsageError(text_of("gsfit ", syntax.command, " has no use for '", positional[most], "'; it takes ",
                                 most == 0 ? "flags only" : "one " + std::string(syntax.positional)));
    }
}

}  // namespace

bool Arguments::has_key(std::string_view key) const {
    return std::ranges::any_of(keys, [&](const auto& given) { return given.first == key; });
}

std::string Arguments::value(std::string_view flag) const {
    const auto found = flags.find(flag);
    return found == flags.end() ? "" : found->second;
}

Arguments parse_arguments(const Syntax& syntax, const std::vector<std::string>& words) {
    const auto own = [&](const std::string& name) {
        return name == "help" || std::any_of(syntax.flags.begin(), syntax.flags.end(),
                                             [&](const Flag& flag) { return flag.name == name; });
    };
    Arguments result;
    const cxxopts::ParseResult parsed = parse(syntax, words);
    for (const cxxopts::KeyValue& given : parsed.arguments()) {
        if (given.key() == positional_name) {
            result.positional.push_back(given.value());
        } else if (!own(given.key())) {
            result.keys.emplace_back(given.key(), given.value());
        } else if (!result.flags.emplace(given.key(), given.value()).second) {
            throw UsageError(text_of("flag --", given.key(), " is given twice; remove one of the two"));
        }
    }
    check_positional(syntax, result.positional);
    return result;
}

}  // namespace gsfit::cli

// The keys as text for --help.

#include <algorithm>

#include "gsfit/config.h"

namespace gsfit {
namespace {

constexpr std::size_t help_column = 30;

std::string placeholder(const Key& key) {
    switch (key.type) {
        case Type::boolean:
            return "BOOL";
        case Type::integer:
            return "N";
        case Type::number:
            return "X";
        case Type::choice:
            return "NAME";
        case Type::text:
            return "TEXT";
        case Type::path:
            return "PATH";
    }
    return {};
}

std::string facts(const Key& key) {
    std::string text;
    if (key.type != Type::text && key.type != Type::path) {
        text += accepted_values(key);
        text.append(key.unit.empty() ? "" : " ").append(key.unit).append("; ");
    }
    text.append("default ").append(key.default_text.empty() ? "empty" : key.default_text);
    if (!key.image_gs_default.empty()) text.append(", by recipe image_gs ").append(key.image_gs_default);
    return text;
}

std::string help_lines(const Key& key) {
    std::string head = "  --";
    head.append(key.name).append(" ").append(placeholder(key));
    head.append(head.size() < help_column ? help_column - head.size() : 1, ' ');
    return head.append(key.help).append("\n").append(help_column, ' ').append("(").append(facts(key)).append(")\n");
}

}  // namespace

std::string help_text() {
    std::string text;
    std::string_view group;
    for (const Key& key : schema()) {
        if (key.group != group) {
            group = key.group;
            text.append(text.empty() ? "" : "\n").append(group).append(":\n");
        }
        text += help_lines(key);
    }
    return text;
}

}  // namespace gsfit

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gsfit {

/// One `key: value` of a YAML file.
struct YamlPair {
    std::string key;
    std::string value;
    bool quoted = false;  ///< by quotes or as a block: text, whatever it looks like
    int line = 0;         ///< of the key, from 1
};

/// The pairs of a flat YAML map, in the order of the text; none when the text is empty. Throws UsageError
/// "<name>:<line>: ..." for everything else: lists, nested maps, anchors, tags, several documents, bytes that are no
/// text.
std::vector<YamlPair> read_yaml(std::string_view text, const std::string& name);

}  // namespace gsfit

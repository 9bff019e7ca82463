// From YAML text to pairs of texts; the only file that knows yaml-cpp. Its events are used rather than its nodes: nodes
// drop duplicate keys, and with events nothing nested is ever built.

#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "config/value.h"
#include "gsfit/core/error.h"
#include "gsfit/core/utf8.h"

namespace gsfit {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Whether the quoted scalar that `text` begins with ends.
bool is_closed(std::string_view text) {
    const char quotation = text[0];
    for (std::size_t i = 1; i < text.size(); ++i) {
        const bool doubled = quotation == '\'' && text.substr(i, 2) == "''";
        if (doubled || (quotation == '"' && text[i] == '\\')) {
            ++i;
        } else if (text[i] == quotation) {
            return true;
        }
    }
    return false;
}

class FlatMap final : public YAML::EventHandler {
public:
    FlatMap(std::string_view text, const std::string& name) : text_(text), name_(name) {}

    [[nodiscard]] std::vector<YamlPair> take() { return std::move(pairs_); }

    [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& sentence) const {
        refuse_line(mark.line + 1, sentence);
    }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (started_) {
            refuse(mark, "a second YAML document begins; keep one");
        }
        started_ = true;
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (key_) {
            refuse_line(key_->line, "key " + quote(key_->key) + " has no value; give one or remove the line");
        }
        if (in_map_) {
            refuse(mark, "a value has no key; write 'key: value'");
        }
        check_anchor(mark, anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_anchors(mark); }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check_anchor(mark, anchor);
        check_scalar(mark, tag);
        if (!in_map_) {
            refuse(mark, "expected lines of 'key: value', not " + quote(value));
        }
        if (!key_) {
            key_ = YamlPair{value, "", false, mark.line + 1};
            return;
        }
        key_->value = value;
        key_->quoted = tag != plain_tag;
        pairs_.push_back(*std::move(key_));
        key_.reset();
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        refuse_nested(mark, "a list");
    }
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        if (in_map_) {
            refuse_nested(mark, "a nested map");
        }
        check_anchor(mark, anchor);
        in_map_ = true;
    }
    void OnMapEnd() override {}

private:
    void check_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
        if (anchor != 0) {
            refuse_anchors(mark);
        }
    }
    /// yaml-cpp lets the end of the file close a quotation, which may have swallowed keys by then.
    void check_scalar(const YAML::Mark& mark, const std::string& tag) const {
        const std::string_view scalar = text_.substr(static_cast<std::size_t>(mark.pos));
        const bool quoted = scalar.starts_with('"') || scalar.starts_with('\'');
        const bool block = scalar.starts_with('|') || scalar.starts_with('>');
        if (tag != plain_tag && !quoted && !block) {
            refuse(mark, "tags are not supported; write the value alone");
        }
        if (quoted && !is_closed(scalar)) {
            refuse(mark, "a quotation begins here and never ends; close it");
        }
    }
    [[noreturn]] void refuse_line(int line, const std::string& sentence) const {
        throw UsageError(name_ + ":" + std::to_string(line) + ": " + sentence);
    }
    [[noreturn]] void refuse_anchors(const YAML::Mark& mark) const {
        refuse(mark, "anchors and aliases are not supported; write the value itself");
    }
    [[noreturn]] void refuse_nested(const YAML::Mark& mark, const std::string& what) const {
        refuse(mark, key_ ? "key " + quote(key_->key) + " holds " + what + "; it takes a single value"
                          : "expected lines of 'key: value', not " + what);
    }

    static constexpr std::string_view plain_tag = "?";  // yaml-cpp's, for a scalar without quotes

    std::string_view text_;
    const std::string& name_;
    std::vector<YamlPair> pairs_;
    std::optional<YamlPair> key_;  ///< read, its value not yet
    bool started_ = false;
    bool in_map_ = false;
};

/// yaml-cpp passes bytes that are no UTF-8 through, and takes U+0004 for the end of the file.
void check_is_text(std::string_view text, const std::string& name) {
    if (!is_utf8(text)) {
        throw UsageError(name + ": the file is no UTF-8 text");
    }
    const auto spoils = [](char c) { return is_control(c) && c != '\t' && c != '\n' && c != '\r'; };
    if (const auto found = std::ranges::find_if(text, spoils); found != text.end()) {
        throw UsageError(name + ":" + std::to_string(1 + std::count(text.begin(), found, '\n')) +
                         ": the file holds a control character, so it is no YAML");
    }
}

}  // namespace

std::vector<YamlPair> read_yaml(std::string_view text, const std::string& name) {
    check_is_text(text, name);
    text.remove_prefix(text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0);
    FlatMap map(text, name);
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(map)) {
        }
    } catch (const YAML::Exception& error) {
        map.refuse(error.mark, "this is no YAML: " + printable(error.msg));
    }
    return map.take();
}

}  // namespace gsfit

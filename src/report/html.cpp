#include "gsfit/report/html.h"

#include <cstdint>
#include <nlohmann/json.hpp>

namespace gsfit {

using Json = nlohmann::ordered_json;

std::string utf8(std::string_view text) {
    return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

std::string escaped(std::string_view text) {
    std::string html;
    for (const char character : utf8(text)) {
        switch (character) {
            case '&':
                html += "&amp;";
                break;
            case '<':
                html += "&lt;";
                break;
            case '>':
                html += "&gt;";
                break;
            case '"':
                html += "&quot;";
                break;
            case '\'':
                html += "&#39;";
                break;
            case '\0':
                html += "\ufffd";
                break;
            default:
                html += character;
        }
    }
    return html;
}

std::string data_uri(std::string_view type, std::span<const std::byte> bytes) {
    static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string uri = "data:" + std::string(type) + ";base64,";
    uri.reserve(uri.size() + (bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = i; k < i + 3; ++k) {
            group = group << 8 | (k < bytes.size() ? std::to_integer<std::uint32_t>(bytes[k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            uri += i + k > bytes.size() ? '=' : digits[group >> (18 - 6 * k) & 63U];
        }
    }
    return uri;
}

std::string filled(std::string_view page, const std::map<std::string, std::string, std::less<>>& parts) {
    std::string html;
    for (std::size_t open = page.find("{{"); open != std::string_view::npos; open = page.find("{{")) {
        const std::size_t close = page.find("}}", open);
        html += page.substr(0, open);
        html += parts.at(std::string(page.substr(open + 2, close - open - 2)));
        page.remove_prefix(close + 2);
    }
    return html += page;
}

}  // namespace gsfit

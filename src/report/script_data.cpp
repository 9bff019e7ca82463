#include "report/script_data.h"

namespace gsfit {

std::string script_data(const nlohmann::ordered_json& json) {
    std::string text;
    for (const char character : json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) {
        character == '<' ? text += "\\u003c" : text += character;
    }
    return text;
}

}  // namespace gsfit

#include "cli/run_json.h"
#include "cli/text.h"

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t size_limit = 1 << 20;  // [bytes]

[[noreturn]] void refuse(const fs::path& run_folder) {
    throw InputError(text_of("'", (run_folder / "run.json").string(),
                             "' is damaged or no record of a gsfit run; name another run folder"));
}

}  // namespace

Json read_run_json(const fs::path& run_folder) {
    const std::vector<std::byte> bytes = read_file(run_folder / "run.json", size_limit);
    const auto* text = reinterpret_cast<const char*>(bytes.data());
    Json json = Json::parse(text, text + bytes.size(), nullptr, false);
    if (!json.is_object()) {
        refuse(run_folder);
    }
    return json;
}

fs::path image_of_run(const fs::path& run_folder) {
    const Json json = read_run_json(run_folder);
    const Json::json_pointer place("/image/path");
    if (!json.contains(place) || !json[place].is_string()) {
        refuse(run_folder);
    }
    return json[place].get<std::string>();
}

}  // namespace gsfit::cli

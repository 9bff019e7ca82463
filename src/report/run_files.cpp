#include "report/run_files.h"

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t record_limit = 1 << 20;  // [bytes]

/// What `read` returns, or nothing when it throws InputError.
template <class Read>
auto if_readable(const Read& read) -> std::optional<decltype(read())> {
    try {
        return read();
    } catch (const InputError&) {
        return std::nullopt;
    }
}

std::optional<Json> read_record(const fs::path& folder) {
    const auto bytes = if_readable([&] { return read_file(folder / "run.json", record_limit); });
    if (!bytes) return std::nullopt;
    const auto* text = reinterpret_cast<const char*>(bytes->data());
    Json json = Json::parse(text, text + bytes->size(), nullptr, false);
    return json.is_object() ? std::optional(std::move(json)) : std::nullopt;
}

std::optional<std::uintmax_t> size_of(const fs::path& file) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(file, error);
    return error ? std::nullopt : std::optional(size);
}

const Json* at(const std::optional<Json>& record, const char* place) {
    const Json::json_pointer pointer(place);
    return record && record->contains(pointer) ? &(*record)[pointer] : nullptr;
}

}  // namespace

std::optional<double> RunFiles::number(const char* place) const {
    const Json* value = at(record, place);
    return value && value->is_number() ? std::optional(value->get<double>()) : std::nullopt;
}

std::optional<std::string> RunFiles::text(const char* place) const {
    const Json* value = at(record, place);
    return value && value->is_string() ? std::optional(value->get<std::string>()) : std::nullopt;
}

std::optional<bool> RunFiles::truth(const char* place) const {
    const Json* value = at(record, place);
    return value && value->is_boolean() ? std::optional(value->get<bool>()) : std::nullopt;
}

bool RunFiles::is_null(const char* place) const {
    const Json* value = at(record, place);
    return value && value->is_null();
}

RunFiles read_run_files(const fs::path& folder) {
    return {.folder = folder,
            .record = read_record(folder),
            .metrics = if_readable([&] { return read_metrics(folder); }),
            .settings = if_readable([&] { return read_settings(folder); }),
            .checkpoint_bytes = size_of(folder / "checkpoints" / "latest"),
            .video_bytes = size_of(folder / "video.mp4")};
}

}  // namespace gsfit

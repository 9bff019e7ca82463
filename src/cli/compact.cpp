#include "cli/compact.h"

#include <array>
#include <limits>

#include "cli/text.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"

namespace gsfit::cli {
namespace {

/// A name alone is not worth its bytes.
bool are_usual(const ImageMaps& maps, int channels) {
    ImageMaps nameless = maps;
    if (maps.size() == 1) nameless[0].name.clear();
    return nameless == maps_of_channels(channels);
}

}  // namespace

codec::Description description_of(const SavedField& saved) {
    codec::Description description{.width = saved.field.raster_width,
                                   .height = saved.field.raster_height,
                                   .channels = saved.field.channels(),
                                   .blending = saved.blending};
    if (!are_usual(saved.maps, description.channels)) description.maps = saved.maps;
    return description;
}

codec::Description description_of(const TrainState& state, const ImageMaps& maps) {
    return description_of(
        {.field = state.field, .blending = state.blending, .maps = maps, .quantisation = std::nullopt, .metadata = {}});
}

void check_compact_output(const Arguments& arguments) {
    if (!arguments.has("output")) {
        throw UsageError("no output is given; name the file to write with -o");
    }
    if (std::filesystem::path(arguments.value("output")).extension() != ".gsf") {
        throw UsageError(text_of("the output '", arguments.value("output"), "' must end in .gsf"));
    }
}

bool is_compact(const std::filesystem::path& path) {
    if (path.extension() == ".gsf") return true;
    std::array<std::byte, 3> start{};
    const InputFile file(path, std::numeric_limits<std::size_t>::max());
    return codec::begins_compact(std::span(start).first(file.read(0, start)));
}

CompactField load_compact(const std::filesystem::path& path, const WantedPart& wanted) {
    const InputFile file(path, std::numeric_limits<std::size_t>::max());
    const codec::Reader reader(
        [&](std::uint64_t offset, std::span<std::byte> target) { return file.read(offset, target); }, file.size(),
        path.string());
    const codec::Description& description = reader.description();
    const auto part = wanted ? wanted(description.width, description.height) : std::nullopt;
    CompactField compact;
    compact.saved.field = field_of(part ? reader.decode(*part) : reader.decode(), description);
    compact.saved.blending = description.blending;
    compact.saved.maps = description.maps;
    compact.saved.metadata = {{"format", "gsf"}, {"log2_q", text_of(reader.log2_q())}};
    compact.bytes_read = reader.bytes_read();
    return compact;
}

}  // namespace gsfit::cli

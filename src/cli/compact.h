#pragma once

// Between the compact file's own structs and the program's.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "cli/arguments.h"
#include "gsfit/checkpoint.h"
#include "gsfit/compact.h"

namespace gsfit::cli {

codec::Description description_of(const SavedField& saved);
codec::Description description_of(const TrainState& state, const ImageMaps& maps);

/// Which part of the training raster, whose width and height it is given, is needed; none: all.
using WantedPart = std::function<std::optional<codec::Rectangle>(std::int64_t width, std::int64_t height)>;

struct CompactField {
    SavedField saved;
    std::uint64_t bytes_read;
};

/// Of a compact file that is asked for.
inline constexpr std::int64_t most_compact_bytes = std::int64_t{1} << 32;

/// Throws UsageError unless --output names a .gsf file.
void check_compact_output(const Arguments& arguments);

/// Whether the file begins as a compact one, or is called so.
bool is_compact(const std::filesystem::path& path);

/// At least the Gaussians that the part sees; of all metadata it has the bytes' own. Throws InputError.
CompactField load_compact(const std::filesystem::path& path, const WantedPart& wanted);

}  // namespace gsfit::cli

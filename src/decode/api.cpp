// The C functions of libgsfit_decode: arguments checked, exceptions turned into sentences.

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>

#include "decode/render.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"
#include "gsfit_decode.h"

struct gsfit_file {
    std::optional<gsfit::InputFile> source;
    std::optional<gsfit::codec::Reader> reader;
};

namespace {

using gsfit::ImageMap;

constexpr std::size_t largest_file = std::size_t{1} << 33;
constexpr std::int64_t longest_side = std::int64_t{1} << 24;

thread_local std::string failure;

/// The result of `work`, or nothing when it threw.
template <class Work>
auto guarded(const Work& work) -> std::optional<decltype(work())> {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        failure = "there is not enough memory; ask for a smaller picture or a part of it";
    } catch (const std::exception& error) {
        failure = error.what();
    }
    return std::nullopt;
}

[[noreturn]] void refuse(const std::string& sentence) { throw gsfit::UsageError(sentence); }

gsfit_file* open_path(const char* path) {
    auto file = std::make_unique<gsfit_file>();
    file->source.emplace(path, largest_file);
    const auto read = [source = &*file->source](std::uint64_t offset, std::span<std::byte> target) {
        return source->read(offset, target);
    };
    file->reader.emplace(read, file->source->size(), path);
    return file.release();
}

gsfit_file* open_bytes(std::span<const std::byte> bytes) {
    auto file = std::make_unique<gsfit_file>();
    const auto read = [bytes](std::uint64_t offset, std::span<std::byte> target) {
        const std::size_t count = offset < bytes.size() ? std::min(target.size(), bytes.size() - offset) : 0;
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(std::min(offset, bytes.size())), count, target.begin());
        return count;
    };
    file->reader.emplace(read, bytes.size(), "file in memory");
    return file.release();
}

const ImageMap* map_of(const gsfit_file& file, std::int32_t map) {
    const auto& maps = file.reader->description().maps;
    return map >= 0 && static_cast<std::size_t>(map) < maps.size() ? &maps[static_cast<std::size_t>(map)] : nullptr;
}

/// The rectangle's pixels of the whole raster.
gsfit::Lattice lattice_of(const gsfit_view& view, const gsfit::codec::Description& description) {
    const bool own = view.raster_width == 0 && view.raster_height == 0;
    const std::int64_t raster_width = own ? description.width : view.raster_width;
    const std::int64_t raster_height = own ? description.height : view.raster_height;
    if (std::min(raster_width, raster_height) < 1 || std::max(raster_width, raster_height) > longest_side) {
        refuse("the raster must have 1 to 16777216 pixels a side");
    }
    if (view.x < 0 || view.y < 0 || view.x >= raster_width || view.y >= raster_height) {
        refuse("the rectangle begins outside of the raster");
    }
    const bool rest = view.width == 0 && view.height == 0;
    const std::int64_t width = rest ? raster_width - view.x : view.width;
    const std::int64_t height = rest ? raster_height - view.y : view.height;
    if (width < 1 || height < 1 || width > raster_width - view.x || height > raster_height - view.y) {
        refuse("the rectangle does not lie within the raster");
    }
    return {raster_width, raster_height, view.x, view.y, width, height, 1};
}

bool render(const gsfit_file* file, std::int32_t number, const gsfit_view* view, gsfit_type type, void* pixels,
            std::size_t row_bytes) {
    if (file == nullptr || pixels == nullptr) refuse("there is no file or no memory for its pixels");
    const ImageMap* map = map_of(*file, number);
    if (map == nullptr) refuse("the file has no map " + std::to_string(number));
    if (type != GSFIT_UINT8 && type != GSFIT_UINT16 && type != GSFIT_FLOAT) refuse("there is no such type of samples");
    const gsfit::Lattice lattice = lattice_of(view == nullptr ? gsfit_view{} : *view, file->reader->description());
    const auto sample = static_cast<gsfit::decode::Sample>(type);
    const auto bytes = static_cast<std::size_t>(sample);
    if (row_bytes < static_cast<std::size_t>(lattice.width * map->channels) * bytes || row_bytes % bytes != 0 ||
        reinterpret_cast<std::uintptr_t>(pixels) % bytes != 0) {
        refuse("rows of pixels must be as long as they need and begin where their samples are aligned");
    }
    const gsfit::FlushedDenormals flushed;
    gsfit::decode::render(*file->reader, *map, lattice, {static_cast<std::byte*>(pixels), row_bytes, sample});
    return true;
}

}  // namespace

gsfit_file* gsfit_open(const char* path) {
    return guarded([&] { return open_path(path); }).value_or(nullptr);
}

gsfit_file* gsfit_open_memory(const void* bytes, size_t size) {
    return guarded([&] { return open_bytes({static_cast<const std::byte*>(bytes), size}); }).value_or(nullptr);
}

gsfit_info gsfit_get_info(const gsfit_file* file) {
    const gsfit::codec::Description& description = file->reader->description();
    return {.width = description.width,
            .height = description.height,
            .gaussians = file->reader->size(),
            .channels = description.channels,
            .maps = static_cast<std::int32_t>(description.maps.size())};
}

gsfit_map gsfit_get_map(const gsfit_file* file, int32_t map) {
    const ImageMap* found = map_of(*file, map);
    if (found == nullptr) return {};
    return {.name = found->name.c_str(),
            .channels = found->channels,
            .has_alpha = found->alpha ? 1 : 0,
            .bits = found->bits,
            .low = found->low,
            .high = found->high,
            .profile = found->profile.empty() ? nullptr : found->profile.data(),
            .profile_bytes = found->profile.size()};
}

int gsfit_render(const gsfit_file* file, int32_t map, const gsfit_view* view, gsfit_type type, void* pixels,
                 size_t row_bytes) {
    return guarded([&] { return render(file, map, view, type, pixels, row_bytes); }) ? 0 : -1;
}

uint64_t gsfit_bytes_read(const gsfit_file* file) { return file->reader->bytes_read(); }

void gsfit_close(gsfit_file* file) { delete file; }

const char* gsfit_error(void) { return failure.c_str(); }

// From image files to a packed target: decoded one after the other, their channels interleaved.

#include "gsfit/image.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "gsfit/core/error.h"
#include "gsfit/core/names.h"
#include "gsfit/core/parallel.h"
#include "gsfit/core/utf8.h"
#include "image/decode.h"
#include "image/pack.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

ImageSource source_of(const fs::path& path) { return {path, max_file_bytes, max_image_pixels}; }

/// Of all files together, in what they are packed in.
ImageInfo packed_info(const std::vector<fs::path>& files, std::int64_t resize_max, float gamma) {
    ImageInfo all{.bits = gamma == 1 ? 8 : 16};
    for (const fs::path& file : files) {
        const ImageSource source = source_of(file);
        const ImageInfo info = inspect_file(source, resize_max);
        if (all.channels == 0) {
            all.width = info.width;
            all.height = info.height;
        } else if (info.width != all.width || info.height != all.height) {
            const auto size = [](const ImageInfo& of) {
                return std::to_string(of.width) + " x " + std::to_string(of.height) + " pixels";
            };
            refuse(source, "it has " + size(info) + " and '" + files.front().string() + "' has " + size(all) +
                               ", while the images of a texture stack are of one size; scale it, move it to another "
                               "folder, or fit each image by itself with --each");
        }
        all.channels += info.channels;
        all.bits = std::max(all.bits, std::min(info.bits, 16));
    }
    return all;
}

void check_channels(int channels, const fs::path& file) {
    if (channels <= max_channels) return;
    throw InputError("cannot read '" + file.string() + "': with it the texture stack has " + std::to_string(channels) +
                     " channels and at most " + std::to_string(max_channels) +
                     " fit into one field; move some images " + "to another folder");
}

/// A file's name as text, with _ for what is no UTF-8.
std::string printable(std::string name) {
    if (!is_utf8(name))
        std::ranges::replace_if(
            name, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '_');
    std::ranges::replace_if(name, is_control, '_');
    return name;
}

/// Of each value in `bits` bit, the one that is packed in 16.
std::vector<std::uint16_t> table_of(int bits, float gamma) {
    std::vector<std::uint16_t> table(std::size_t{1} << bits);
    const auto most = static_cast<double>(table.size() - 1);
    for (std::size_t i = 0; i < table.size(); ++i) {
        table[i] = static_cast<std::uint16_t>(std::lround(std::pow(static_cast<double>(i) / most, gamma) * 65535));
    }
    return table;
}

/// Puts an image's channels to their place in the packed rows.
class Interleaver {
public:
    Interleaver(const DecodedImage& image, const Pixels& packed)
        : image_(image),
          packed_(packed),
          table_(packed.bits == 16 && image.pixels.bits <= 16 ? table_of(image.pixels.bits, image.map.gamma)
                                                              : std::vector<std::uint16_t>{}) {}

    void operator()(std::int64_t y) const {
        const std::byte* from = image_.pixels.row(y);
        if (packed_.bits == 8) {
            place<std::uint8_t, std::uint8_t>(from, y, [](std::uint8_t value) { return value; });
        } else if (image_.pixels.bits == 8) {
            place<std::uint8_t, std::uint16_t>(from, y, [this](std::uint8_t value) { return table_[value]; });
        } else if (image_.pixels.bits == 16) {
            place<std::uint16_t, std::uint16_t>(from, y, [this](std::uint16_t value) { return table_[value]; });
        } else {
            place<float, std::uint16_t>(from, y, [this](float value) { return packed_value(value); });
        }
    }

private:
    template <class From, class To, class Convert>
    void place(const std::byte* from, std::int64_t y, const Convert& convert) const {
        const auto* values = reinterpret_cast<const From*>(from);
        auto* row = reinterpret_cast<To*>(packed_.row(y)) + image_.map.first;
        for (std::int64_t x = 0; x < packed_.width; ++x, row += packed_.channels) {
            for (int c = 0; c < image_.map.channels; ++c) row[c] = convert(*values++);
        }
    }

    [[nodiscard]] std::uint16_t packed_value(float value) const {
        const ImageMap& map = image_.map;
        const double span = static_cast<double>(map.high) - static_cast<double>(map.low);
        const double part = std::clamp((static_cast<double>(value) - static_cast<double>(map.low)) / span, 0.0, 1.0);
        return static_cast<std::uint16_t>(std::lround(std::pow(part, static_cast<double>(map.gamma)) * 65535));
    }

    const DecodedImage& image_;
    const Pixels& packed_;
    std::vector<std::uint16_t> table_;
};

/// Band by band, so that of images in files not much is resident.
PackedImage interleave(std::vector<DecodedImage> images, const ImageInfo& info, const PixelStorage& storage) {
    const Pixels packed = allocate_pixels(info.width, info.height, info.channels, info.bits, storage.folder);
    std::vector<Interleaver> interleavers;
    interleavers.reserve(images.size());
    for (const DecodedImage& image : images) interleavers.emplace_back(image, packed);
    constexpr std::int64_t band = 64;  // rows
    for (std::int64_t first = 0; first < packed.height; first += band) {
        const std::int64_t rows = std::min(band, packed.height - first);
        parallel_for(rows, [&](std::int64_t row) {
            for (const Interleaver& interleaver : interleavers) interleaver(first + row);
        });
        for (const DecodedImage& image : images) image.pixels.drop({first, rows});
        for (std::int64_t row = 0; row < rows; ++row) packed.finish_row(first + row);
    }
    ImageMaps maps;
    for (DecodedImage& image : images) maps.push_back(std::move(image.map));
    return pack(packed).with_maps(std::move(maps));
}

/// As it was decoded, where that is what is packed.
PackedImage packed(std::vector<DecodedImage> images, const ImageInfo& info, const PixelStorage& storage) {
    if (images.size() > 1 || images[0].pixels.bits != info.bits || images[0].map.gamma != 1) {
        return interleave(std::move(images), info, storage);
    }
    return pack(images[0].pixels).with_maps({std::move(images[0].map)});
}

}  // namespace

ImageInfo inspect_image(const fs::path& path, std::int64_t resize_max, float gamma) {
    return packed_info({path}, resize_max, gamma);
}

ImageInfo inspect_stack(const std::vector<fs::path>& files, std::int64_t resize_max, float gamma) {
    const ImageInfo info = packed_info(files, resize_max, gamma);
    int colours = 0;  // no fewer are left when the alpha channels turn out to be opaque
    for (const fs::path& file : files)
        check_channels(colours += inspect_file(source_of(file), 0).channels < 3 ? 1 : 3, file);
    return {.width = info.width,
            .height = info.height,
            .channels = std::min(info.channels, max_channels),
            .bits = info.bits};
}

PackedImage decode_image(std::span<const std::byte> bytes, const std::string& name, std::int64_t resize_max,
                         std::int64_t max_pixels) {
    std::vector<DecodedImage> images{decode_file(ImageSource(bytes, name, max_pixels), resize_max, {})};
    const Pixels& pixels = images[0].pixels;
    const ImageInfo info{pixels.width, pixels.height, pixels.channels, std::min(pixels.bits, 16)};
    return packed(std::move(images), info, {});
}

PackedImage read_image(const fs::path& path, std::int64_t resize_max, const PixelStorage& storage, float gamma) {
    return read_stack({path}, resize_max, storage, gamma);
}

PackedImage read_stack(const std::vector<fs::path>& files, std::int64_t resize_max, const PixelStorage& storage,
                       float gamma) {
    ImageInfo info = inspect_stack(files, resize_max, gamma);
    std::vector<DecodedImage> images;
    std::set<std::string> names;
    info.channels = 0;
    for (const fs::path& file : files) {
        images.push_back(decode_file(source_of(file), resize_max, storage));
        ImageMap& map = images.back().map;
        map.name = free_name(printable(map.name), names);
        map.first = info.channels;
        map.gamma = gamma;
        check_channels(info.channels += map.channels, file);
    }
    return packed(std::move(images), info, storage);
}

}  // namespace gsfit

#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gsfit/core/maps.h"
#include "gsfit/core/views.h"

namespace gsfit {

/// What an image is, without its pixels.
struct ImageInfo {
    std::int64_t width = 0;   ///< [pixels]
    std::int64_t height = 0;  ///< [pixels]
    int channels = 0;         ///< of all maps together
    int bits = 8;             ///< 8 or 16

    [[nodiscard]] std::int64_t row_bytes() const { return width * channels * (bits / 8); }
    /// Of all pixels: resident when they lie in memory, else the size of the file.
    [[nodiscard]] std::int64_t bytes() const { return height * row_bytes(); }
    /// At most resident of a mapped image when all but `rows` adjacent rows have been dropped: Linux maps file pages 64
    /// KiB at a time, which may reach beyond the rows on both sides.
    [[nodiscard]] std::int64_t resident_bytes(std::int64_t rows) const { return rows * row_bytes() + (2 << 16); }
};

/// An image, or several of one size, as they came from their files: 8 or 16 bit, the channels of all interleaved. It
/// stays packed; values are converted where they are read. Its pixels lie in memory or in a file that is mapped: see
/// PixelStorage.
class PackedImage {
public:
    /// Takes an image whose pixels `owner` keeps alive; `in_file`: they are a mapped file's.
    PackedImage(const PackedView& view, std::shared_ptr<const void> owner, bool in_file = false)
        : view_(view), owner_(std::move(owner)), in_file_(in_file), maps_(maps_of_channels(view.channels)) {}
    /// Copies tightly packed pixels.
    static PackedImage copy(const std::vector<std::uint8_t>& pixels, std::int64_t width, std::int64_t height,
                            int channels);

    [[nodiscard]] const PackedView& view() const { return view_; }
    [[nodiscard]] std::int64_t width() const { return view_.width; }
    [[nodiscard]] std::int64_t height() const { return view_.height; }
    [[nodiscard]] int channels() const { return view_.channels; }
    [[nodiscard]] ImageInfo info() const {
        return {.width = view_.width, .height = view_.height, .channels = view_.channels, .bits = view_.bits};
    }

    /// What the channels are: in order, every channel in one of them.
    [[nodiscard]] const ImageMaps& maps() const { return maps_; }
    /// The same pixels, of these maps.
    [[nodiscard]] PackedImage with_maps(ImageMaps maps) const {
        PackedImage image = *this;
        image.maps_ = std::move(maps);
        return image;
    }

    [[nodiscard]] bool in_file() const { return in_file_; }
    /// A copy in a file of `folder`; the memory is free once this image is gone. Throws OutputError as read_image does.
    [[nodiscard]] PackedImage moved_to_file(const std::filesystem::path& folder) const;
    /// A copy on a GPU, whose view only kernels there can read; for the CPU the image itself.
    [[nodiscard]] PackedImage on_device(const at::Device& device) const;
    /// The rows, as far as there are any, will be read soon: begins to load them and returns. Nothing in memory.
    void prefetch(const Rows& rows) const;
    /// The rows will not be read soon: their pages leave the resident set until they are. Nothing in memory.
    void drop(const Rows& rows) const;

private:
    void advise(const Rows& rows, int advice) const;

    PackedView view_;
    std::shared_ptr<const void> owner_;
    bool in_file_;
    ImageMaps maps_;
};

/// Where an image's pixels lie.
struct PixelStorage {
    /// Empty: in memory. Else in a file of this folder, mapped: only pages in use are resident, and the system can take
    /// those back too. The file has no name, so it is gone with the image or the process, and its blocks are reserved
    /// when it is made, so a full disk is an error at once.
    std::filesystem::path folder;
};

/// Whether files in the folder lie in memory all the same (tmpfs), so that nothing is saved by keeping pixels there.
/// Throws OutputError when there is no such folder.
bool lies_in_memory(const std::filesystem::path& folder);

/// The largest image that is read [pixels]; either side may have up to a million.
inline constexpr std::int64_t max_image_pixels = std::int64_t{1} << 30;

/// Reads PNG, JPEG, TIFF, WebP or EXR, grey or RGB (docs/images.md says what of each); EXIF orientation is applied. The
/// content decides on the format, not the name. An alpha channel that is not opaque everywhere stays, and the others
/// are multiplied by it. Floating point becomes 16 bit, from the smallest finite value to the largest.
/// resize_max > 0: an image whose longer side exceeds it is scaled down to it (area filter).
/// storage: where the pixels go, row by row as they are decoded (docs/images.md says what is resident meanwhile); an
/// image that is scaled down ends in memory all the same.
/// gamma: each value v in [0,1] is kept as v^gamma, in 16 bit unless gamma is 1; 0.1 to 10.
/// Throws InputError: missing, unreadable, damaged, unknown format, NaN, too large; and OutputError: no such folder, no
/// room there.
PackedImage read_image(const std::filesystem::path& path, std::int64_t resize_max = 0, const PixelStorage& storage = {},
                       float gamma = 1);

/// The same of several images, whose channels follow one another: 16 bit as soon as one of them is. Throws InputError
/// as well when their sizes differ or they have more than max_channels together.
PackedImage read_stack(const std::vector<std::filesystem::path>& files, std::int64_t resize_max = 0,
                       const PixelStorage& storage = {}, float gamma = 1);

/// Decodes nothing: pixels that are damaged or NaN stay unnoticed, and an alpha channel counts even if it is opaque.
/// All else throws as read_image does.
ImageInfo inspect_image(const std::filesystem::path& path, std::int64_t resize_max = 0, float gamma = 1);
ImageInfo inspect_stack(const std::vector<std::filesystem::path>& files, std::int64_t resize_max = 0, float gamma = 1);

/// The same of a file's bytes; `name` stands for the file in messages. An image of more than `max_pixels` is refused
/// before its pixels are allocated.
PackedImage decode_image(std::span<const std::byte> bytes, const std::string& name, std::int64_t resize_max = 0,
                         std::int64_t max_pixels = max_image_pixels);

/// Writes image [C,h,w] (float32 on the CPU, C = 1 or 3, any strides, values clamped to [0,1]) in the format that the
/// name's ending says, 8 bit per channel: .png, .jpg, .jpeg, .webp (lossless), .tif, .tiff, .bmp; .exr in floating
/// point and not clamped. Atomic.
/// Throws OutputError, or as check_image_output does.
void write_image(const std::filesystem::path& path, const at::Tensor& image);

/// An image that is made band by band, so that it never lies in memory as floats.
struct ImageBands {
    std::int64_t width = 0;
    std::int64_t height = 0;
    int channels = 0;
    std::function<at::Tensor(std::int64_t first, std::int64_t rows)> band;  ///< [channels,rows,width], float32
};

/// The same for an image in bands, which are asked for from the top, each while the one before is encoded. An exception
/// of `band` leaves no file.
void write_image(const std::filesystem::path& path, const ImageBands& image);

/// Whose colours an image is written in.
enum class Colours {
    own,   ///< those of the map's colour profile, which goes with them
    srgb,  ///< converted from it to sRGB; what has no profile stays as it is
};

/// Writes what a field's channels stand for: bands with the map's channels, as they were fitted, become values of its
/// file (docs/images.md says which formats hold alpha, 16 bit or floating point). Values are clamped but for floating
/// point. Throws InputError as well when colours cannot be converted by the profile.
void write_map(const std::filesystem::path& path, const ImageBands& image, const ImageMap& map,
               Colours colours = Colours::own);

/// Rows of such a band (the last one may have fewer): 64 to 256 in whole blocks of the renderer, for about 16 MB of
/// floats.
std::int64_t write_image_rows(std::int64_t width, int channels);

/// Memory that write_image takes at most for an image in bands [bytes]: a band as floats, three times in its bits, and
/// what encoders hold; of WebP the whole image. What `band` takes besides its result is not in it. Throws UsageError
/// when the name's ending is no image format.
std::int64_t write_image_bytes(const std::filesystem::path& path, std::int64_t width, std::int64_t height, int channels,
                               int bits = 8);

/// Throws UsageError when the name's ending is no image format or the format cannot hold width x height pixels, or the
/// map's alpha or floating point: to be asked before the work whose result goes there.
void check_image_output(const std::filesystem::path& path, std::int64_t width, std::int64_t height,
                        const ImageMap& map = {});

}  // namespace gsfit

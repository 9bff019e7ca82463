// An image file as decoders read it, and the sentences in which they refuse it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gsfit/core/file.h"

namespace gsfit {

/// The bytes of an image file, which lie in memory or are read from the file piece by piece: a compressed gigapixel has
/// gigabytes. The file is not mapped, since one that is cut short meanwhile would end the process.
class ImageSource {
public:
    /// `bytes` must outlive it.
    ImageSource(std::span<const std::byte> bytes, std::string name, std::int64_t max_pixels);
    /// Throws InputError as InputFile does.
    ImageSource(const std::filesystem::path& path, std::size_t max_bytes, std::int64_t max_pixels);

    [[nodiscard]] const std::string& name() const { return name_; }  ///< of the file, for messages
    [[nodiscard]] std::int64_t max_pixels() const { return max_pixels_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    /// Fills `target` with the bytes from `offset` on and returns how many: fewer where the file ends or cannot be
    /// read.
    std::size_t read(std::size_t offset, std::span<std::byte> target) const noexcept;
    /// All bytes, for decoders that want them at once.
    [[nodiscard]] std::vector<std::byte> read_all() const;

private:
    std::optional<InputFile> file_;
    std::span<const std::byte> bytes_;
    std::size_t size_;
    std::string name_;
    std::int64_t max_pixels_;  ///< a larger image is refused
};

/// "cannot read '<name>': <sentence>", as InputError.
[[noreturn]] void refuse(const ImageSource& source, const std::string& sentence);

/// With what a decoder reported, in its words, or nothing.
[[noreturn]] void refuse_damaged(const ImageSource& source, const std::string& report);

/// Refuses an image without pixels or with too many of them; to be asked before anything of its size is allocated.
void check_size(const ImageSource& source, std::int64_t width, std::int64_t height);

}  // namespace gsfit

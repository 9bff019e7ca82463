// The bytes of an image file, and the sentences in which decoders refuse them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace gsfit {

struct ImageSource {
    std::span<const std::byte> bytes;
    std::string name;             ///< of the file, for messages
    std::int64_t max_pixels = 0;  ///< a larger image is refused

    [[nodiscard]] const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }
};

/// "cannot read '<name>': <sentence>", as InputError.
[[noreturn]] void refuse(const ImageSource& source, const std::string& sentence);

/// With what a decoder reported, in its words, or nothing.
[[noreturn]] void refuse_damaged(const ImageSource& source, const std::string& report);

/// Refuses an image without pixels or with too many of them; to be asked before anything of its size is allocated.
void check_size(const ImageSource& source, std::int64_t width, std::int64_t height);

}  // namespace gsfit

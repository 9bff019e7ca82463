// One encoder for each file format. All take the image from the top and hold some rows of it at a time, WebP's
// excepted.

#pragma once

#include <exception>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "gsfit/core/file.h"
#include "image/pixels.h"

namespace gsfit {

/// Where an encoded image goes; what is referred to must outlive the encoder.
struct ImageTarget {
    AtomicFile& file;
    const std::filesystem::path& path;  ///< for messages
    std::int64_t width = 0;
    std::int64_t height = 0;
    int channels = 0;                      ///< 1, grey, or 3, red first; one more with alpha
    int bits = 8;                          ///< 8, 16 or 32, floats
    std::span<const std::byte> profile{};  ///< ICC, usable; empty: none
};

/// Throws OutputError of what the file said, or of what the encoder could not do; std::bad_alloc.
class RowWriter {
public:
    RowWriter() = default;
    RowWriter(const RowWriter&) = delete;
    RowWriter& operator=(const RowWriter&) = delete;
    virtual ~RowWriter() = default;

    /// The next rows, in the target's bits. Their values are undefined afterwards.
    virtual void write(const Pixels& rows) = 0;
    /// After the last row: what is still to be written.
    virtual void finish() = 0;
};

std::unique_ptr<RowWriter> write_png(const ImageTarget& target);
std::unique_ptr<RowWriter> write_jpeg(const ImageTarget& target);
std::unique_ptr<RowWriter> write_tiff(const ImageTarget& target);
std::unique_ptr<RowWriter> write_webp(const ImageTarget& target);
std::unique_ptr<RowWriter> write_bmp(const ImageTarget& target);
std::unique_ptr<RowWriter> write_exr(const ImageTarget& target);

/// An encoder's way to its file: exceptions must not pass through a library written in C, so they wait here.
class EncodedFile {
public:
    explicit EncodedFile(const ImageTarget& target) : target_(target) {}

    /// Both return false on failure.
    bool write(const void* bytes, std::size_t size) noexcept;
    bool seek(std::uint64_t position) noexcept;

    /// To be called when the encoder gave up: throws the file's exception, else std::bad_alloc or OutputError.
    [[noreturn]] void fail(const std::string& report, bool out_of_memory) const;

private:
    const ImageTarget target_;
    std::exception_ptr failure_;
};

}  // namespace gsfit

// The bytes of an image: in memory, or in a mapped file.

#pragma once

#include <cstddef>
#include <filesystem>

namespace gsfit {

class PixelMemory {
public:
    /// Of undefined value. With a folder: a file in it that loses its name at once, so that it goes with the process,
    /// whose blocks are reserved, so that writing to it cannot fail, and that is mapped. Throws std::bad_alloc; and
    /// OutputError when the file cannot be made or its blocks are not there.
    PixelMemory(std::size_t bytes, const std::filesystem::path& folder);
    PixelMemory(const PixelMemory&) = delete;
    PixelMemory& operator=(const PixelMemory&) = delete;
    ~PixelMemory();

    [[nodiscard]] std::byte* data() const { return data_; }
    [[nodiscard]] bool in_file() const { return file_ >= 0; }

    /// Gives back all but the first `bytes`.
    void shrink(std::size_t bytes);
    /// The pages of these bytes leave the resident set, wholly or in part; their values stay. Nothing in memory.
    void drop(std::size_t first, std::size_t bytes) const;
    /// drop, and the bytes begin their way to the disk; those of the `before` bytes in front have ended it. So changed
    /// pages, which the system cannot take back, stay few. Nothing in memory. Throws OutputError.
    void store(std::size_t first, std::size_t bytes, std::size_t before) const;

private:
    std::byte* data_ = nullptr;
    std::size_t bytes_;
    int file_ = -1;
    std::filesystem::path folder_;
};

/// madvise for all pages that hold some of these bytes. They must lie in a mapped file.
void advise_pages(const std::byte* data, std::size_t bytes, int advice);

}  // namespace gsfit

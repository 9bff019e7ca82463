#include "video/file_io.h"

#include <cstddef>
#include <new>
#include <span>

namespace gsfit {
namespace {

constexpr int buffer_bytes = 1 << 20;

}  // namespace

FileIo::FileIo(AtomicFile& file, Mode mode) : file_(file) {
    auto* buffer = static_cast<unsigned char*>(av_malloc(buffer_bytes));
    context_.reset(
        avio_alloc_context(buffer, buffer_bytes, mode == Mode::write ? 1 : 0, this, FileIo::read, FileIo::write, seek));
    if (!context_) {
        av_free(buffer);
        throw std::bad_alloc();
    }
}

void FileIo::rethrow() const {
    if (error_) {
        std::rethrow_exception(error_);
    }
}

int FileIo::read(void* self, std::uint8_t* bytes, int count) {
    auto& io = *static_cast<FileIo*>(self);
    const std::span target(reinterpret_cast<std::byte*>(bytes), static_cast<std::size_t>(count));
    const auto got = static_cast<int>(io.file_.read(static_cast<std::size_t>(io.position_), target));
    io.position_ += got;
    return got > 0 ? got : AVERROR_EOF;
}

int FileIo::write(void* self, std::uint8_t* bytes, int count) {
    auto& io = *static_cast<FileIo*>(self);
    try {
        io.file_.write({reinterpret_cast<const std::byte*>(bytes), static_cast<std::size_t>(count)});
        return count;
    } catch (...) {
        io.error_ = std::current_exception();
        return AVERROR(EIO);
    }
}

/// Neither the muxer nor the demuxer of MP4 needs any other way than from the beginning.
std::int64_t FileIo::seek(void* self, std::int64_t offset, int whence) {
    auto& io = *static_cast<FileIo*>(self);
    if ((whence & ~AVSEEK_FORCE) != SEEK_SET) {
        return AVERROR(ENOSYS);
    }
    try {
        io.file_.seek(static_cast<std::uint64_t>(offset));
        io.position_ = offset;
        return offset;
    } catch (...) {
        io.error_ = std::current_exception();
        return AVERROR(EIO);
    }
}

}  // namespace gsfit

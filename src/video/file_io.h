// An AtomicFile as FFmpeg reads and writes it.

#pragma once

#include <cstdint>
#include <exception>
#include <string>

#include "gsfit/core/file.h"
#include "video/ffmpeg.h"

namespace gsfit {

/// Exceptions do not pass through FFmpeg: the first one is kept, FFmpeg sees an error, and rethrow() goes on with it.
class FileIo {
public:
    enum class Mode { read, write };
    FileIo(AtomicFile& file, Mode mode);
    FileIo(const FileIo&) = delete;
    FileIo& operator=(const FileIo&) = delete;

    [[nodiscard]] AVIOContext* context() const { return context_.get(); }
    [[nodiscard]] std::string name() const { return file_.path().string(); }
    /// Throws what the file threw, if it did.
    void rethrow() const;

private:
    static int read(void* self, std::uint8_t* bytes, int count);
    static int write(void* self, std::uint8_t* bytes, int count);
    static std::int64_t seek(void* self, std::int64_t offset, int whence);

    AtomicFile& file_;
    std::int64_t position_ = 0;  ///< where reading goes on
    std::exception_ptr error_;
    Ffmpeg<AVIOContext> context_;
};

}  // namespace gsfit

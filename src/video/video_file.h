// Encodes pictures into a file, one after the other.

#pragma once

#include <cstdint>
#include <string>

#include "gsfit/core/file.h"
#include "gsfit/core/picture.h"
#include "gsfit/video.h"
#include "video/encoder.h"
#include "video/ffmpeg.h"
#include "video/file_io.h"

namespace gsfit {

/// An MP4 with its index before the pictures. All throw OutputError, with what FFmpeg said or what the file threw.
class VideoFile {
public:
    /// most_frames: room for the index of that many is left at the beginning.
    VideoFile(AtomicFile& file, const VideoFormat& format, const VideoOptions& options, std::int64_t most_frames);

    /// A picture of the format's size.
    void write(const Picture& picture);
    /// Shows the last picture again, so many times.
    void hold(std::int64_t times);
    /// Writes what the encoder still has, and the index.
    void finish();

    [[nodiscard]] std::int64_t frames() const { return frames_; }
    [[nodiscard]] std::string encoder_name() const { return encoder_.codec->codec->name; }
    [[nodiscard]] const std::string& note() const { return encoder_.note; }

private:
    void open_muxer(std::int64_t most_frames);
    void convert(const Picture& picture);
    void send(const AVFrame* picture);
    void check(int result) const;

    FileIo io_;
    Encoder encoder_;
    Ffmpeg<AVFormatContext> muxer_;
    Ffmpeg<SwsContext> converter_;  ///< sRGB to YCbCr of BT.709
    Ffmpeg<AVFrame> rgb_;
    Ffmpeg<AVFrame> yuv_;
    Ffmpeg<AVPacket> packet_;
    std::int64_t frames_ = 0;
};

}  // namespace gsfit

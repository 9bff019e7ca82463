// FFmpeg's objects with owners, and its errors in words.

#pragma once

#include <memory>
#include <string>

#include "video/ffmpeg_functions.h"

namespace gsfit {

struct FreeFfmpeg {
    void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
    void operator()(AVFrame* frame) const { av_frame_free(&frame); }
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
    void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
    /// A muxer or a demuxer; its AVIOContext is somebody else's.
    void operator()(AVFormatContext* format) const {
        format->iformat == nullptr ? avformat_free_context(format) : avformat_close_input(&format);
    }
    void operator()(AVIOContext* io) const {
        av_freep(&io->buffer);
        avio_context_free(&io);
    }
};
template <class T>
using Ffmpeg = std::unique_ptr<T, FreeFfmpeg>;

/// From now on FFmpeg's log goes to take_reason() rather than stderr; what it has said so far on this thread is
/// forgotten.
void listen_to_ffmpeg();

/// Why FFmpeg failed with `error` on this thread: the first error that it logged since this was asked last, or else its
/// general words for that number.
std::string take_reason(int error);

/// Codecs keep pictures for each thread: as many threads as are of use for one video, and no more.
int codec_threads();

}  // namespace gsfit

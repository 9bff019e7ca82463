#include "video/video_file.h"

#include <algorithm>
#include <new>
#include <string>

#include "gsfit/core/error.h"

namespace gsfit {
namespace {

/// At most, a frame has an entry of its own in each table of the index: time (16 bytes), size (4), key frames (4),
/// chunk (12) and its place (8); the rest of the index takes some 1000 bytes.
std::int64_t most_index_bytes(std::int64_t frames) { return 44 * frames + 4096; }

template <class T>
T* required(T* made) {
    if (made == nullptr) {
        throw std::bad_alloc();
    }
    return made;
}

/// Rows begin where FFmpeg's vector code wants them, and it may read beyond their ends.
Ffmpeg<AVFrame> make_frame(const AVCodecContext& codec, AVPixelFormat format) {
    Ffmpeg<AVFrame> frame(required(av_frame_alloc()));
    frame->width = codec.width;
    frame->height = codec.height;
    frame->format = format;
    if (av_frame_get_buffer(frame.get(), 0) < 0) {
        throw std::bad_alloc();
    }
    return frame;
}

Ffmpeg<SwsContext> make_converter(const AVCodecContext& codec) {
    Ffmpeg<SwsContext> converter(required(sws_alloc_context()));
    const auto set = [&](const char* option, int value) { av_opt_set_int(converter.get(), option, value, 0); };
    set("srcw", codec.width);
    set("srch", codec.height);
    set("src_format", AV_PIX_FMT_RGB24);
    set("dstw", codec.width);
    set("dsth", codec.height);
    set("dst_format", codec.pix_fmt);
    set("dst_h_chr_pos", 0);  // chroma stands at the left of the two pixels that it is for, as the codec's tag says
    set("sws_flags", SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP);
    const int* bt709 = sws_getCoefficients(SWS_CS_ITU709);
    if (sws_setColorspaceDetails(converter.get(), bt709, 1, bt709, 0, 0, 1 << 16, 1 << 16) < 0 ||
        sws_init_context(converter.get(), nullptr, nullptr) < 0) {
        throw std::bad_alloc();
    }
    return converter;
}

}  // namespace

VideoFile::VideoFile(AtomicFile& file, const VideoFormat& format, const VideoOptions& options, std::int64_t most_frames)
    : io_(file, FileIo::Mode::write),
      encoder_(open_encoder(format, options)),
      converter_(make_converter(*encoder_.codec)),
      rgb_(make_frame(*encoder_.codec, AV_PIX_FMT_RGB24)),
      yuv_(make_frame(*encoder_.codec, AV_PIX_FMT_YUV420P)),
      packet_(required(av_packet_alloc())) {
    open_muxer(most_frames);
}

void VideoFile::open_muxer(std::int64_t most_frames) {
    AVFormatContext* made = nullptr;
    check(avformat_alloc_output_context2(&made, nullptr, "mp4", nullptr));
    muxer_.reset(made);
    muxer_->pb = io_.context();
    AVStream* stream = required(avformat_new_stream(muxer_.get(), nullptr));
    check(avcodec_parameters_from_context(stream->codecpar, encoder_.codec.get()));
    stream->time_base = encoder_.codec->time_base;
    stream->avg_frame_rate = encoder_.codec->framerate;
    check(av_opt_set_int(muxer_->priv_data, "moov_size", most_index_bytes(most_frames), 0));
    check(avformat_write_header(muxer_.get(), nullptr));
}

void VideoFile::convert(const Picture& picture) {
    check(av_frame_make_writable(yuv_.get()));
    const std::int64_t row_bytes = 3 * picture.width;
    for (std::int64_t y = 0; y < picture.height; ++y) {
        std::copy_n(picture.pixel(0, y), row_bytes, rgb_->data[0] + y * rgb_->linesize[0]);
    }
    check(sws_scale(converter_.get(), rgb_->data, rgb_->linesize, 0, rgb_->height, yuv_->data, yuv_->linesize));
}

void VideoFile::write(const Picture& picture) {
    convert(picture);
    hold(1);
}

void VideoFile::hold(std::int64_t times) {
    for (std::int64_t i = 0; i < times; ++i) {
        yuv_->pts = frames_++;
        send(yuv_.get());
    }
}

void VideoFile::finish() {
    send(nullptr);
    check(av_write_trailer(muxer_.get()));
    avio_flush(io_.context());
    check(io_.context()->error);
}

/// Null: no picture follows.
void VideoFile::send(const AVFrame* picture) {
    AVCodecContext* codec = encoder_.codec.get();
    check(avcodec_send_frame(codec, picture));
    for (;;) {
        const int result = avcodec_receive_packet(codec, packet_.get());
        if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) {
            return;
        }
        check(result);
        packet_->duration = 1;
        packet_->stream_index = 0;
        av_packet_rescale_ts(packet_.get(), codec->time_base, muxer_->streams[0]->time_base);
        check(av_interleaved_write_frame(muxer_.get(), packet_.get()));
    }
}

void VideoFile::check(int result) const {
    if (result < 0) {
        io_.rethrow();
        throw OutputError("cannot encode the video '" + io_.name() + "': " + take_reason(result) +
                          "; try a smaller video_max_width");
    }
}

}  // namespace gsfit

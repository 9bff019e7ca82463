#include "video/check.h"

#include <cmath>
#include <new>
#include <string>

#include "gsfit/core/error.h"
#include "video/ffmpeg.h"
#include "video/file_io.h"

namespace gsfit {
namespace {

/// The file's one video stream.
class Decoder {
public:
    explicit Decoder(AtomicFile& file)
        : io_(file, FileIo::Mode::read), frame_(av_frame_alloc()), packet_(av_packet_alloc()) {
        AVFormatContext* opened = avformat_alloc_context();
        if (!frame_ || !packet_ || opened == nullptr) {
            throw std::bad_alloc();
        }
        opened->pb = io_.context();
        check(avformat_open_input(&opened, nullptr, av_find_input_format("mp4"), nullptr));  // frees it when it fails
        demuxer_.reset(opened);
        open_codec();
    }

    [[nodiscard]] double seconds() const { return static_cast<double>(stream().duration) * av_q2d(stream().time_base); }

    /// Calls visit(frame) for every picture.
    template <class Visit>
    void decode(const Visit& visit) {
        int result = 0;
        while ((result = av_read_frame(demuxer_.get(), packet_.get())) >= 0) {
            check(avcodec_send_packet(codec_.get(), packet_.get()));
            av_packet_unref(packet_.get());
            receive(visit);
        }
        check(result == AVERROR_EOF ? 0 : result);
        check(avcodec_send_packet(codec_.get(), nullptr));
        receive(visit);
    }

    [[noreturn]] void refuse(const std::string& reason) const {
        throw OutputError("the video '" + io_.name() + "' was damaged while it was written: " + reason +
                          "; check the disk and make it again");
    }

private:
    [[nodiscard]] const AVStream& stream() const { return *demuxer_->streams[0]; }

    void open_codec() {
        if (demuxer_->nb_streams != 1) {
            refuse("it has no stream of pictures");
        }
        const AVCodec* decoder = avcodec_find_decoder(stream().codecpar->codec_id);
        if (decoder == nullptr) {
            refuse("this FFmpeg cannot decode it");
        }
        codec_.reset(avcodec_alloc_context3(decoder));
        check(avcodec_parameters_to_context(codec_.get(), stream().codecpar));
        // In one thread: FFmpeg does not tell of what is damaged in the slices that other threads decode.
        codec_->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE;
        check(avcodec_open2(codec_.get(), decoder, nullptr));
    }

    template <class Visit>
    void receive(const Visit& visit) {
        int result = 0;
        while ((result = avcodec_receive_frame(codec_.get(), frame_.get())) >= 0) {
            visit(*frame_);
        }
        check(result == AVERROR(EAGAIN) || result == AVERROR_EOF ? 0 : result);
    }

    void check(int result) const {
        if (result < 0) {
            refuse(take_reason(result));
        }
    }

    FileIo io_;
    Ffmpeg<AVFrame> frame_;
    Ffmpeg<AVPacket> packet_;
    Ffmpeg<AVFormatContext> demuxer_;
    Ffmpeg<AVCodecContext> codec_;
};

}  // namespace

void check_video(AtomicFile& file, const VideoFormat& format, std::int64_t frames) {
    Decoder decoder(file);
    std::int64_t decoded = 0;
    decoder.decode([&](const AVFrame& frame) {
        if (frame.width != format.width || frame.height != format.height) {
            decoder.refuse("a picture of " + std::to_string(frame.width) + " x " + std::to_string(frame.height) +
                           " pixels");
        }
        ++decoded;
    });
    if (decoded != frames) {
        decoder.refuse(std::to_string(decoded) + " of " + std::to_string(frames) + " pictures");
    }
    const double seconds = static_cast<double>(frames) / format.fps;
    if (std::abs(decoder.seconds() - seconds) > 0.5 / format.fps) {
        decoder.refuse("it takes " + std::to_string(decoder.seconds()) + " s instead of " + std::to_string(seconds));
    }
}

}  // namespace gsfit

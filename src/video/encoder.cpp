#include "video/encoder.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "gsfit/core/error.h"

namespace gsfit {
namespace {

/// The constant quality that each encoder knows, from the rate factor of H.264.
void set_quality(AVCodecContext& codec, int crf) {
    const std::string name = codec.codec->name;
    if (name == "libx264") {
        av_opt_set_int(codec.priv_data, "crf", crf, 0);
        av_opt_set(codec.priv_data, "preset", "veryfast", 0);
        av_opt_set_int(codec.priv_data, "rc-lookahead", 5, 0);
    } else if (codec.codec_id == AV_CODEC_ID_H264) {
        codec.qmin = codec.qmax = std::max(crf, 1);  // the quantiser on the same scale
    } else {
        // The step size of H.264 is 0.625 2^(QP / 6), that of MPEG-4 is 2 q.
        const double quantiser = std::clamp(0.3125 * std::exp2(crf / 6.0), 1.0, 31.0);
        codec.flags |= AV_CODEC_FLAG_QSCALE;
        codec.global_quality = static_cast<int>(std::lround(quantiser * FF_QP2LAMBDA));
    }
}

void describe(AVCodecContext& codec, const VideoFormat& format) {
    codec.width = format.width;
    codec.height = format.height;
    codec.time_base = {1, format.fps};
    codec.framerate = {format.fps, 1};
    codec.sample_aspect_ratio = {1, 1};
    codec.gop_size = 2 * format.fps;  // one can jump to every other second
    codec.pix_fmt = AV_PIX_FMT_YUV420P;
    codec.color_primaries = AVCOL_PRI_BT709;
    codec.color_trc = AVCOL_TRC_BT709;
    codec.colorspace = AVCOL_SPC_BT709;
    codec.color_range = AVCOL_RANGE_MPEG;
    codec.chroma_sample_location = AVCHROMA_LOC_LEFT;
    codec.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    // An encoder holds every picture that it looks at ahead or works on in another thread: 180 MB at 3840 x 2160 like
    // this, where the defaults of x264 take 650 MB.
    codec.max_b_frames = 0;
    codec.thread_count = codec_threads();
    codec.thread_type = FF_THREAD_SLICE;
}

/// The encoder, or null and the reason.
Ffmpeg<AVCodecContext> open(const std::string& name, const VideoFormat& format, int crf, std::string& reason) {
    const AVCodec* encoder = avcodec_find_encoder_by_name(name.c_str());
    if (encoder == nullptr) {
        reason = "not part of this FFmpeg";
        return nullptr;
    }
    Ffmpeg<AVCodecContext> codec(avcodec_alloc_context3(encoder));
    if (!codec) {
        throw std::bad_alloc();
    }
    describe(*codec, format);
    set_quality(*codec, crf);
    const int result = avcodec_open2(codec.get(), encoder, nullptr);
    if (result < 0) {
        reason = take_reason(result);
        return nullptr;
    }
    return codec;
}

}  // namespace

Encoder open_encoder(const VideoFormat& format, const VideoOptions& options) {
    std::string failures;
    for (const std::string& name : options.encoders) {
        std::string reason;
        Ffmpeg<AVCodecContext> codec = open(name, format, options.crf, reason);
        if (codec) {
            const bool plays = codec->codec_id == AV_CODEC_ID_H264;
            std::string note = failures.empty() ? std::string()
                                                : "the video is encoded with " + name +
                                                      (plays ? "" : ", which browsers do not play,") +
                                                      " because others cannot be used: " + failures;
            return {std::move(codec), std::move(note)};
        }
        failures += (failures.empty() ? "" : ", ") + name + " (" + reason + ")";
    }
    throw OutputError("no encoder can make a video of " + std::to_string(format.width) + " x " +
                      std::to_string(format.height) + " pixels: " + failures +
                      "; install an FFmpeg with libx264 or lower video_max_width");
}

}  // namespace gsfit

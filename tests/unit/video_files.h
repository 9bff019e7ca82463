// Recordings to make videos of, and videos as a player sees them.

#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "gsfit/core/picture.h"
#include "gsfit/image/pictures.h"
#include "gsfit/video.h"

namespace gsfit {

/// Vertical stripes of red, green, blue and grey; the grey grows with `step`.
inline Picture striped_picture(std::int64_t width, std::int64_t height, int step = 0) {
    constexpr std::array<std::array<std::uint8_t, 3>, 4> colors{
        {{200, 30, 30}, {30, 180, 60}, {40, 60, 210}, {60, 60, 60}}};
    Picture picture(width, height);
    for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
            const auto stripe = static_cast<std::size_t>(4 * x / width);
            for (std::size_t c = 0; c < 3; ++c) {
                picture.pixel(x, y)[c] = static_cast<std::uint8_t>(colors[stripe][c] + (stripe == 3 ? step : 0));
            }
        }
    }
    return picture;
}

/// Frames at steps 0, 10, 20, ... of striped pictures.
inline RecordedFrames recording(std::int64_t width, std::int64_t height, int count) {
    RecordedFrames frames;
    for (int i = 0; i < count; ++i) {
        frames.frames.push_back(
            {.step = 10 * i, .seconds = 0.1 * i, .gaussians = 1000 * i, .psnr = 30.0 + i, .ssim = 0.9});
    }
    frames.jpeg = [=](std::size_t frame) {
        return encode_jpeg(striped_picture(width, height, static_cast<int>(frame % 15) * 10));
    };
    frames.target = encode_jpeg(striped_picture(width, height));
    return frames;
}

/// One picture of a video; its colours by the formula of BT.709 in limited range.
struct DecodedPicture {
    std::int64_t width = 0;
    std::int64_t height = 0;
    std::vector<std::uint8_t> luma;
    std::vector<std::uint8_t> blue;  // half the width and height
    std::vector<std::uint8_t> red;

    [[nodiscard]] std::array<double, 3> color(std::int64_t x, std::int64_t y) const {
        const double l = (luma[static_cast<std::size_t>(y * width + x)] - 16) / 219.0;
        const auto half = static_cast<std::size_t>(y / 2 * (width / 2) + x / 2);
        const double b = (blue[half] - 128) / 224.0;
        const double r = (red[half] - 128) / 224.0;
        return {255 * (l + 1.5748 * r), 255 * (l - 0.1873 * b - 0.4681 * r), 255 * (l + 1.8556 * b)};
    }
};

struct DecodedVideo {
    std::string codec;
    int profile = 0;
    AVPixelFormat format = AV_PIX_FMT_NONE;
    AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;
    AVColorTransferCharacteristic transfer = AVCOL_TRC_UNSPECIFIED;
    AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
    AVColorRange range = AVCOL_RANGE_UNSPECIFIED;
    double fps = 0;
    double seconds = 0;
    std::vector<double> times;  ///< of the pictures [s]
    std::vector<DecodedPicture> pictures;
};

namespace detail {

inline std::vector<std::uint8_t> plane(const AVFrame& frame, int index, int width, int height) {
    std::vector<std::uint8_t> values;
    for (int y = 0; y < height; ++y) {
        const std::uint8_t* row = frame.data[index] + y * frame.linesize[index];
        values.insert(values.end(), row, row + width);
    }
    return values;
}

inline void receive(AVCodecContext* codec, const AVStream& stream, DecodedVideo& video) {
    AVFrame* frame = av_frame_alloc();
    while (avcodec_receive_frame(codec, frame) >= 0) {
        video.times.push_back(static_cast<double>(frame->pts) * av_q2d(stream.time_base));
        video.pictures.push_back({frame->width, frame->height, plane(*frame, 0, frame->width, frame->height),
                                  plane(*frame, 1, frame->width / 2, frame->height / 2),
                                  plane(*frame, 2, frame->width / 2, frame->height / 2)});
    }
    av_frame_free(&frame);
}

}  // namespace detail

inline DecodedVideo decode_video(const std::filesystem::path& path) {
    DecodedVideo video;
    AVFormatContext* format = nullptr;
    if (avformat_open_input(&format, path.c_str(), nullptr, nullptr) < 0 || format->nb_streams != 1) {
        ADD_FAILURE() << "no video: " << path;
        return video;
    }
    const AVStream& stream = *format->streams[0];
    const AVCodecParameters& parameters = *stream.codecpar;
    const AVCodec* decoder = avcodec_find_decoder(parameters.codec_id);
    video.codec = avcodec_get_name(parameters.codec_id);
    video.fps = av_q2d(stream.avg_frame_rate);
    video.seconds = static_cast<double>(stream.duration) * av_q2d(stream.time_base);
    AVCodecContext* codec = avcodec_alloc_context3(decoder);
    avcodec_parameters_to_context(codec, &parameters);
    avcodec_open2(codec, decoder, nullptr);
    AVPacket* packet = av_packet_alloc();
    while (av_read_frame(format, packet) >= 0) {
        EXPECT_GE(avcodec_send_packet(codec, packet), 0);
        av_packet_unref(packet);
        detail::receive(codec, stream, video);
    }
    avcodec_send_packet(codec, nullptr);
    detail::receive(codec, stream, video);
    video.profile = codec->profile;
    video.format = codec->pix_fmt;
    video.primaries = codec->color_primaries;
    video.transfer = codec->color_trc;
    video.matrix = codec->colorspace;
    video.range = codec->color_range;
    av_packet_free(&packet);
    avcodec_free_context(&codec);
    avformat_close_input(&format);
    return video;
}

/// Names of the boxes of an MP4, in their order.
inline std::vector<std::string> boxes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::string> names;
    std::array<unsigned char, 16> header{};
    while (file.read(reinterpret_cast<char*>(header.data()), 8)) {
        names.emplace_back(reinterpret_cast<const char*>(header.data()) + 4, 4);
        std::uint64_t size = (std::uint64_t{header[0]} << 24U) | (header[1] << 16U) | (header[2] << 8U) | header[3];
        if (size < 8) break;
        file.seekg(static_cast<std::streamoff>(size - 8), std::ios::cur);
    }
    return names;
}

}  // namespace gsfit

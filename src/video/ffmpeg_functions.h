// FFmpeg's functions, under their own names, loaded when the first of them is called: its libraries bring 200 others,
// for which a run without a video need not wait, nor pay 70 MB.

#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

namespace gsfit {

/// Throws OutputError when this machine has no such library, or that one no such function.
void* find_ffmpeg_function(const char* library, const char* name);

// An object hides the function that the header declares, where a function would only stand beside it.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define GSFIT_LAZY(library, name)                                                                                    \
    struct Lazy_##name {                                                                                             \
        template <class... Arguments>                                                                                \
        auto operator()(Arguments... arguments) const {                                                              \
            static auto* const function = reinterpret_cast<decltype(&::name)>(find_ffmpeg_function(library, #name)); \
            return function(arguments...);                                                                           \
        }                                                                                                            \
    };                                                                                                               \
    inline constexpr Lazy_##name name {}
#define GSFIT_LAZY_UTIL(name) GSFIT_LAZY("libavutil.so." AV_STRINGIFY(LIBAVUTIL_VERSION_MAJOR), name)
#define GSFIT_LAZY_CODEC(name) GSFIT_LAZY("libavcodec.so." AV_STRINGIFY(LIBAVCODEC_VERSION_MAJOR), name)
#define GSFIT_LAZY_FORMAT(name) GSFIT_LAZY("libavformat.so." AV_STRINGIFY(LIBAVFORMAT_VERSION_MAJOR), name)
#define GSFIT_LAZY_SCALE(name) GSFIT_LAZY("libswscale.so." AV_STRINGIFY(LIBSWSCALE_VERSION_MAJOR), name)
// NOLINTEND(bugprone-macro-parentheses)

GSFIT_LAZY_UTIL(av_frame_alloc);
GSFIT_LAZY_UTIL(av_frame_free);
GSFIT_LAZY_UTIL(av_frame_get_buffer);
GSFIT_LAZY_UTIL(av_frame_make_writable);
GSFIT_LAZY_UTIL(av_free);
GSFIT_LAZY_UTIL(av_freep);
GSFIT_LAZY_UTIL(av_log_set_callback);
GSFIT_LAZY_UTIL(av_malloc);
GSFIT_LAZY_UTIL(av_opt_set);
GSFIT_LAZY_UTIL(av_opt_set_int);
GSFIT_LAZY_UTIL(av_strerror);
GSFIT_LAZY_CODEC(av_packet_alloc);
GSFIT_LAZY_CODEC(av_packet_free);
GSFIT_LAZY_CODEC(av_packet_rescale_ts);
GSFIT_LAZY_CODEC(av_packet_unref);
GSFIT_LAZY_CODEC(avcodec_alloc_context3);
GSFIT_LAZY_CODEC(avcodec_find_decoder);
GSFIT_LAZY_CODEC(avcodec_find_encoder_by_name);
GSFIT_LAZY_CODEC(avcodec_free_context);
GSFIT_LAZY_CODEC(avcodec_open2);
GSFIT_LAZY_CODEC(avcodec_parameters_from_context);
GSFIT_LAZY_CODEC(avcodec_parameters_to_context);
GSFIT_LAZY_CODEC(avcodec_receive_frame);
GSFIT_LAZY_CODEC(avcodec_receive_packet);
GSFIT_LAZY_CODEC(avcodec_send_frame);
GSFIT_LAZY_CODEC(avcodec_send_packet);
GSFIT_LAZY_FORMAT(av_find_input_format);
GSFIT_LAZY_FORMAT(av_interleaved_write_frame);
GSFIT_LAZY_FORMAT(av_read_frame);
GSFIT_LAZY_FORMAT(av_write_trailer);
GSFIT_LAZY_FORMAT(avformat_alloc_context);
GSFIT_LAZY_FORMAT(avformat_alloc_output_context2);
GSFIT_LAZY_FORMAT(avformat_close_input);
GSFIT_LAZY_FORMAT(avformat_free_context);
GSFIT_LAZY_FORMAT(avformat_new_stream);
GSFIT_LAZY_FORMAT(avformat_open_input);
GSFIT_LAZY_FORMAT(avformat_write_header);
GSFIT_LAZY_FORMAT(avio_alloc_context);
GSFIT_LAZY_FORMAT(avio_context_free);
GSFIT_LAZY_FORMAT(avio_flush);
GSFIT_LAZY_SCALE(sws_alloc_context);
GSFIT_LAZY_SCALE(sws_freeContext);
GSFIT_LAZY_SCALE(sws_getCoefficients);
GSFIT_LAZY_SCALE(sws_init_context);
GSFIT_LAZY_SCALE(sws_scale);
GSFIT_LAZY_SCALE(sws_setColorspaceDetails);

#undef GSFIT_LAZY_SCALE
#undef GSFIT_LAZY_FORMAT
#undef GSFIT_LAZY_CODEC
#undef GSFIT_LAZY_UTIL
#undef GSFIT_LAZY

}  // namespace gsfit

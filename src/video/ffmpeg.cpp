#include "video/ffmpeg.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <utility>

#include "gsfit/core/parallel.h"

namespace gsfit {
namespace {

thread_local std::string logged;

/// Keeps the first error: those that follow tell less ("Error setting option ...").
void keep(void* /*object*/, int level, const char* format, va_list arguments) {
    if (level > AV_LOG_ERROR || !logged.empty()) {
        return;
    }
    std::array<char, 300> line{};
    std::vsnprintf(line.data(), line.size(), format, arguments);
    logged = line.data();
    logged.erase(logged.find_last_not_of(" .\n") + 1);
}

}  // namespace

void listen_to_ffmpeg() {
    static const bool once = (av_log_set_callback(keep), true);
    static_cast<void>(once);
    logged.clear();
}

std::string take_reason(int error) {
    if (!logged.empty()) {
        return std::exchange(logged, {});
    }
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    av_strerror(error, text.data(), text.size());
    return text.data();
}

int codec_threads() { return std::min(threads(), 8); }

}  // namespace gsfit

#include "video/ffmpeg_functions.h"

#include <dlfcn.h>

#include <string>

#include "gsfit/core/error.h"

namespace gsfit {

void* find_ffmpeg_function(const char* library, const char* name) {
    void* const handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);  // once loaded it stays
    void* const function = handle == nullptr ? nullptr : ::dlsym(handle, name);
    if (function == nullptr) {
        throw OutputError(std::string("a video needs FFmpeg's libraries: ") + ::dlerror() +
                          "; install them (Debian: libavformat59 and libswscale6), then gsfit video makes it");
    }
    return function;
}

}  // namespace gsfit

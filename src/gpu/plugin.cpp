#include "gpu/plugin.h"

#include <dlfcn.h>

namespace gsfit {

namespace {

struct Loaded {
    const gpu::Plugin* plugin = nullptr;
    std::string problem;
};

/// The program's run path says where the library lies: beside the program, or in the prefix's lib directory.
Loaded load() {
    constexpr const char* name = "libgsfit_cuda.so";
    void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const std::string reason = dlerror();
        if (reason.find(std::string(name) + ": cannot open") != std::string::npos) {
            return {nullptr, "this gsfit was built without CUDA; build it by tools/build cuda (docs/cuda.md)"};
        }
        return {nullptr, "its CUDA library cannot be loaded (" + reason + "); build gsfit again"};
    }
    const auto get = reinterpret_cast<gpu::GetPlugin>(dlsym(library, "gsfit_cuda_plugin"));
    const gpu::Plugin* plugin = get == nullptr ? nullptr : get();
    if (plugin == nullptr || std::string(plugin->version) != GSFIT_VERSION) {
        return {nullptr, std::string(name) + " belongs to another version of gsfit; build both together"};
    }
    return {plugin, ""};
}

}  // namespace

const gpu::Plugin* load_plugin(std::string& problem) {
    static const Loaded loaded = load();
    problem = loaded.problem;
    return loaded.plugin;
}

}  // namespace gsfit

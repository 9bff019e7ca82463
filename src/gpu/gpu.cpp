#include "gsfit/gpu.h"

#include "gpu/plugin.h"
#include "gsfit/core/error.h"

namespace gsfit {

Gpu::Gpu(const at::Tensor& tensor) {
    if (!tensor.is_cuda()) return;
    std::string problem;
    const gpu::Plugin* plugin = load_plugin(problem);
    if (plugin == nullptr) throw DeviceError("a tensor lies on a GPU, but " + problem);
    guard_.reset_device(tensor.device());
    launchers_ = &plugin->launchers;
    stream_ = plugin->current_stream(tensor.get_device());
}

}  // namespace gsfit

#pragma once

#include <string>

#include "cuda/plugin/plugin.h"

namespace gsfit {

/// libgsfit_cuda.so, loaded when it is first asked for; null when it cannot be, and `problem` says why in a sentence.
const gpu::Plugin* load_plugin(std::string& problem);

}  // namespace gsfit

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "checkpoint/safetensors.h"

namespace gsfit {

/// A safetensors file after `edit` has changed its parts.
template <class Edit>
std::vector<std::byte> edited(std::span<const std::byte> bytes, const Edit& edit) {
    safetensors::File file = safetensors::read(bytes, "example");
    edit(file);
    return safetensors::write(file);
}

}  // namespace gsfit

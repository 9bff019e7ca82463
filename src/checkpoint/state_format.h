#pragma once

// What the tensors and the metadata of a checkpoint mean (docs/checkpoint.md).

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "gsfit/checkpoint.h"

namespace gsfit {

/// The same state gives the same bytes.
std::vector<std::byte> encode_state(const TrainState& state);

/// The field of a quantised state alone, as codes. Throws Error when the state is not quantised, or not finite.
std::vector<std::byte> encode_packed(const TrainState& state);

/// `name` is what messages call the file. Throw InputError.
TrainState decode_state(std::span<const std::byte> bytes, const std::string& name);
SavedField decode_field(std::span<const std::byte> bytes, const std::string& name);

}  // namespace gsfit

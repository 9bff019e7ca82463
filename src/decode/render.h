// A rectangle of one map of a compact file, as samples of its file.

#pragma once

#include <cstddef>
#include <cstdint>

#include "gsfit/codec.h"
#include "gsfit/core/views.h"

namespace gsfit::decode {

/// How a sample is stored: the enumerator is its size [bytes].
enum class Sample { uint8 = 1, uint16 = 2, floating = 4 };

/// Where samples go: channels interleaved, rows from the top.
struct Target {
    std::byte* first;
    std::size_t row_bytes;
    Sample sample;
};

/// Decodes what the lattice shows and draws it. Throws InputError as codec::Reader does.
void render(const codec::Reader& reader, const ImageMap& map, const Lattice& lattice, const Target& target);

}  // namespace gsfit::decode

#pragma once

// A part, pass by pass: the one description of the stream, for encoder and decoder.

#include "codec/cells.h"
#include "codec/colors.h"
#include "codec/shapes.h"

namespace gsfit::codec {

/// `part` has its grid and channels, and for an encoder its symbols; `size` is the number of its Gaussians. Throws
/// Damage when a decoder finds another.
template <class Coder>
void code_part(Coder& coder, const Header& header, int size, Part& part) {
    CountPass<Coder>(coder, part).run(size);
    AreaPass<Coder>(coder, part, header.models).run();
    const Surroundings surroundings(part);
    const Steps steps(part, surroundings, header.error, header.models);
    ColorPass<Coder>(coder, part, surroundings, steps, header.models).run();
    ShapePass<Coder>(coder, part, surroundings, steps, header.least_sigma).run();
}

}  // namespace gsfit::codec

// Splats by blocks, on the CPU, from plain arrays.

#pragma once

#include <cstdint>

#include "bin/bin_kernels.h"
#include "gsfit/bins.h"

namespace gsfit {

/// The inputs of the splats from `first` on, with these for their results.
PrepareArrays from(const PrepareArrays& arrays, std::int64_t first, SplatLine* lines, BlockRange* ranges);

/// Of so many splats in the band, without lists.
Bins bins_of(const Band& band, std::int64_t size);

/// Threads that sort the pairs of so many splats, each with a number of its own for every block.
std::int64_t sorting_parts(std::int64_t splats);

/// The band's lists; of `arrays` only the inputs are read. Throws Error when there are 2^32 pairs and more.
Bins list_blocks(const PrepareArrays& arrays, std::int64_t size, const Band& band);

}  // namespace gsfit

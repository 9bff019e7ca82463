#pragma once

#include <filesystem>

#include "gsfit/types.h"

namespace gsfit::cli {

/// Renders the lattice band by band into an image file.
void write_render(const std::filesystem::path& path, const Field& field, const Blending& blending,
                  const Lattice& lattice);

}  // namespace gsfit::cli

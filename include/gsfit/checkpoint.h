#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "gsfit/train.h"

namespace gsfit {

/// A field and how to blend it: what render, eval and info need of a file.
struct SavedField {
    Field field;
    Blending blending;
    std::map<std::string, std::string> metadata;  ///< all of the file's
};

/// One safetensors file with everything resume needs (docs/checkpoint.md); atomic. Throws OutputError.
void save_checkpoint(const std::filesystem::path& path, const TrainState& state);

/// Throws InputError with a sentence for every file that is damaged, malformed or of another kind.
TrainState load_checkpoint(const std::filesystem::path& path);
SavedField load_field(const std::filesystem::path& path);

}  // namespace gsfit

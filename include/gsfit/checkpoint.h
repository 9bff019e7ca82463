#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "gsfit/train.h"

namespace gsfit {

/// A field and how to blend it: what render, eval and info need of a file.
struct SavedField {
    Field field;  ///< as it is drawn: quantised where the run did that
    Blending blending;
    ImageMaps maps;
    std::optional<Quantisation> quantisation;
    std::map<std::string, std::string> metadata;  ///< all of the file's
};

/// One safetensors file with everything resume needs (docs/checkpoint.md); atomic. Throws OutputError.
void save_checkpoint(const std::filesystem::path& path, const TrainState& state);

/// The field of a quantised state alone, as packed codes, which only load_field() reads; atomic. Throws OutputError,
/// and Error when the state is not quantised or has a number that is not finite.
void save_packed(const std::filesystem::path& path, const TrainState& state);

/// Throws InputError with a sentence for every file that is damaged, malformed or of another kind.
TrainState load_checkpoint(const std::filesystem::path& path);
/// Needs the tensors and metadata of the field only.
SavedField load_field(const std::filesystem::path& path);

struct FoundCheckpoint {
    std::filesystem::path path;  ///< the file itself, not the link `latest`
    TrainState state;
    std::string note;  ///< a sentence for the user when `latest` could not be used, else empty
};

/// What checkpoints/latest of a run folder names, or the newest checkpoint there that loads. None when the folder holds
/// no checkpoint at all. Throws InputError when it holds some and none loads.
std::optional<FoundCheckpoint> find_latest_checkpoint(const std::filesystem::path& run_folder);

/// A listener that saves into checkpoints/step-N.safetensors of a run folder and keeps the link checkpoints/latest on
/// the newest. Throws OutputError. Hand it to train() with std::ref.
class CheckpointWriter {
public:
    /// Saves every `save_steps` steps (0: only at the end, which always saves) and keeps the `keep` newest (0: all).
    /// Older ones are removed: the folder's checkpoints belong to this run (RunFolder in record.h).
    CheckpointWriter(const std::filesystem::path& run_folder, std::int64_t save_steps, std::int64_t keep);

    void operator()(const TrainEvent& event);
    /// Whether it saves at this event.
    [[nodiscard]] bool is_due(const TrainEvent& event) const;

private:
    void save(const TrainState& state);
    void remove_older_than(std::int64_t step) const;

    std::filesystem::path folder_;
    std::int64_t save_steps_;
    std::int64_t keep_;
    std::int64_t saved_step_ = -1;
};

}  // namespace gsfit

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "gsfit/core/picture.h"
#include "gsfit/image/pictures.h"
#include "gsfit/train.h"

namespace gsfit {

struct PictureOptions {
    std::int64_t steps = 100000;         ///< between pictures; 0: none on the way
    bool gaussians = false;              ///< beside the render: positions, ellipses, ids, errors and additions
    std::string render_ending = ".jpg";  ///< of renders: .jpg or .png
    std::string plot_ending = ".jpg";    ///< of drawings
    std::int64_t max_side = 3840;        ///< of a picture [pixels]; it is never larger than the image
};

/// Bytes that a recorder of pictures holds at most.
std::int64_t pictures_bytes(const ImageInfo& image, const PictureOptions& options);

/// A listener that makes pictures/step-N-<what>.jpg of a run folder (docs/run-folder.md), which is made with the first.
/// They show the steps that are multiples of `steps`, and the patches of each refinement; with `gaussians` also the
/// start, what additions add and the end. Throws OutputError. Hand it to train() with std::ref.
class PictureRecorder {
public:
    PictureRecorder(std::filesystem::path run_folder, PictureOptions options, const PackedImage& target);

    void operator()(const TrainEvent& event);

private:
    [[nodiscard]] bool is_due(const TrainEvent& event) const;
    void draw(const TrainState& state);
    void draw_gaussians(const TrainState& state, const Field& field, const Picture& render);
    void draw_patches(const TrainEvent& event);
    void draw_added(const TrainState& state, const at::Tensor& position_before);
    [[nodiscard]] Picture rendered(const Field& field, const Blending& blending, const ImageMaps& maps = {}) const;
    void write(std::int64_t step, const std::string& what, const std::string& ending, const Picture& picture) const;

    std::filesystem::path folder_;
    PictureOptions options_;
    PictureSize size_;  // of one map
    Picture target_;    // empty where no errors are shown
    std::int64_t last_step_ = -1;
};

/// Removes the pictures of a run and, when nothing else is in it, their folder. Throws OutputError.
void remove_pictures(const std::filesystem::path& run_folder);

}  // namespace gsfit

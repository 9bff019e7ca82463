#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gsfit/core/random.h"
#include "gsfit/core/ssim.h"
#include "gsfit/eval.h"
#include "gsfit/gaussians/quantisation.h"
#include "gsfit/image.h"
#include "gsfit/optim.h"
#include "gsfit/optim/held.h"
#include "gsfit/train/image_gs.h"
#include "gsfit/train/refinement.h"
#include "gsfit/types.h"

namespace gsfit {

/// How a run keeps to its memory (docs/memory.md).
struct MemoryOptions {
    enum class Target {
        automatic,  ///< in a file when that is what the budget takes
        memory,
        file,
    };

    bool amp = true;                       ///< image-sized planes in float16, with loss scaling
    bool checkpointing = false;            ///< recompute the image in backward rather than keep what that needs
    std::int64_t bands = 0;                ///< that an image is worked on in, up to max_bands; 0: the fewest that fit
    Target target = Target::automatic;     ///< where decoded pixels lie
    std::int64_t budget_bytes = 0;         ///< of the whole process; 0: what is free times `fraction`
    std::int64_t device_budget_bytes = 0;  ///< of a GPU that trains; 0: what is free there times `fraction`
    double fraction = 0.9;                 ///< (0, 1]
    double warning = 0.8;              ///< of the budget: what can be dropped is dropped; above 0, at most `critical`
    double critical = 0.95;            ///< of the budget: settings are changed; up to 1
    bool growth = true;                ///< take memory when needed; false: the planned peak at the start
    std::int64_t recording_bytes = 0;  ///< that listeners hold: frames of a video
    std::filesystem::path folder;      ///< for the target's file; empty: it stays in memory

    static constexpr std::int64_t max_bands = 65536;

    /// Throws UsageError naming the option that is out of range.
    void check() const;
};

/// Keeps parts of a field as they are while it is trained.
struct Hold {
    /// The field as it has to be after a step, when `progress` of the run is done. On the CPU.
    std::function<Field(const Field& field, double progress)> apply;
    /// Whether `apply` is to settle more at this progress than it has; a GPU keeps to the bounds until then.
    std::function<bool(double progress)> is_due;
    /// What `apply` keeps to, on the CPU.
    std::function<Held()> bounds;
};

/// What is measured of the finished field.
enum class Measured { nothing, psnr, psnr_and_ssim };

/// Options of a run. Fractions are of the whole of it.
struct TrainOptions {
    std::int64_t num_gaussians = 10000;  ///< at the end; 1 to the number of pixels
    std::int64_t max_steps = 500;        ///< 1 and more; not used when max_seconds is set
    /// [s] > 0: the run ends then and its schedules run by the clock, those of recipe image_gs excepted; 0: by
    /// max_steps.
    double max_seconds = 0;
    std::uint64_t seed = 123;
    c10::Device device = c10::kCPU;  ///< where training computes; the image comes from the CPU's memory
    bool cuda_graph = true;          ///< on a GPU: launch a step's kernels as one
    /// Steps after which listeners are told on a GPU, beside ten times a second: each time it is waited for. Empty:
    /// every step. The CPU tells of every step.
    std::function<bool(std::int64_t step)> watched;
    Blending blending;
    PixelLoss loss;
    float ssim_loss_ratio = 0;                      ///< weight of 1 - SSIM; 0 to 1
    SsimWindows ssim_windows = SsimWindows::block;  ///< what SSIM that is; recipe image_gs takes `image`
    float initial_ratio = 0.3F;                     ///< of num_gaussians, placed at the start; (0, 1]
    std::int64_t initial_gaussians = 0;             ///< there at the start, up to num_gaussians; 0: by initial_ratio
    float init_random_ratio = 0.3F;                 ///< of those, placed uniformly; the rest where the image changes
    /// Of what num_gaussians is at the end, rounds * increment are added by its rounds.
    std::optional<Refinement> refinement;
    /// Train by recipe image_gs, which does not read what follows up to eval_steps (docs/image-gs.md); else by recipe
    /// gsfit (docs/recipe.md).
    std::optional<ImageGsOptions> image_gs;
    int growth_times = 0;          ///< equal additions; 0: 8, or 4 when there are at most 100 steps
    float growth_until = 0.4F;     ///< the last addition is done by then
    float growth_sigma = 0.08F;    ///< sigma of an added Gaussian [pitch], at least 1 pixel
    float relocate_ratio = 0.05F;  ///< of the Gaussians, moved where they are worth more; falls with the steps; 0: none
    std::int64_t relocate_steps = 15;  ///< between two relocations
    float relocate_from = 0.15F;       ///< the first one
    float relocate_until = 0.85F;      ///< the last one
    float ssim_from = 0.8F;            ///< 1 - SSIM counts from then on; without L1 and L2 it always does
    float position_step = 0;           ///< see StepSizes; 0: by the number of steps
    float scale_step = 0;
    float rotation_step = 0;
    float feature_step = 0;
    float decay_from = 0.7F;                    ///< steps are constant until then, then fall by a cosine
    float decay_floor = 0.05F;                  ///< to this part
    bool sublattice = true;                     ///< train on random phases of every f-th pixel
    std::int64_t eval_steps = 100;              ///< steps between evaluations; 0: only at the end
    Measured at_end = Measured::psnr_and_ssim;  ///< recipe image_gs measures both in every evaluation
    std::optional<Quantisation> quantisation;   ///< what is drawn is quantised so; gradients pass straight through
    /// A run that is held so adds, moves and sorts no Gaussians, and sees one sub-lattice all along, the second of the
    /// usual ones.
    std::optional<Hold> hold;
    MemoryOptions memory;

    /// Throws UsageError naming the option that is out of range.
    void check() const;
};

/// All that resume needs (with the options and the image): a resumed run goes on bit for bit.
struct TrainState {
    Field field;
    ImageMaps maps;  ///< the images whose channels the field has, in their order
    Blending blending;
    std::optional<Quantisation> quantisation;  ///< of what is drawn; the field itself is not quantised
    Moments moments;
    std::int64_t step = 0;               ///< steps done
    double progress = 0;                 ///< of the whole schedule, in [0, 1]
    double seconds = 0;                  ///< spent in training so far
    std::int64_t initial_gaussians = 0;  ///< that the run began with; 0: by the options
    std::int64_t growths = 0;            ///< additions done
    std::int64_t rounds = 0;             ///< of refinement that were begun
    Random::State random{};              ///< of the generator that decides everything random
    std::int64_t phase_stride = 0;       ///< stride that `phases` belongs to
    std::vector<std::int64_t> phases;    ///< sub-lattice phases still to be visited, last first
    LossScale loss_scale;                ///< of mixed precision
    std::int64_t skipped_steps = 0;      ///< by mixed precision so far, as their gradients were not finite
    Plateau plateau;                     ///< of recipe image_gs
};

/// What a state looks like: its field, quantised where that is asked for. Whoever draws a state draws this.
Field drawn_field(const TrainState& state);

/// What a run was planned to hold of the GPU that it trains on, and what it holds. All in bytes, beside what the driver
/// takes for itself; what is not known is 0.
struct DeviceMemoryReport {
    std::int64_t budget = 0;
    std::int64_t planned = 0;         ///< peak
    std::int64_t reserved = 0;        ///< by LibTorch's allocator now
    std::int64_t peak_allocated = 0;  ///< of tensors, so far
    std::int64_t peak_reserved = 0;   ///< by the allocator, so far
};

/// What a run's memory was planned to be, and the settings in force.
struct MemoryReport {
    std::int64_t budget_bytes = 0;   ///< of the whole process; 0: not known
    std::int64_t program_bytes = 0;  ///< of the process before the run, without its target
    std::int64_t planned_bytes = 0;  ///< peak of the whole process; 0: not known
    bool amp = false;
    bool checkpointing = false;
    std::int64_t bands = 1;
    bool target_in_file = false;                 ///< the decoded pixels lie in a file, not in memory
    std::optional<DeviceMemoryReport> device{};  ///< of a run on a GPU
};

/// What happened; listeners record, show or save it. References are valid during the call only; the state's tensors are
/// where training computes.
struct TrainEvent {
    enum class Kind { started, stepped, grown, refined, evaluated, noted, finished };
    Kind kind = Kind::stepped;
    const TrainState& state;
    double loss = 0;                 ///< of the last step
    std::optional<double> psnr;      ///< [dB] of the last evaluation, if any
    std::optional<double> ssim;      ///< of the last evaluation, if any
    std::vector<MapQuality> maps{};  ///< of the finished field, when it is a texture stack
    double step_scale = 1;           ///< decay applied to the step sizes
    double steps_per_second = 0;
    double seconds_left = 0;            ///< estimate
    bool stopped = false;               ///< `finished` came by request, before the end of the schedule
    std::string message{};              ///< of `noted`: a sentence for the user, what the run had to change
    std::vector<PatchScore> patches{};  ///< of `refined`: as they were before they were given more
    std::int64_t resident_bytes = 0;    ///< of this process now; 0: not known
    std::int64_t peak_bytes = 0;        ///< of this process so far; 0: not known
    MemoryReport memory{};
    at::Tensor position_before{};  ///< of `grown`: [M,2] the positions before the addition
};

using TrainListener = std::function<void(const TrainEvent&)>;

/// Throws UsageError when an option is out of range or the image has fewer pixels than there are to be Gaussians.
void check_fit(const TrainOptions& options, const ImageInfo& image);

/// What a trial step on the device does otherwise than on the CPU, in a sentence; empty when they agree.
std::string device_fault(const c10::Device& device);

/// Fits num_gaussians Gaussians to the image, or goes on from `state`, whose tensors it changes in place. Listeners are
/// called in order on the calling thread; an exception from one ends the run. `stepped` comes after each step, on a GPU
/// after those that are watched. A step that is evaluated sends `evaluated` before `stepped`; the last one sends
/// `evaluated` and `finished`, as does a run that goes on from a finished state. `noted` may come at any time. When
/// `stop` becomes true the run ends after the current step with a `finished` event whose `stopped` is set. When memory
/// runs out, work is repeated with settings that need less (docs/memory.md); when nothing is left to give up, such a
/// `finished` event is sent and MemoryError thrown. Throws DeviceError when the GPU fails on the way. Returns the final
/// state, on the CPU.
TrainState train(PackedImage image, const TrainOptions& options, const std::vector<TrainListener>& listeners,
                 std::optional<TrainState> state = std::nullopt, const std::atomic<bool>* stop = nullptr);

}  // namespace gsfit

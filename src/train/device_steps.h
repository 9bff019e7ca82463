#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "gsfit/train.h"
#include "gsfit/train/plan.h"
#include "train/device_step.h"

namespace gsfit {

/// Training steps that a GPU was given and whose outcome the host has not looked at yet. A step that turns out to have
/// had too little room, and those given after it, have changed nothing: the state goes back to before it, and training
/// goes on from there with more room. So the result does not depend on when the host looks.
class DeviceSteps {
public:
    /// Field and target lie on the GPU.
    DeviceSteps(const Field& field, const PackedImage& target, const TrainOptions& options);
    ~DeviceSteps();
    DeviceSteps(const DeviceSteps&) = delete;
    DeviceSteps& operator=(const DeviceSteps&) = delete;

    /// Whether steps of this field, stride, loss and these settings can be given as things are.
    [[nodiscard]] bool is_ready_for(const TrainState& state, std::int64_t stride, const StepLoss& loss,
                                    const MemorySettings& settings) const;

    /// Makes it so; no step may be on its way. Nothing is changed when memory fails.
    void get_ready_for(const TrainState& state, std::int64_t stride, const StepLoss& loss,
                       const MemorySettings& settings);

    /// Gives back what steps keep of the GPU's memory; none may be on its way.
    void let_go() { step_.reset(); }

    /// The bounds, on the GPU, that the steps given from now on keep the field to.
    void keep_to(Held held) { held_ = std::move(held); }

    /// Gives the next step; `before` is the state that training goes back to when it fails.
    void give(const TrainState& before, const Lattice& lattice, const AdamStep& step);

    /// Whether the host should look now: the room is a guess, or too many steps are on their way.
    [[nodiscard]] bool wants_a_look() const;

    enum class Outcome {
        good,
        went_back,   ///< `state` is that before the first step that failed
        amp_failed,  ///< `state` is that after the step that was skipped last; half precision is to be given up
    };
    /// Waits for all steps. Their loss, loss scale and skipped steps are known from then on, and in `state`.
    Outcome look(TrainState& state);

    /// Of the last step looked at.
    [[nodiscard]] double loss() const { return seen_.loss; }
    /// A sentence for the user, once, when steps cannot be launched as a graph; else empty.
    [[nodiscard]] std::string take_notice();

private:
    struct Given {
        TrainState before;
        at::Tensor report;  ///< gpu::StepReport, once the device has come to it
    };

    [[nodiscard]] StepPlan plan_for(std::int64_t stride, const StepLoss& loss, const MemorySettings& settings) const;
    /// Throws DeviceError when the GPU failed.
    void wait();
    [[nodiscard]] std::int64_t room_for(const TrainState& state, std::int64_t bands) const;
    Outcome go_back(std::size_t failed, const gpu::StepReport& report, TrainState& state);

    Gpu gpu_;
    PackedImage target_;
    StepPlan common_;  ///< what every plan of this run has
    std::optional<Held> held_;
    std::optional<DeviceStep> step_;
    gpu::Mark mark_;  ///< behind the last step given
    std::deque<Given> given_;
    gpu::StepReport seen_{};       ///< the last one looked at
    std::int64_t seen_bands_ = 1;  ///< that its pairs are of one of
    bool room_is_guess_ = true;    ///< no step with this room has been looked at
    std::string notice_;
};

}  // namespace gsfit

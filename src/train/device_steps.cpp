#include "train/device_steps.h"

#include <algorithm>
#include <utility>

#include "gsfit/bin.h"
#include "gsfit/core/device_bad_alloc.h"
#include "gsfit/core/error.h"

namespace gsfit {

namespace {

/// The host looks after so many steps: seldom enough for the GPU to be busy throughout.
constexpr std::size_t most_on_their_way = 32;

}  // namespace

DeviceSteps::DeviceSteps(const Field& field, const PackedImage& target, const TrainOptions& options)
    : gpu_(field.position),
      target_(target),
      common_{.blending = options.blending, .quantisation = options.quantisation, .graph = options.cuda_graph},
      mark_(gpu_->make_mark()) {}

DeviceSteps::~DeviceSteps() { gpu_->free_mark(mark_); }

/// But for the pairs.
StepPlan DeviceSteps::plan_for(std::int64_t stride, const StepLoss& loss, const MemorySettings& settings) const {
    StepPlan plan = common_;
    plan.loss = loss;
    plan.stride = stride;
    plan.bands = settings.bands;
    plan.half = settings.amp && plan.loss.needs_image();  // only where there are images to be kept so
    return plan;
}

bool DeviceSteps::is_ready_for(const TrainState& state, std::int64_t stride, const StepLoss& loss,
                               const MemorySettings& settings) const {
    if (!step_ || !step_->is_for(state.field, state.moments)) return false;
    const StepPlan wanted = plan_for(stride, loss, settings);
    const StepPlan& made = step_->plan();
    return made.stride == wanted.stride && made.loss.ssim == wanted.loss.ssim && made.bands == wanted.bands &&
           made.half == wanted.half;
}

/// Pairs of splats and tiles that a band is given room for.
std::int64_t DeviceSteps::room_for(const TrainState& state, std::int64_t bands) const {
    const auto seen = static_cast<std::int64_t>(seen_.pairs);
    check_tile_pairs(seen);
    return std::min(most_tile_pairs, with_room(seen * seen_bands_ / bands, state.field.size()));
}

void DeviceSteps::get_ready_for(const TrainState& state, std::int64_t stride, const StepLoss& loss,
                                const MemorySettings& settings) {
    step_.reset();
    StepPlan plan = plan_for(stride, loss, settings);
    plan.pairs = room_for(state, plan.bands);
    seen_.halt = gpu::StepReport::Halt::none;
    seen_.scale = state.loss_scale.scale;
    seen_.good_steps = static_cast<std::int32_t>(state.loss_scale.good_steps);
    seen_.skipped = state.skipped_steps;
    step_.emplace(state.field, state.moments, target_, plan, seen_);
    room_is_guess_ = true;
}

void DeviceSteps::give(const TrainState& before, const Lattice& lattice, const AdamStep& step) {
    step_->differentiate(lattice);
    given_.push_back({before, step_->report()});  // nothing after this needs memory
    step_->update(step, held_ ? &*held_ : nullptr);
    gpu_->set_mark(mark_, gpu_.stream());
    if (common_.graph && !step_->graph_problem().empty()) {
        common_.graph = false;
        notice_ = "a step's kernels are launched one by one, which takes longer: " + step_->graph_problem();
    }
}

bool DeviceSteps::wants_a_look() const { return room_is_guess_ || given_.size() >= most_on_their_way; }

DeviceSteps::Outcome DeviceSteps::look(TrainState& state) {
    if (given_.empty()) return Outcome::good;
    wait();
    Outcome outcome = Outcome::good;
    for (std::size_t i = 0; i < given_.size() && outcome == Outcome::good; ++i) {
        const gpu::StepReport report = read_report(given_[i].report);
        if (report.halt == gpu::StepReport::Halt::none) {
            seen_ = report;
        } else {
            outcome = go_back(i, report, state);
        }
    }
    given_.clear();
    seen_bands_ = step_->plan().bands;
    room_is_guess_ = false;
    if (outcome != Outcome::good) let_go();  // it is halted
    state.loss_scale = {.scale = seen_.scale, .good_steps = seen_.good_steps};
    state.skipped_steps = seen_.skipped;
    return outcome;
}

void DeviceSteps::wait() {
    try {
        gpu_->wait_for(mark_);
    } catch (const DeviceBadAlloc&) {
        throw;
    } catch (const std::exception& error) {
        throw DeviceError(std::string("the GPU failed (") + error.what() +
                          "); see what nvidia-smi says, and go on from the last checkpoint with --resume");
    }
}

DeviceSteps::Outcome DeviceSteps::go_back(std::size_t failed, const gpu::StepReport& report, TrainState& state) {
    if (report.halt == gpu::StepReport::Halt::overflow) {
        state = given_[failed].before;
        seen_.pairs = report.pairs;
        return Outcome::went_back;
    }
    if (failed + 1 < given_.size()) state = given_[failed + 1].before;
    seen_ = report;
    return Outcome::amp_failed;
}

std::string DeviceSteps::take_notice() { return std::exchange(notice_, {}); }

}  // namespace gsfit

#include "cuda/step/step.h"

#include "cuda/step/step_kernels.cuh"

namespace gsfit::gpu {

namespace {

constexpr int threads = 256;

}  // namespace

void stage_target(const PackedView& target, const Lattice& lattice, std::byte* staged, Stream stream) {
    simt::launch(stage, grid_of(lattice.samples(), threads), dim3(threads), 0, stream, target, lattice, staged);
}

void clear(StepTally* tally, Stream stream) { simt::set_zero(tally, sizeof(StepTally), stream); }

void add_loss(const double* part, StepTally* tally, Stream stream) {
    simt::launch(add_part, dim3(1), dim3(1), 0, stream, part, tally);
}

void check_finite(const float* gradients, std::int64_t count, StepTally* tally, Stream stream) {
    simt::launch(find_non_finite, grid_of(count, threads), dim3(threads), 0, stream, gradients, count, tally);
}

void judge(const StepRules& rules, const StepTally* tally, StepReport* report, Stream stream) {
    simt::launch(judge_step, dim3(1), dim3(1), 0, stream, rules, tally, report);
}

}  // namespace gsfit::gpu

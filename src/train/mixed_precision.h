#pragma once

#include <cstdint>
#include <string>

#include "gsfit/train.h"
#include "train/step.h"

namespace gsfit {

/// Decides which steps of mixed precision are taken, and when it has failed.
class MixedPrecision {
public:
    /// The first scale for losses that are means over `values` values: their gradients shrink with the number, and
    /// float16 has nothing below 6e-8.
    static LossScale first_scale(double values);

    enum class Verdict { take, skip, fail };

    /// Unscales the gradients and updates the state's scale and count of skipped steps. `skip`: a gradient overflowed.
    /// `fail`: the loss itself is not finite, which no scale can mend, or too many steps were skipped in a row.
    Verdict judge(Differential& differential, TrainState& state);

private:
    int skipped_in_row_ = 0;
};

}  // namespace gsfit

// What the start of a training run holds is what its formula says: rows and Gaussians, nothing image-sized.

#include <gtest/gtest.h>

#include "gsfit/core/parallel.h"
#include "gsfit/gaussians.h"
#include "reference/allocations.h"
#include "reference/scenes.h"
#include "reference/tensor_allocations.h"

namespace gsfit {
namespace {

double peak_of_start(std::int64_t width, std::int64_t height, std::int64_t count, std::int64_t stride) {
    const reference::Target target(width, height, 3, 8, 1);
    const reference::WatchedTensors tensors;
    Random random(2);
    reference::watch_allocations();
    initial_field(target.view(), {.count = count, .stride = stride, .pitch = 8}, random);
    return static_cast<double>(reference::peak_of_allocations());
}

TEST(InitialFieldMemory, IsWhatTheFormulaSays) {
    set_threads(2);
    for (const std::int64_t count : {300, 20000, 150000}) {
        SCOPED_TRACE(count);
        const auto formula = static_cast<double>(initial_field_bytes(1500, 3, count));
        EXPECT_NEAR(peak_of_start(1500, 1000, count, 1), formula, 0.1 * formula);
    }
    const auto formula = static_cast<double>(initial_field_bytes(1500 / 4, 3, 300));
    EXPECT_NEAR(peak_of_start(1500, 1000, 300, 4), formula, 0.1 * formula);
}

}  // namespace
}  // namespace gsfit

#include "cli/batch_plan.h"

#include <algorithm>

namespace gsfit::cli {

BatchPlan plan_batch(std::int64_t images, int cores, std::int64_t fitting) {
    const std::int64_t jobs = std::max<std::int64_t>(1, std::min<std::int64_t>({images, cores, fitting}));
    return {.jobs = jobs, .threads = static_cast<int>(cores / jobs)};
}

}  // namespace gsfit::cli

#include "cli/batch_plan.h"

#include <algorithm>
#include <limits>

namespace gsfit::cli {
namespace {

constexpr double serial_part = 0.2;

double duration(std::int64_t images, const BatchPlan& plan) {
    const auto turns = static_cast<double>((images + plan.jobs - 1) / plan.jobs);
    return turns * (serial_part + (1 - serial_part) / plan.threads);
}

}  // namespace

BatchPlan plan_batch(std::int64_t images, int cores, std::int64_t fitting) {
    BatchPlan best;
    double least = std::numeric_limits<double>::infinity();
    for (std::int64_t jobs = std::min<std::int64_t>({images, cores, fitting}); jobs >= 1; --jobs) {
        const BatchPlan plan{.jobs = jobs, .threads = static_cast<int>(cores / jobs)};
        if (duration(images, plan) < least) {
            least = duration(images, plan);
            best = plan;
        }
    }
    return best;
}

}  // namespace gsfit::cli

#pragma once

#include <cstdint>

namespace gsfit::cli {

/// How many images are fitted at once, and with how many threads each.
struct BatchPlan {
    std::int64_t jobs = 1;
    int threads = 1;

    bool operator==(const BatchPlan&) const = default;
};

/// As many at once as there are images, cores and memory for, and the cores divided among them: a second thread makes
/// a run less than one and a half times as fast (docs/batch.md), so two images side by side always end before one after
/// the other. fitting: images that memory has room for at once, at least 1.
BatchPlan plan_batch(std::int64_t images, int cores, std::int64_t fitting);

}  // namespace gsfit::cli

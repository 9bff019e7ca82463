#pragma once

#include <cstdint>

namespace gsfit::cli {

/// How many images are fitted at once, and with how many threads each.
struct BatchPlan {
    std::int64_t jobs = 1;
    int threads = 1;

    bool operator==(const BatchPlan&) const = default;
};

/// The plan by which `images` of about one size end first on so many cores. A run with t threads takes
///     s + (1 - s) / t
/// of its time with one, where s = 0.2 is the part that one thread does: start, decoding, encoding. `jobs` at once take
/// ceil(images / jobs) such turns with t = cores / jobs threads. Of plans that end together the one with more jobs is
/// taken. fitting: images that memory has room for at once, at least 1.
BatchPlan plan_batch(std::int64_t images, int cores, std::int64_t fitting);

}  // namespace gsfit::cli

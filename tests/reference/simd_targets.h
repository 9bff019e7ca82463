#pragma once

#include <hwy/targets.h>

#include <cstdint>
#include <vector>

namespace gsfit::reference {

/// Instruction sets that the kernels are compiled for and this machine has, best first.
inline std::vector<std::int64_t> simd_targets() {
    std::vector<std::int64_t> result;
    for (const std::int64_t target : {HWY_AVX3, HWY_AVX2, HWY_SSE4}) {
        if ((hwy::SupportedTargets() & HWY_TARGETS & target) != 0) result.push_back(target);
    }
    return result;
}

/// While this lives kernels run on `target`: the better ones are disabled. (In Highway a better target is a lower bit.)
class OnTarget {
public:
    explicit OnTarget(std::int64_t target) { hwy::DisableTargets(target - 1); }
    OnTarget(const OnTarget&) = delete;
    OnTarget& operator=(const OnTarget&) = delete;
    ~OnTarget() { hwy::DisableTargets(0); }
};

}  // namespace gsfit::reference

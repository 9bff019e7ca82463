#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "gsfit/config.h"

namespace gsfit {

/// Key `by`, when it is not at its default, takes the place of key `replaced`: no source may set both, and a later
/// source that sets one drops an earlier one's choice of the other.
struct Replacement {
    std::size_t by = 0;
    std::size_t replaced = 0;
    std::string_view reason;
};

std::span<const Replacement> replacements(Recipe recipe);

/// Rules about several effective values at once. Throws UsageError.
void check_together(const Config& config);

}  // namespace gsfit

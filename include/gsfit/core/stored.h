#pragma once

#include <algorithm>
#include <limits>
#include <type_traits>

namespace gsfit {

/// A sample as an image of such values has it: [0,1] as the nearest of an unsigned integer's values, what is beyond as
/// the least or the most of them and NaN as 0; floats as they are.
template <class Value>
Value stored(float sample) {
    if constexpr (std::is_same_v<Value, float>) {
        return sample;
    } else {
        constexpr auto most = static_cast<float>(std::numeric_limits<Value>::max());
        return sample > 0 ? static_cast<Value>(std::min(sample, 1.0F) * most + 0.5F) : Value{0};
    }
}

}  // namespace gsfit

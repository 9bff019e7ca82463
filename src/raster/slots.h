#pragma once

#include <algorithm>
#include <cstdint>

#include "gsfit/core/parallel.h"
#include "raster/scene.h"

namespace gsfit {

/// Calls put(splat, its sums) for each splat: of every column its slots are summed in order. A slot has up to
/// geometry_columns + max_channels columns.
template <class Put>
void sum_slots(const Scene& scene, const float* slots, std::int64_t columns, const Put& put) {
    constexpr std::int64_t grain = 1024;
    parallel_ranges(scene.size(), grain, [&](std::int64_t begin, std::int64_t end) {
        float sum[geometry_columns + max_channels];
        for (std::int64_t i = begin; i < end; ++i) {
            std::fill_n(sum, columns, 0.0F);
            const auto splat = static_cast<std::size_t>(i);
            for (std::size_t slot = scene.bins->slots[splat]; slot < scene.bins->slots[splat + 1]; ++slot) {
                const float* row = slots + slot * static_cast<std::size_t>(columns);
                for (std::int64_t k = 0; k < columns; ++k) sum[k] += row[k];
            }
            put(i, sum);
        }
    });
}

}  // namespace gsfit

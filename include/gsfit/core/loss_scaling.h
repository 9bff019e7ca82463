#pragma once

#include <cstdint>

/// How the loss scale of mixed precision moves (GradScaler of gsfit/optim.h, and the judge on a GPU).
namespace gsfit::loss_scaling {

inline constexpr float growth = 2.0F;
inline constexpr float backoff = 0.5F;
inline constexpr std::int32_t growth_interval = 2000;    ///< [good steps in a row]
inline constexpr float least = 0x1p-126F;                ///< its reciprocal is finite
inline constexpr std::int32_t most_skipped_in_row = 20;  ///< steps; mixed precision has failed then

}  // namespace gsfit::loss_scaling

#pragma once

// Between fields and compact files: their structs, and training while a field is rounded.

#include <atomic>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "gsfit/codec.h"
#include "gsfit/image.h"
#include "gsfit/optim/held.h"
#include "gsfit/train.h"
#include "gsfit/types.h"

namespace gsfit {

codec::Gaussians gaussians_of(const Field& field);
Field field_of(const codec::Gaussians& gaussians, const codec::Description& description);
Held held_of(const codec::Freezer::Bounds& bounds, const codec::Description& description);

/// A reader of a file in memory, which outlives it.
codec::Reader reader_of(std::span<const std::byte> file);

/// The file of the field, which is trained on while it is rounded stage by stage (codec::Freezer), by train() with the
/// options' steps or seconds, loss, memory and device, and settled at last (codec::Freezer::settle), in up to
/// 0.4 times these seconds besides. `q` is as for codec::Encoder. None when `stop` became true.
/// Listeners and errors are train()'s; codec::Encoder's too.
std::optional<std::vector<std::byte>> frozen_file(const Field& field, const codec::Description& description,
                                                  const PackedImage& image, double q, const TrainOptions& options,
                                                  const std::vector<TrainListener>& listeners = {},
                                                  const std::atomic<bool>* stop = nullptr);

}  // namespace gsfit

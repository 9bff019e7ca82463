#pragma once

// Where an encoder puts each Gaussian: which part, which cell, which class of area.

#include <memory>
#include <vector>

#include "codec/code.h"
#include "codec/item.h"

namespace gsfit::codec {

struct PlannedPart {
    Part part;                       ///< with what pass 0 tells
    std::vector<std::size_t> items;  ///< of its Gaussians
    std::shared_ptr<const Surroundings> surroundings{};
};

struct Plan {
    Header header;                   ///< without models and error
    std::vector<PlannedPart> parts;  ///< all of the layout

    [[nodiscard]] Steps steps(const PlannedPart& planned) const {
        return {planned.part, *planned.surroundings, header.error, header.models};
    }
};

/// Throws UsageError where the format cannot hold them.
Plan plan_of(const std::vector<Item>& items, const Description& description);

}  // namespace gsfit::codec

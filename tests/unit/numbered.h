#pragma once

#include <ATen/ops/arange.h>

#include "gsfit/densify.h"
#include "reference/scenes.h"

namespace gsfit {

/// A field whose rotation, moments and age all hold the Gaussian's number.
struct Numbered {
    explicit Numbered(std::int64_t size) : field(reference::random_field(size, 3, 64, 48, 1)) {
        const at::Tensor number = at::arange(size).add(1).unsqueeze(1);
        field.rotation = number.to(at::kFloat);
        const auto columns = [&](std::int64_t count) {
            return number.expand({size, count}).to(at::kFloat).contiguous();
        };
        moments = {columns(8), columns(8), columns(Moments::pairs), number.squeeze(1).to(at::kInt).contiguous()};
    }

    Field field;
    Moments moments;
};

}  // namespace gsfit

#pragma once

#include "gsfit/train.h"

namespace gsfit {

/// A state that training on does not change.
inline TrainState clone(TrainState state) {
    for (at::Tensor* tensor :
         {&state.field.position, &state.field.inv_scale, &state.field.rotation, &state.field.feature,
          &state.moments.first, &state.moments.second, &state.moments.products, &state.moments.age}) {
        *tensor = tensor->clone();
    }
    return state;
}

}  // namespace gsfit

#pragma once

// How finely each parameter is told: predicted from what is decoded before it.

#include "codec/header.h"
#include "codec/surroundings.h"

namespace gsfit::codec {

/// Of a step by the squared error that it causes: step = sqrt(12 q / w), log2 of which is a regression on these.
class Steps {
public:
    /// Colours are needed for contrasts() and the steps of shapes only.
    Steps(const Part& part, const Surroundings& surroundings, Log error, const Models& models)
        : part_(part), surroundings_(surroundings), error_(error), models_(models) {}

    /// Size and density.
    [[nodiscard]] std::array<std::int64_t, 2> color_features(int gaussian) const {
        return {part_.size_of(gaussian), surroundings_.density(gaussian)};
    }
    /// Size, density, and two contrasts of its colour: with its neighbours' each, and with their mean.
    [[nodiscard]] std::array<std::int64_t, 4> shape_features(int gaussian) const;

    /// Of colours, with value_bits.
    [[nodiscard]] std::int32_t color(int gaussian) const;

    /// log2 of the steps of a shape.
    struct OfShape {
        Log position;  ///< [sigma]
        Log area;      ///< [octaves of the geometric mean of the sigmas]
        Log aspect;    ///< [octaves of major / minor]
        Log angle;     ///< [radians], times (major / minor - minor / major)
    };
    [[nodiscard]] OfShape shape(int gaussian) const;

private:
    const Part& part_;
    const Surroundings& surroundings_;
    Log error_;
    const Models& models_;
};

}  // namespace gsfit::codec

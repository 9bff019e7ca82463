#pragma once

// Pass 1: colours, in axes of little correlation: predicted from neighbours that came before and the channels before.

#include <cstdlib>

#include "codec/models.h"
#include "codec/steps.h"

namespace gsfit::codec {

/// The largest magnitude of a colour that is told.
inline constexpr std::int32_t largest_value = 4 << value_bits;

constexpr int largest_color(std::int32_t step) { return largest_value / step; }

/// What neighbours tell of a channel.
struct ColorFeatures {
    std::int64_t mean;  ///< with value_bits
    Log spread;         ///< log2 of the standard deviation, which is taken to be at least 0.03
};
ColorFeatures color_features(const Part& part, std::span<const Neighbour> neighbours, int channel);

/// log2 of a magnitude, to which 0.03 is added.
inline Log magnitude_of(std::int64_t value) {
    return log2_fixed(static_cast<std::uint64_t>(std::abs(value) + 31457), value_bits);
}

/// From errors of the two channels before, the last first.
inline std::int64_t mean_of(const Models::Channel& model, const ColorFeatures& features,
                            const std::array<std::int64_t, 2>& errors) {
    return std::clamp<std::int64_t>(regress(model.mean, {features.mean, errors[0], errors[1]}, value_bits),
                                    -largest_value, largest_value);
}

/// From RGB to axes and back; other channels stay as they are. The axes are (1,1,1)/sqrt(3), (1,0,-1)/sqrt(2) and
/// (1,-2,1)/sqrt(6).
void to_axes(std::span<double> feature);
void from_axes(std::span<std::int32_t> values);

template <class Coder>
class ColorPass {
public:
    ColorPass(Coder& coder, Part& part, const Surroundings& surroundings, const Steps& steps, const Models& models)
        : coder_(coder),
          part_(part),
          surroundings_(surroundings),
          steps_(steps),
          models_(models),
          residuals_(models.channels.size()) {}

    void run() {
        for (int i = 0; i < part_.size(); ++i) {
            const std::int32_t step = steps_.color(i);
            const auto neighbours = surroundings_.before(i);
            const Log second = color_features(part_, neighbours, part_.channels > 1 ? 1 : 0).spread;
            errors_[0] = errors_[1] = 0;
            for (int c = 0; c < part_.channels; ++c) {
                code(i, c, step, color_features(part_, neighbours, c), c > 0 ? magnitude_of(errors_[0]) : second);
            }
        }
    }

private:
    void code(int gaussian, int channel, std::int32_t step, const ColorFeatures& features, Log hint) {
        const Models::Channel& model = models_.channels[channel];
        const std::int64_t mean = mean_of(model, features, errors_);
        const std::int64_t scale = regress(model.scale, {features.spread, part_.size_of(gaussian), hint}, log_bits);
        const std::int64_t inverse =
            exp2_fixed(static_cast<Log>(std::clamp<std::int64_t>(-scale, -4 * octave, 12 * octave)), log_bits);
        auto& residuals = residuals_[channel];
        const auto place = [&](std::int64_t twice) {  // of half of it
            return logistic((twice - 2 * mean) * inverse >> (value_bits + 1));
        };
        const std::size_t index = static_cast<std::size_t>(gaussian) * part_.channels + channel;
        const int most = largest_color(step);
        int& color = part_.color[index];
        color = code_symbol(coder_, color, -most, most,
                            [&](int k) { return residuals.below(place((2 * std::int64_t{k} - 1) * step)); });
        part_.value[index] = color * step;
        residuals.add(place(2 * std::int64_t{part_.value[index]}));
        errors_[1] = errors_[0];
        errors_[0] = part_.value[index] - mean;
    }

    Coder& coder_;
    Part& part_;
    const Surroundings& surroundings_;
    const Steps& steps_;
    const Models& models_;
    std::vector<Histogram<24>> residuals_;  // of each channel
    std::array<std::int64_t, 2> errors_{};  // of the two channels before, the last first
};

}  // namespace gsfit::codec

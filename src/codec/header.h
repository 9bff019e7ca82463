#pragma once

// What stands at the beginning of a compact file, before its index.

#include <array>
#include <cstdint>
#include <vector>

#include "codec/bytes.h"
#include "codec/fixed_point.h"
#include "gsfit/codec.h"

namespace gsfit::codec {

/// Of a regression, in 128ths.
using Coefficient = std::int32_t;
inline constexpr int coefficient_bits = 7;

/// sum of coefficient x feature, the first feature being 1 = 2^bits.
template <std::size_t count>
std::int64_t regress(const std::array<Coefficient, count>& coefficients,
                     const std::array<std::int64_t, count - 1>& features, int bits) {
    std::int64_t sum = std::int64_t{coefficients[0]} << bits;
    for (std::size_t k = 1; k < count; ++k) sum += coefficients[k] * features[k - 1];
    return sum >> coefficient_bits;
}

/// Regressions that predict what is coded; what they regress on stands where they are used.
struct Models {
    std::array<Coefficient, 3> color_step{};
    std::array<Coefficient, 5> position_step{};
    std::array<Coefficient, 5> area_step{};
    std::array<Coefficient, 5> aspect_step{};
    std::array<Coefficient, 5> angle_step{};
    std::array<Coefficient, 3> area_mean{};
    std::array<Coefficient, 1> area_scale{};
    struct Channel {
        std::array<Coefficient, 4> mean{};
        std::array<Coefficient, 4> scale{};
    };
    std::vector<Channel> channels;

    /// What a file's own are told relative to.
    static Models usual(int channels);

    /// visit(coefficient) of all, in the order of the file.
    template <class Visit>
    void each(Visit visit) {
        const auto all = [&](auto&... arrays) {
            (..., [&] {
                for (Coefficient& c : arrays) visit(c);
            }());
        };
        all(color_step, position_step, area_step, aspect_step, angle_step, area_mean, area_scale);
        for (Channel& channel : channels) all(channel.mean, channel.scale);
    }
};

struct Header {
    Description description;
    int cell = 8;          ///< side [pixels], 1 to 2^16
    int chunk_cells = 64;  ///< of a chunk's side, 1 to 128
    int margin = 0;        ///< cells around the image, 0 to 32
    int layer_cell = 0;    ///< side of a cell of the layer of large Gaussians [pixels]; 0: there is none
    Log error = 0;         ///< log2 of q, the squared error that each parameter may cause
    Log least_sigma = 0;   ///< log2 of the smallest sigma [pixels]
    Models models;
};

void write(ByteWriter& bytes, const Header& header);
/// Throws Damage.
Header read_header(ByteReader& bytes);

}  // namespace gsfit::codec

// From Gaussians to a compact file.

#include <algorithm>
#include <cmath>
#include <optional>

#include "codec/file.h"
#include "codec/fit.h"
#include "codec/index.h"
#include "codec/quantise.h"
#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"

namespace gsfit::codec {
namespace {

constexpr Log largest_error = 40 * octave;

void check(const Gaussians& gaussians, const Description& description) {
    if (description.channels < 1 || description.channels > max_channels) {
        throw UsageError("a .gsf file holds 1 to " + std::to_string(max_channels) + " channels, not " +
                         std::to_string(description.channels));
    }
    const std::size_t size = gaussians.rotation.size();
    if (gaussians.position.size() != 2 * size || gaussians.inv_scale.size() != 2 * size ||
        gaussians.feature.size() != size * static_cast<std::size_t>(description.channels)) {
        throw UsageError("the arrays of the Gaussians have different lengths");
    }
}

/// How far the supports of its Gaussians reach beyond its cells [pixels].
std::int64_t reach_of(const Part& part, double cutoff) {
    const Grid& grid = part.grid;
    const auto left = static_cast<double>(grid.left);
    const auto top = static_cast<double>(grid.top);
    double reach = 0;
    for (const Geometry& own : part.geometry) {
        const Direction direction = direction_of(own.angle);
        const double major = cutoff * std::exp2(std::ldexp(own.major, -log_bits));
        const double minor = cutoff * std::exp2(std::ldexp(own.minor, -log_bits));
        const double cosine = std::ldexp(direction.cosine, -direction_bits);
        const double sine = std::ldexp(direction.sine, -direction_bits);
        const double width = std::hypot(major * cosine, minor * sine);
        const double height = std::hypot(major * sine, minor * cosine);
        const double x = std::ldexp(own.x, -place_bits);
        const double y = std::ldexp(own.y, -place_bits);
        reach = std::max({reach, left - x + width, x + width - left - 1.0 * grid.columns * grid.cell, top - y + height,
                          y + height - top - 1.0 * grid.rows * grid.cell});
    }
    return static_cast<std::int64_t>(std::ceil(reach)) + 1;
}

std::vector<std::byte> bytes_of(PlannedPart& planned, const Header& header) {
    RangeEncoder encoder;
    code_part(encoder, header, planned.part.size(), planned.part);
    std::vector<std::byte> bytes = encoder.finish();
    const std::size_t least = ceil_divide(planned.part.size(), IndexEntry::most_per_byte);
    bytes.resize(std::max(bytes.size(), least));  // zeros at the end change nothing
    return bytes;
}

std::vector<std::byte> file_of(const Header& header, const std::vector<IndexEntry>& index,
                               const std::vector<std::vector<std::byte>>& payload) {
    ByteWriter head;
    write(head, header);
    write(head, index);
    head.word(crc32(head.bytes()));
    ByteWriter file;
    for (const std::byte byte : magic) file.byte(std::to_integer<unsigned>(byte));
    file.byte(current_version);
    file.word(static_cast<std::uint32_t>(head.bytes().size()));
    std::vector<std::byte> bytes = file.bytes();
    bytes.insert(bytes.end(), head.bytes().begin(), head.bytes().end());
    for (const auto& part : payload) bytes.insert(bytes.end(), part.begin(), part.end());
    return bytes;
}

}  // namespace

struct Encoder::State {
    std::vector<Item> items;
    std::vector<Importance> importances;
    Plan plan;

    State(const Gaussians& gaussians, const Description& description)
        : items(items_of(gaussians, description)),
          importances(importance_of(items, description)),
          plan(plan_of(items, description)) {
        fit_areas(plan);
        fit_color_steps(plan, importances);
    }

    [[nodiscard]] std::vector<std::byte> encode(Log error) const {
        Plan own = plan;
        own.header.error = error;
        const auto each_part = [&](const auto& body) {
            parallel_for(static_cast<std::int64_t>(own.parts.size()), body);
        };
        each_part([&](std::int64_t i) { quantise_colors(items, own.steps(own.parts[i]), own.parts[i]); });
        fit_colors(own);
        fit_shape_steps(own, importances);
        each_part([&](std::int64_t i) {
            quantise_shapes(items, own.steps(own.parts[i]), own.header.least_sigma, own.parts[i]);
        });
        std::vector<std::vector<std::byte>> payload(own.parts.size());
        std::vector<IndexEntry> index(own.parts.size());
        each_part([&](std::int64_t i) {
            PlannedPart& planned = own.parts[i];
            if (planned.items.empty()) return;
            payload[i] = bytes_of(planned, own.header);
            const double cutoff = own.header.description.blending.cutoff;
            index[i] = {payload[i].size(), planned.part.size(), reach_of(planned.part, cutoff), crc32(payload[i])};
        });
        return file_of(own.header, index, payload);
    }
};

Encoder::Encoder(const Gaussians& gaussians, const Description& description) {
    check(gaussians, description);
    state_ = std::make_unique<State>(gaussians, description);
}

Encoder::~Encoder() = default;

std::vector<std::byte> Encoder::encode(double q) const {
    const double error =
        std::clamp(std::round(std::ldexp(std::log2(q), log_bits)), -1.0 * largest_error, 1.0 * largest_error);
    return state_->encode(static_cast<Log>(error));
}

std::vector<std::byte> Encoder::encode_within(std::size_t bytes) const {
    Log low = -largest_error;  // too many bytes, as far as is known
    Log high = 0;
    std::vector<std::byte> best = state_->encode(high);
    while (high - low > octave / 256) {
        const Log middle = low + (high - low) / 2;
        std::vector<std::byte> file = state_->encode(middle);
        if (file.size() <= bytes) {
            best = std::move(file);
            high = middle;
        } else {
            low = middle;
        }
    }
    return best;
}

}  // namespace gsfit::codec

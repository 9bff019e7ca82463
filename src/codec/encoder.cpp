// From Gaussians to a compact file.

#include <algorithm>
#include <cmath>
#include <optional>

#include "codec/fit.h"
#include "codec/quantise.h"
#include "codec/write.h"
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

/// visit(planned part, Gaussian) of all, parts in parallel.
template <class Visit>
void each_gaussian(Plan& plan, const Visit& visit) {
    parallel_for(static_cast<std::int64_t>(plan.parts.size()), [&](std::int64_t part) {
        for (int i = 0; i < plan.parts[part].part.size(); ++i) visit(plan.parts[part], i);
    });
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

    [[nodiscard]] std::size_t parameters() const {
        return items.size() * (5 + static_cast<std::size_t>(plan.header.description.channels));
    }

    [[nodiscard]] std::vector<std::byte> encode(Log error) const {
        Plan own = plan;
        own.header.error = error;
        each_gaussian(own, [&](PlannedPart& planned, int i) {
            quantise_color(items[planned.items[i]], own.steps(planned), planned.part, i);
        });
        fit_colors(own);
        fit_shape_steps(own, importances);
        each_gaussian(own, [&](PlannedPart& planned, int i) {
            const ShapeScale scale(planned.part, own.steps(planned), own.header.least_sigma, i);
            const Item& item = items[planned.items[i]];
            quantise_form(item, scale, planned.part, i);
            quantise_place(item.x, item.y, scale, planned.part, i);
        });
        return file_of(own);
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

/// Each step is the secant's through the last two files; where that leads out of what is known, or no further, halves.
std::vector<std::byte> Encoder::encode_within(std::size_t bytes) const {
    struct Point {
        double error = 0;  // [Log]
        double bytes = 0;
    };
    constexpr double close = 0.9995;
    const double aim = 0.5 * (1 + close) * static_cast<double>(bytes);
    double slope = -0.5 / 8 * static_cast<double>(state_->parameters()) / octave;  // half a bit a parameter an octave
    Log low = -largest_error;                                                      // too many bytes, as far as is known
    Log high = largest_error;
    std::vector<std::byte> best;
    std::optional<Point> before;
    Log error = 0;
    for (int round = 1; high - low > octave / 256; ++round) {
        std::vector<std::byte> file = state_->encode(error);
        const Point now{.error = 1.0 * error, .bytes = static_cast<double>(file.size())};
        const bool fits = file.size() <= bytes;
        (fits ? high : low) = error;
        if (fits) best = std::move(file);
        if (fits && now.bytes >= close * static_cast<double>(bytes)) break;
        if (before) slope = (now.bytes - before->bytes) / (now.error - before->error);
        before = now;
        const double secant = std::round(now.error + (aim - now.bytes) / slope);
        const bool leads_on = round % 4 != 0 && secant > low && secant < high;
        error = leads_on ? static_cast<Log>(secant) : low + (high - low) / 2;
    }
    return best.empty() ? state_->encode(largest_error) : best;
}

}  // namespace gsfit::codec

#include "codec/settle.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "codec/canvas.h"
#include "codec/floats.h"
#include "codec/quantise.h"
#include "gsfit/core/parallel.h"

namespace gsfit::codec {
namespace {

constexpr int sweeps = 2;

Drawing drawing_of(const Blending& blending) {
    return {.limit = blending.cutoff * blending.cutoff, .eps = blending.eps, .normalised = blending.normalised()};
}

/// A part's Gaussians as pixels see them.
struct Drawn {
    std::vector<Splat> splats;
    std::vector<float> colors;  // [N,C]
    Window window{};            // of all that they see
    std::size_t channels;

    Drawn(const Part& part, float limit, const PackedView& target) : channels(static_cast<std::size_t>(part.channels)) {
        for (int i = 0; i < part.size(); ++i) {
            splats.push_back(splat_of(part.geometry[i]));
            const Window own = window_of(splats.back(), limit, target);
            window = i == 0 ? own : window.with(own);
            append_feature(colors, part, i);
        }
    }
    [[nodiscard]] std::span<const float> color(std::size_t i) const {
        return std::span(colors).subspan(i * channels, channels);
    }
};

/// What a Gaussian's symbols may become in one step.
std::vector<Shape> neighbours_of(const Shape& shape, const ShapeScale& scale) {
    std::vector<Shape> shapes;
    const auto offer = [&](auto member, int value, int least, int most) {
        if (value < least || value > most) return;
        Shape changed = shape;
        changed.*member = value;
        shapes.push_back(changed);
    };
    constexpr int anywhere = 1 << 24;
    const int angles = scale.angles(shape);
    for (const int by : {-1, 1}) {
        offer(&Shape::along, shape.along + by, -anywhere, anywhere);
        offer(&Shape::across, shape.across + by, -anywhere, anywhere);
    }
    for (const int by : {-1, 1}) {
        offer(&Shape::area, shape.area + by, 0, scale.areas() - 1);
        if (angles > 1) offer(&Shape::angle, (shape.angle + by + angles) % angles, 0, angles - 1);
        const std::size_t before = shapes.size();
        offer(&Shape::aspect, shape.aspect + by, 0, scale.most_aspect());
        if (shapes.size() == before) continue;
        int& angle = shapes.back().angle;  // the same, in other steps
        const int now = scale.angles(shapes.back());
        angle = static_cast<int>(std::lround(static_cast<double>(angle) * now / angles)) % now;
    }
    return shapes;
}

/// A part while its Gaussians change one after the other and all others stay.
class Settling {
public:
    Settling(const Plan& plan, PlannedPart& planned, Drawn& drawn, const Drawing& drawing, const PackedView& target)
        : part_(planned.part),
          drawn_(drawn),
          drawing_(drawing),
          least_sigma_(plan.header.least_sigma),
          steps_(plan.steps(planned)),
          canvas_(target, drawn.window, stride_of(drawn), drawing),
          samples_(drawn.channels) {}

    void draw(const Drawn& others) {
        if (!others.window.meets(drawn_.window)) return;
        for (std::size_t i = 0; i < others.splats.size(); ++i) canvas_.add(others.splats[i], others.color(i), 1);
    }
    void run() {
        for (int i = 0; i < part_.size(); ++i) settle(i);
    }

private:
    /// By which a Gaussian has some hundred samples of its own: largest power of two up to a 24th of their pitch.
    static std::int64_t stride_of(const Drawn& drawn) {
        const Window& window = drawn.window;
        const auto pixels = static_cast<double>((window.right - window.left) * (window.bottom - window.top));
        const double pitch = std::sqrt(pixels / static_cast<double>(drawn.splats.size()));
        std::int64_t stride = 1;
        while (2.0 * static_cast<double>(stride) <= pitch / 24) stride *= 2;
        return stride;
    }

    struct State {
        Shape shape;
        Geometry geometry;
        double error;
    };

    void settle(int i) {
        Splat& splat = drawn_.splats[i];
        const auto color = drawn_.color(i);
        canvas_.look_without(splat, color, i, samples_);
        const ShapeScale scale(part_, steps_, least_sigma_, i);
        const State start{part_.shape[i], part_.geometry[i], error_of(part_.geometry[i], color)};
        State best = start;
        constexpr int most_steps = 3;
        for (int step = 0; step < most_steps; ++step) {
            const State next = better(i, best, color, scale);
            if (next.error >= best.error) break;
            best = next;
        }
        part_.shape[i] = best.shape;
        part_.geometry[i] = best.geometry;
        if (best.geometry == start.geometry) return;
        canvas_.add(splat, color, -1);
        splat = splat_of(best.geometry);
        canvas_.add(splat, color, 1);
    }

    [[nodiscard]] double error_of(const Geometry& geometry, std::span<const float> color) const {
        return squared_error(splat_of(geometry), color, drawing_, samples_);
    }

    /// The best of a state and those next to it.
    State better(int i, const State& state, std::span<const float> color, const ShapeScale& scale) {
        State best = state;
        for (const Shape& shape : neighbours_of(state.shape, scale)) {
            if (!take(i, shape, state, scale)) continue;
            const double error = error_of(part_.geometry[i], color);
            if (error < best.error) best = {part_.shape[i], part_.geometry[i], error};
        }
        return best;
    }

    /// Gives the Gaussian a shape, at its place or the nearest that it then may have; false where that is none.
    bool take(int i, const Shape& shape, const State& state, const ShapeScale& scale) {
        part_.shape[i] = shape;
        const bool moves = shape.along != state.shape.along || shape.across != state.shape.across;
        if (moves) {
            if (!scale.lattice(shape).contains({shape.along, shape.across})) return false;
            part_.geometry[i] = scale.geometry(shape);
        } else {
            quantise_place(std::ldexp(state.geometry.x, -place_bits), std::ldexp(state.geometry.y, -place_bits), scale,
                           part_, i);
        }
        return true;
    }

    Part& part_;
    Drawn& drawn_;
    Drawing drawing_;
    Log least_sigma_;
    Steps steps_;
    Canvas canvas_;
    Samples samples_;
};

/// Parts of the same kind are far from each other: the layer, and chunks of even or odd columns and rows.
std::array<std::vector<std::size_t>, 5> kinds_of(const Plan& plan) {
    const Layout layout(plan.header);
    std::array<std::vector<std::size_t>, 5> kinds;
    const auto kind_of = [&](std::int64_t part) {
        if (part == 0) return std::int64_t{0};
        const std::int64_t chunk = part - 1;
        return 1 + chunk / layout.chunk_columns % 2 * 2 + chunk % layout.chunk_columns % 2;
    };
    for (std::size_t part = 0; part < plan.parts.size(); ++part) {
        if (!plan.parts[part].items.empty()) kinds[kind_of(static_cast<std::int64_t>(part))].push_back(part);
    }
    return kinds;
}

}  // namespace

void settle(Plan& plan, const PackedView& target, double seconds) {
    using Clock = std::chrono::steady_clock;
    const std::chrono::duration<double> limit(seconds);
    const Clock::time_point start = Clock::now();
    const Blending& blending = plan.header.description.blending;
    if (blending.selects() || blending.support != Support::ellipse) return;
    const Drawing drawing = drawing_of(blending);
    std::vector<Drawn> drawn;
    for (const PlannedPart& planned : plan.parts) drawn.emplace_back(planned.part, drawing.limit, target);
    for (const auto& kind : kinds_of(plan)) {
        std::vector<Drawn> changed;
        for (const std::size_t part : kind) changed.push_back(drawn[part]);
        parallel_for(static_cast<std::int64_t>(kind.size()), [&](std::int64_t k) {
            if (Clock::now() - start > limit) return;
            Settling settling(plan, plan.parts[kind[k]], changed[k], drawing, target);
            for (const Drawn& others : drawn) settling.draw(others);
            for (int sweep = 0; sweep < sweeps; ++sweep) settling.run();
        });
        for (std::size_t k = 0; k < kind.size(); ++k) drawn[kind[k]] = std::move(changed[k]);
    }
}

}  // namespace gsfit::codec

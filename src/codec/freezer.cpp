// Rounds a field bit by bit while it is trained, and settles what came of that.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "codec/fit.h"
#include "codec/floats.h"
#include "codec/quantise.h"
#include "codec/settle.h"
#include "codec/write.h"

namespace gsfit::codec {
namespace {

constexpr int quarters = Freezer::stages / 3;

enum class Kind { color, form, place };

struct Interval {
    double least, most;
};

/// A quarter of the Gaussians, another one for each kind.
bool is_chosen(std::size_t gaussian, Kind kind, int quarter) {
    constexpr std::uint32_t golden = 2654435761U;
    const auto number = static_cast<std::uint32_t>(gaussian * 3 + static_cast<std::size_t>(kind));
    return static_cast<int>((number * golden >> 16) % quarters) == quarter;
}

}  // namespace

struct Freezer::State {
    Plan plan;
    std::vector<Item> items;  // in coding order, as are these:
    Gaussians start;
    Gaussians frozen;  // what is decoded, where it is frozen
    int stages_done = 0;

    State(const Gaussians& gaussians, const Description& description, Log error) {
        std::vector<Item> unordered = items_of(gaussians, description);
        plan = plan_of(unordered, description);
        plan.header.error = error;
        fit_areas(plan);
        fit_color_steps(plan, importance_of(unordered, description));
        for (PlannedPart& planned : plan.parts) {
            for (std::size_t& item : planned.items) {
                items.push_back(std::move(unordered[item]));
                item = items.size() - 1;
                take(gaussians, items.back().index);
            }
        }
        frozen = start;
    }

    void take(const Gaussians& from, std::size_t i) {
        const auto copy = [i](const std::vector<float>& source, std::vector<float>& target, std::size_t columns) {
            for (std::size_t k = 0; k < columns; ++k) target.push_back(source[i * columns + k]);
        };
        copy(from.position, start.position, 2);
        copy(from.inv_scale, start.inv_scale, 2);
        copy(from.rotation, start.rotation, 1);
        copy(from.feature, start.feature, static_cast<std::size_t>(plan.header.description.channels));
    }

    [[nodiscard]] bool is_frozen(std::size_t gaussian, Kind kind) const {
        for (int stage = static_cast<int>(kind) * quarters; stage < stages_done; ++stage) {
            if (stage / quarters == static_cast<int>(kind) && is_chosen(gaussian, kind, stage % quarters)) return true;
        }
        return false;
    }

    void freeze(const Gaussians& now) {
        const Description& description = plan.header.description;
        const Kind kind{stages_done / quarters};
        const int quarter = stages_done % quarters;
        for (std::size_t i = 0; i < items.size(); ++i) items[i] = item_of(now, description, i);
        if (kind == Kind::form && quarter == 0) {
            fit_colors(plan);
            fit_shape_steps(plan, importance_of(items, description));
        }
        frozen = {};
        for (PlannedPart& planned : plan.parts) {
            for (int i = 0; i < planned.part.size(); ++i) {
                if (is_chosen(planned.items[i], kind, quarter)) quantise(planned, i, kind);
            }
            append(frozen, planned.part, description);
        }
        ++stages_done;
    }

    void quantise(PlannedPart& planned, int i, Kind kind) {
        const Item& item = items[planned.items[i]];
        const Steps steps = plan.steps(planned);
        if (kind == Kind::color) return quantise_color(item, steps, planned.part, i);
        const ShapeScale scale(planned.part, steps, plan.header.least_sigma, i);
        if (kind == Kind::form) quantise_form(item, scale, planned.part, i);
        quantise_place(item.x, item.y, scale, planned.part, i);
    }

    void hold(Gaussians& now) const {
        for (const PlannedPart& planned : plan.parts) {
            for (int i = 0; i < planned.part.size(); ++i) hold(now, planned, i);
        }
    }

    void hold(Gaussians& now, const PlannedPart& planned, int i) const {
        const std::size_t k = planned.items[i];
        hold_frozen(now, k);
        if (!is_frozen(k, Kind::form)) keep_class(&now.inv_scale[2 * k], planned.part.area[i]);
        if (!is_frozen(k, Kind::place)) keep_cell(&now.position[2 * k], planned.part.grid, planned.part.cell[i]);
    }

    void hold_frozen(Gaussians& now) const {
        for (std::size_t k = 0; k < items.size(); ++k) hold_frozen(now, k);
    }

    void hold_frozen(Gaussians& now, std::size_t k) const {
        const auto copy = [k](const std::vector<float>& source, std::vector<float>& target, std::size_t columns) {
            std::copy_n(source.begin() + static_cast<std::ptrdiff_t>(k * columns), columns,
                        target.begin() + static_cast<std::ptrdiff_t>(k * columns));
        };
        if (is_frozen(k, Kind::color)) {
            copy(frozen.feature, now.feature, static_cast<std::size_t>(plan.header.description.channels));
        }
        if (is_frozen(k, Kind::form)) {
            copy(frozen.inv_scale, now.inv_scale, 2);
            copy(frozen.rotation, now.rotation, 1);
        }
        if (is_frozen(k, Kind::place)) copy(frozen.position, now.position, 2);
    }

    /// Of the mean log2 sigma.
    static Interval class_range(int area) {
        return {std::ldexp(least_area + area * area_step + 1, -log_bits),
                std::ldexp(least_area + (area + 1) * area_step - 1, -log_bits)};
    }

    static void keep_class(float* inv_scale, int area) {
        const double log = -(std::log2(inv_scale[0]) + std::log2(inv_scale[1])) / 2;
        const auto [least, most] = class_range(area);
        const auto factor = static_cast<float>(std::exp2(log - std::clamp(log, least, most)));
        inv_scale[0] *= factor;
        inv_scale[1] *= factor;
    }

    /// Across and down [pixels].
    static std::array<Interval, 2> cell_ranges(const Grid& grid, int cell) {
        const auto range = [&](std::int64_t first, int index) -> Interval {
            const auto left = static_cast<double>(first + std::int64_t{index} * grid.cell);
            return {left + 1e-3, left + grid.cell - 1e-3};
        };
        return {range(grid.left, cell % grid.columns), range(grid.top, cell / grid.columns)};
    }

    /// Of the image [pixels].
    [[nodiscard]] std::array<double, 2> sides() const {
        const Description& description = plan.header.description;
        return {static_cast<double>(description.width), static_cast<double>(description.height)};
    }

    void keep_cell(float* position, const Grid& grid, int cell) const {
        const std::array<Interval, 2> ranges = cell_ranges(grid, cell);
        for (std::size_t k = 0; k < 2; ++k) {
            const double side = sides()[k];
            position[k] = static_cast<float>(std::clamp(position[k] * side, ranges[k].least, ranges[k].most) / side);
        }
    }

    [[nodiscard]] Bounds bounds() const {
        constexpr float infinity = std::numeric_limits<float>::infinity();
        const auto filled = [&](float with) {
            Gaussians all = start;
            for (auto* numbers : {&all.position, &all.inv_scale, &all.rotation, &all.feature}) {
                std::ranges::fill(*numbers, with);
            }
            return all;
        };
        Bounds bounds{.least = filled(-infinity), .most = filled(infinity), .size = {}};
        bounds.size.resize(2 * items.size());
        for (const PlannedPart& planned : plan.parts) {
            for (int i = 0; i < planned.part.size(); ++i) bound(bounds, planned, i);
        }
        for (Gaussians* side : {&bounds.least, &bounds.most}) hold_frozen(*side);
        return bounds;
    }

    /// Its cell and class: what is frozen in them is so again after hold_frozen().
    void bound(Bounds& bounds, const PlannedPart& planned, int i) const {
        const std::size_t k = planned.items[i];
        const std::array<Interval, 2> ranges = cell_ranges(planned.part.grid, planned.part.cell[i]);
        for (std::size_t axis = 0; axis < 2; ++axis) {
            bounds.least.position[2 * k + axis] = static_cast<float>(ranges[axis].least / sides()[axis]);
            bounds.most.position[2 * k + axis] = static_cast<float>(ranges[axis].most / sides()[axis]);
        }
        const Interval range = class_range(planned.part.area[i]);
        bounds.size[2 * k] = static_cast<float>(range.least);
        bounds.size[2 * k + 1] = static_cast<float>(range.most);
    }
};

Freezer::Freezer(const Gaussians& gaussians, const Description& description, double q)
    : state_(std::make_unique<State>(gaussians, description,
                                     static_cast<Log>(std::lround(std::ldexp(std::log2(q), log_bits))))) {}

Freezer::~Freezer() = default;

const Gaussians& Freezer::start() const { return state_->start; }

void Freezer::freeze(const Gaussians& now) { state_->freeze(now); }

void Freezer::hold(Gaussians& now) const { state_->hold(now); }

Freezer::Bounds Freezer::bounds() const { return state_->bounds(); }

void Freezer::settle(const PackedView& target, double seconds) { codec::settle(state_->plan, target, seconds); }

std::vector<std::byte> Freezer::file() const {
    Plan plan = state_->plan;
    return file_of(plan);
}

}  // namespace gsfit::codec

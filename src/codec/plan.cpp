#include "codec/plan.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "codec/index.h"
#include "gsfit/core/error.h"

namespace gsfit::codec {
namespace {

constexpr double cells_per_gaussian = 2;
constexpr std::int64_t one_chunk = 3 << 18;   // [pixels] of an image that is not worth dividing
constexpr std::int64_t chunk_side = 512;      // [pixels]
constexpr std::int64_t least_in_chunk = 700;  // Gaussians, on average: fewer do not pay for a chunk's beginning
constexpr std::int64_t most_chunk_cells = 128;
constexpr double large_reach = 0.25;  // of a chunk's side: a support beyond that belongs to the layer

double log2_area(const Item& item) { return (std::log2(item.major) + std::log2(item.minor)) / 2; }

int area_of(const Item& item) {
    const double steps = std::floor((std::ldexp(log2_area(item), log_bits) - least_area) / area_step);
    return static_cast<int>(std::clamp(steps, 0.0, most_areas - 1.0));
}

/// The side at which there are so many cells for each Gaussian.
int cell_of(double pixels, std::size_t gaussians) {
    const double pitch =
        std::sqrt(pixels / static_cast<double>(std::max<std::size_t>(gaussians, 1)) / cells_per_gaussian);
    return static_cast<int>(std::clamp(std::round(pitch), 1.0, 65536.0));
}

/// Of as many chunks as pay, all about as large.
int chunk_cells_of(const Header& header, std::size_t gaussians) {
    const std::int64_t columns = ceil_divide(header.description.width, header.cell);
    const std::int64_t rows = ceil_divide(header.description.height, header.cell);
    const bool is_small = header.description.width * header.description.height <= one_chunk;
    std::int64_t cells = is_small ? std::max(columns, rows) : ceil_divide(chunk_side, header.cell);
    cells = std::min(cells, most_chunk_cells);
    const auto pays = [&] {
        const std::int64_t chunks = ceil_divide(columns, cells) * ceil_divide(rows, cells);
        return chunks * least_in_chunk <= static_cast<std::int64_t>(gaussians);
    };
    while (cells < most_chunk_cells && !pays()) ++cells;
    const auto needed = [&](std::int64_t all) { return ceil_divide(all, ceil_divide(all, cells)); };
    return static_cast<int>(std::max(needed(columns), needed(rows)));
}

/// Cells that hold all centres outside the image, as far as a margin may go.
int margin_of(const std::vector<Item>& items, const Header& header) {
    double outside = 0;
    for (const Item& item : items) {
        outside = std::max({outside, -item.x, item.x - static_cast<double>(header.description.width), -item.y,
                            item.y - static_cast<double>(header.description.height)});
    }
    return static_cast<int>(std::min(std::ceil(outside / header.cell), 32.0));
}

Log least_sigma_of(const std::vector<Item>& items) {
    double least = 1;
    for (const Item& item : items) least = std::min(least, item.minor);
    return static_cast<Log>(std::max(std::floor(std::ldexp(std::log2(least), log_bits)), 1.0 * least_area));
}

bool is_large(const Item& item, const Header& header) {
    return std::max(item.half_width, item.half_height) > large_reach * header.cell * header.chunk_cells;
}

int layer_cell_of(const std::vector<Item>& items, const Header& header) {
    const auto large = static_cast<std::size_t>(
        std::count_if(items.begin(), items.end(), [&](const Item& item) { return is_large(item, header); }));
    const bool is_whole = Layout(header).parts() == 2;  // one chunk is read as a whole in any case
    if (large == 0 || is_whole) return 0;
    const double width = static_cast<double>(header.description.width);
    const double height = static_cast<double>(header.description.height);
    const int least = static_cast<int>(std::ceil(std::max(width, height) / static_cast<double>(most_chunk_cells)));
    return std::max({cell_of(width * height, large), least, header.cell});
}

Header header_of(const std::vector<Item>& items, const Description& description) {
    Header header;
    header.description = description;
    header.cell =
        cell_of(static_cast<double>(description.width) * static_cast<double>(description.height), items.size());
    header.chunk_cells = chunk_cells_of(header, items.size());
    header.margin = margin_of(items, header);
    header.least_sigma = least_sigma_of(items);
    header.layer_cell = layer_cell_of(items, header);
    header.models = Models::usual(description.channels);
    return header;
}

/// Sorts the part's items into coding order.
void fill(PlannedPart& planned, const std::vector<Item>& items) {
    if (planned.items.size() > static_cast<std::size_t>(IndexEntry::most_gaussians)) {
        throw UsageError("a chunk of the image holds more than " + std::to_string(IndexEntry::most_gaussians) +
                         " Gaussians, which a .gsf file cannot hold; fit fewer");
    }
    Part& part = planned.part;
    std::vector<std::tuple<int, int, std::size_t>> order;
    for (const std::size_t i : planned.items) {
        order.emplace_back(part.grid.cell_at(items[i].x, items[i].y), -area_of(items[i]), i);
    }
    std::sort(order.begin(), order.end());
    part.resize(static_cast<int>(order.size()));
    part.first.assign(static_cast<std::size_t>(part.grid.cells()) + 1, 0);
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto& [cell, area, item] = order[i];
        part.cell[i] = cell;
        part.area[i] = -area;
        planned.items[i] = item;
        ++part.first[cell + 1];
    }
    for (int cell = 0; cell < part.grid.cells(); ++cell) part.first[cell + 1] += part.first[cell];
    planned.surroundings = std::make_shared<Surroundings>(part);
}

}  // namespace

Plan plan_of(const std::vector<Item>& items, const Description& description) {
    Plan plan{header_of(items, description), {}};
    const Layout layout(plan.header);
    plan.parts.resize(static_cast<std::size_t>(layout.parts()));
    for (std::size_t i = 0; i < items.size(); ++i) {
        const bool in_layer = plan.header.layer_cell > 0 && is_large(items[i], plan.header);
        plan.parts[in_layer ? 0 : layout.chunk_at(items[i].x, items[i].y)].items.push_back(i);
    }
    for (std::size_t part = 0; part < plan.parts.size(); ++part) {
        plan.parts[part].part.grid = layout.grid(static_cast<std::int64_t>(part));
        plan.parts[part].part.channels = description.channels;
        fill(plan.parts[part], items);
    }
    return plan;
}

}  // namespace gsfit::codec

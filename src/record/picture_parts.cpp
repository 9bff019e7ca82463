#include "record/picture_parts.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <string>

#include "gsfit/draw/dots.h"
#include "gsfit/image.h"

namespace gsfit {
namespace {

using Color = std::array<std::uint8_t, 3>;
constexpr Color blue{90, 200, 250};
constexpr Color orange{255, 159, 28};

/// Grey for the most part and dark, so that dots stand out.
void darken(Picture& picture) {
    for (std::size_t i = 0; i < picture.rgb.size(); i += 3) {
        std::uint8_t* rgb = picture.rgb.data() + i;
        const double grey = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
        for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>(0.38 * grey + 0.22 * rgb[c]);
    }
}

double pixels(const Picture& picture) { return static_cast<double>(picture.width * picture.height); }

/// So that dots are seen when a large picture is shown on a screen.
double smallest_radius(const Picture& picture) { return std::max(1.0, std::sqrt(pixels(picture)) / 900); }

/// Of how many Gaussians one is shown.
std::size_t thinning(const Picture& picture, std::size_t count) {
    constexpr double room = 28;  // of a dot, where they are densest [radius^2]
    const double most = pixels(picture) / (room * smallest_radius(picture) * smallest_radius(picture));
    return std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(static_cast<double>(count) / most)));
}

/// The more room each dot has, the larger.
double dot_radius(const Picture& picture, std::size_t shown) {
    const double spacing = std::sqrt(pixels(picture) / static_cast<double>(std::max<std::size_t>(1, shown)));
    return std::clamp(0.16 * spacing, smallest_radius(picture), 2 * smallest_radius(picture));
}

std::vector<Dot> dots_of(const std::vector<Position>& positions, std::size_t every, const Picture& picture) {
    std::vector<Dot> dots;
    for (std::size_t i = 0; i < positions.size(); i += every) {
        dots.push_back({static_cast<double>(positions[i].x) * static_cast<double>(picture.width),
                        static_cast<double>(positions[i].y) * static_cast<double>(picture.height)});
    }
    return dots;
}

/// 1234567 as "1,234,567".
std::string with_separators(std::size_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
    return digits;
}

std::string one_in(std::size_t every) { return every == 1 ? "" : " (one in " + with_separators(every) + " is shown)"; }

/// Where one of neighbouring patches ends and the next begins when they share their overlap: of each patch, by where it
/// starts, where its cell does.
std::map<std::int64_t, std::int64_t> cell_starts(const std::map<std::int64_t, std::int64_t>& sizes) {
    std::map<std::int64_t, std::int64_t> starts;
    std::int64_t end = 0;  // of the patch before
    for (const auto& [start, size] : sizes) {
        starts[start] = (start + std::max(start, end)) / 2;
        end = start + size;
    }
    return starts;
}

}  // namespace

std::vector<Position> positions_of(const at::Tensor& position) {
    const auto* values = position.const_data_ptr<float>();
    std::vector<Position> positions(static_cast<std::size_t>(position.size(0)));
    for (Position& p : positions) {
        p.x = *values++;
        p.y = *values++;
    }
    return positions;
}

std::vector<Position> without(const std::vector<Position>& positions, std::vector<Position> others) {
    const auto less = [](const Position& a, const Position& b) { return a.x < b.x || (a.x == b.x && a.y < b.y); };
    std::ranges::sort(others, less);
    std::vector<Position> rest;
    std::ranges::copy_if(positions, std::back_inserter(rest),
                         [&](const Position& p) { return !std::ranges::binary_search(others, p, less); });
    return rest;
}

Picture positions_picture(Picture render, const std::vector<Position>& positions) {
    darken(render);
    const std::size_t every = thinning(render, positions.size());
    const std::vector<Dot> dots = dots_of(positions, every, render);
    draw_dots(render, dots, {.radius = dot_radius(render, dots.size()), .color = blue});
    return with_dot_legend(render, {{blue, with_separators(positions.size()) + " Gaussians" + one_in(every)}});
}

Picture added_picture(Picture render, const std::vector<Position>& before, const std::vector<Position>& added) {
    darken(render);
    const std::size_t every = thinning(render, before.size() + added.size());
    const std::vector<Dot> old_dots = dots_of(before, every, render);
    const std::vector<Dot> new_dots = dots_of(added, every, render);
    const double radius = dot_radius(render, old_dots.size() + new_dots.size());
    draw_dots(render, old_dots, {.radius = 0.8 * radius, .color = blue});
    draw_dots(render, new_dots, {.radius = radius, .color = orange});
    return with_dot_legend(render, {{orange, with_separators(added.size()) + " added"},
                                    {blue, with_separators(before.size()) + " before" + one_in(every)}});
}

std::vector<PatchScore> without_overlap(std::vector<PatchScore> patches) {
    std::map<std::int64_t, std::int64_t> widths, heights;
    for (const PatchScore& patch : patches) {
        widths[patch.x] = patch.width;
        heights[patch.y] = patch.height;
    }
    const auto across = cell_starts(widths);
    const auto down = cell_starts(heights);
    const auto end = [](const auto& cells, std::int64_t start, std::int64_t size) {
        const auto next = cells.upper_bound(start);
        return next == cells.end() ? start + size : next->second;
    };
    for (PatchScore& patch : patches) {
        const std::int64_t right = end(across, patch.x, patch.width);
        const std::int64_t bottom = end(down, patch.y, patch.height);
        patch.x = across.at(patch.x);
        patch.y = down.at(patch.y);
        patch.width = right - patch.x;
        patch.height = bottom - patch.y;
    }
    return patches;
}

void write_picture(const std::filesystem::path& path, const Picture& picture) {
    const auto band = [&](std::int64_t first, std::int64_t rows) {
        at::Tensor image = at::empty({rows, picture.width, 3}, at::kFloat);
        auto* values = image.mutable_data_ptr<float>();
        const std::uint8_t* bytes = picture.pixel(0, first);
        for (std::int64_t i = 0; i < image.numel(); ++i) values[i] = static_cast<float>(bytes[i]) / 255.0F;
        return image.permute({2, 0, 1});
    };
    write_image(path, ImageBands{.width = picture.width, .height = picture.height, .channels = 3, .band = band});
}

}  // namespace gsfit

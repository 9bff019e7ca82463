// FLIP. Both images go through what a person sees of them from afar: colours blurred as the eye's sensitivity to their
// contrast has it, then compared where it perceives differences as equal (Hunt-adjusted L*a*b*); and edges and points,
// which count more than colours. Names are the paper's: "FLIP: A Difference Evaluator for Alternating Images",
// Proceedings of the ACM on Computer Graphics and Interactive Techniques 3, 2 (2020).

#include "gsfit/eval/flip.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "eval/planes.h"
#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"

namespace gsfit {

namespace {

using Kernel = std::vector<float>;
using Color = std::array<float, 3>;
using Matrix = std::array<Color, 3>;

constexpr float color_exponent = 0.7F;     // q_c
constexpr float color_break = 0.4F;        // p_c, of the greatest colour difference
constexpr float value_at_break = 0.95F;    // p_t
constexpr double feature_degrees = 0.082;  // w: width of the features that are looked for
constexpr float feature_exponent = 0.5F;   // q_f

// Colours. XYZ are those of sRGB's primaries over those of its white, D65, so that white is (1, 1, 1).

constexpr Matrix xyz_of_rgb{Color{0.4338873F, 0.3762240F, 0.1898886F}, Color{0.2126390F, 0.7151687F, 0.0721923F},
                            Color{0.0177500F, 0.1094476F, 0.8728023F}};
constexpr Matrix rgb_of_xyz{Color{3.0803991F, -1.5373832F, -0.5430159F}, Color{-0.9212234F, 1.8759675F, 0.0452559F},
                            Color{0.0528739F, -0.2039770F, 1.1511030F}};

Color product(const Matrix& matrix, const Color& color) {
    const auto row = [&](const Color& m) { return m[0] * color[0] + m[1] * color[1] + m[2] * color[2]; };
    return {row(matrix[0]), row(matrix[1]), row(matrix[2])};
}

float linear(float srgb) { return srgb <= 0.04045F ? srgb / 12.92F : std::pow((srgb + 0.055F) / 1.055F, 2.4F); }

/// The opponent space YCxCz, in which contrast sensitivity is known.
Color ycxcz(const Color& rgb) {
    const auto [x, y, z] = product(xyz_of_rgb, rgb);
    return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

float luminance(float ycxcz_y) { return (ycxcz_y + 16) / 116; }

Color rgb_of_ycxcz(const Color& opponent) {
    const float y = luminance(opponent[0]);
    const Color rgb = product(rgb_of_xyz, {y + opponent[1] / 500, y, y - opponent[2] / 200});
    return {std::clamp(rgb[0], 0.0F, 1.0F), std::clamp(rgb[1], 0.0F, 1.0F), std::clamp(rgb[2], 0.0F, 1.0F)};
}

/// L*a*b*, its chroma less where it is dark.
Color hunt_lab(const Color& rgb) {
    constexpr float delta = 6.0F / 29;
    const auto f = [](float t) {
        return t > delta * delta * delta ? std::cbrt(t) : t / (3 * delta * delta) + 4.0F / 29;
    };
    const auto [x, y, z] = product(xyz_of_rgb, rgb);
    const float lightness = 116 * f(y) - 16;
    const float hunt = 0.01F * lightness;
    return {lightness, hunt * 500 * (f(x) - f(y)), hunt * 200 * (f(y) - f(z))};
}

float length(float x, float y) { return std::sqrt(x * x + y * y); }

/// HyAB distance, raised to q_c.
float color_distance(const Color& one, const Color& other) {
    const float hyab = std::abs(one[0] - other[0]) + length(one[1] - other[1], one[2] - other[2]);
    return std::pow(hyab, color_exponent);
}

/// The greatest distance: between green and blue.
float greatest_color_distance() {
    static const float distance = color_distance(hunt_lab({0, 1, 0}), hunt_lab({0, 0, 1}));
    return distance;
}

/// A distance in 0..1: those up to p_c of the greatest fill the range up to p_t.
float color_difference(float distance) {
    const float greatest = greatest_color_distance();
    const float broken = color_break * greatest;
    return distance < broken ? value_at_break / broken * distance
                             : value_at_break + (distance - broken) / (greatest - broken) * (1 - value_at_break);
}

// Filters. All are made of separable ones.

/// A Gaussian of a contrast sensitivity function: a sqrt(pi / b) exp(-(pi d)^2 / b), d in degrees.
struct Sensitivity {
    double a;
    double b;
};

/// A Gaussian kernel and how much it counts.
struct Lobe {
    Kernel kernel;
    float weight;
};

/// The values of f at -radius..radius.
template <class F>
std::vector<double> sampled(std::int64_t radius, const F& f) {
    std::vector<double> values;
    for (std::int64_t k = -radius; k <= radius; ++k) values.push_back(f(static_cast<double>(k)));
    return values;
}

/// Its positive values divided by their sum, and likewise its negative ones.
Kernel normalized(const std::vector<double>& values) {
    double above = 0;
    double below = 0;
    for (const double value : values) (value > 0 ? above : below) += std::abs(value);
    Kernel kernel;
    for (const double value : values) {
        kernel.push_back(static_cast<float>(value == 0 ? 0 : value / (value > 0 ? above : below)));
    }
    return kernel;
}

/// The filter that is the sum of these Gaussians in two dimensions, divided by the sum of its values.
std::vector<Lobe> lobes_of(const std::vector<Sensitivity>& sensitivities, double pixels_per_degree,
                           std::int64_t radius) {
    std::vector<Lobe> lobes;
    double total = 0;
    for (const auto& [a, b] : sensitivities) {
        const auto values = sampled(radius, [&, b = b](double k) {
            const double d = std::numbers::pi * k / pixels_per_degree;
            return std::exp(-d * d / b);
        });
        double sum = 0;
        for (const double value : values) sum += value;
        const double weight = a * std::sqrt(std::numbers::pi / b) * sum * sum;
        lobes.push_back({normalized(values), static_cast<float>(weight)});
        total += weight;
    }
    for (Lobe& lobe : lobes) lobe.weight = static_cast<float>(lobe.weight / total);
    return lobes;
}

struct Filters {
    explicit Filters(double pixels_per_degree);

    std::int64_t radius;                        ///< of all [pixels]
    std::array<std::vector<Lobe>, 3> contrast;  ///< of Y, Cx and Cz
    Kernel gaussian;
    Kernel edge;   ///< first derivative
    Kernel point;  ///< second derivative
};

Filters::Filters(double pixels_per_degree) {
    const std::array<std::vector<Sensitivity>, 3> sensitivities{
        {{{1, 0.0047}}, {{1, 0.0053}}, {{34.1, 0.04}, {13.5, 0.025}}}};
    constexpr double widest = 0.04;
    radius = static_cast<std::int64_t>(std::ceil(3 * std::sqrt(widest / 2) / std::numbers::pi * pixels_per_degree));
    for (std::size_t i = 0; i < contrast.size(); ++i) {
        contrast[i] = lobes_of(sensitivities[i], pixels_per_degree, radius);
    }
    const double sigma = feature_degrees / 2 * pixels_per_degree;
    const double reach = std::ceil(3 * sigma);
    const auto gauss = [&](double k) { return std::abs(k) > reach ? 0 : std::exp(-k * k / (2 * sigma * sigma)); };
    gaussian = normalized(sampled(radius, gauss));
    edge = normalized(sampled(radius, [&](double k) { return k * gauss(k); }));
    point = normalized(sampled(radius, [&](double k) { return (k * k / (sigma * sigma) - 1) * gauss(k); }));
}

/// The plane through the filter, which is smaller by the radius on every side.
Plane filtered(const Plane& plane, const std::vector<Lobe>& lobes) {
    const auto through = [&](const Lobe& lobe) { return filter_columns(filter_rows(plane, lobe.kernel), lobe.kernel); };
    Plane result = through(lobes.front());
    if (lobes.size() == 1) return result;
    for (float& value : result.values) value *= lobes.front().weight;
    for (std::size_t i = 1; i < lobes.size(); ++i) {
        const Plane other = through(lobes[i]);
        for (std::size_t k = 0; k < result.values.size(); ++k) result.values[k] += lobes[i].weight * other.values[k];
    }
    return result;
}

/// Rows of a raster: its colours [3,n,w].
struct Strip {
    at::Tensor values;
    std::int64_t first_row;  ///< of the raster
    std::int64_t height;     ///< of the raster
};

/// YCxCz of the tile and `border` pixels around it, where the image is continued by its outermost pixels. The tile's y
/// is the raster's.
std::array<Plane, 3> opponents_of(const Strip& strip, const Tile& tile, std::int64_t border) {
    const Plane empty(tile.width + 2 * border, tile.height + 2 * border);
    std::array<Plane, 3> planes{empty, empty, empty};
    const auto values = strip.values.accessor<const float, 3>();
    for (std::int64_t y = 0; y < empty.height; ++y) {
        const std::int64_t row = std::clamp<std::int64_t>(tile.y + y - border, 0, strip.height - 1) - strip.first_row;
        for (std::int64_t x = 0; x < empty.width; ++x) {
            const std::int64_t column = std::clamp<std::int64_t>(tile.x + x - border, 0, values.size(2) - 1);
            const auto channel = [&](int c) { return linear(std::clamp(values[c][row][column], 0.0F, 1.0F)); };
            const Color opponent = ycxcz({channel(0), channel(1), channel(2)});
            for (std::size_t c = 0; c < 3; ++c) planes[c].row(y)[x] = opponent[c];
        }
    }
    return planes;
}

/// The lengths of the gradients that two derivatives make.
Plane lengths(Plane across, const Plane& down) {
    for (std::size_t i = 0; i < across.values.size(); ++i) {
        across.values[i] = length(across.values[i], down.values[i]);
    }
    return across;
}

/// How strongly a derivative of luminance answers at each pixel.
Plane response(const Plane& luminances, const Kernel& derivative, const Kernel& gaussian) {
    return lengths(filter_columns(filter_rows(luminances, derivative), gaussian),
                   filter_columns(filter_rows(luminances, gaussian), derivative));
}

/// What is seen of a tile of an image.
struct Percept {
    std::vector<Color> colors;
    Plane edges;
    Plane points;
};

Percept percept_of(const Strip& strip, const Tile& tile, const Filters& filters) {
    const std::array<Plane, 3> opponents = opponents_of(strip, tile, filters.radius);
    Plane luminances = opponents[0];
    for (float& value : luminances.values) value = luminance(value);
    Percept percept{{},
                    response(luminances, filters.edge, filters.gaussian),
                    response(luminances, filters.point, filters.gaussian)};
    const Plane y = filtered(opponents[0], filters.contrast[0]);
    const Plane cx = filtered(opponents[1], filters.contrast[1]);
    const Plane cz = filtered(opponents[2], filters.contrast[2]);
    for (std::size_t i = 0; i < y.values.size(); ++i) {
        percept.colors.push_back(hunt_lab(rgb_of_ycxcz({y.values[i], cx.values[i], cz.values[i]})));
    }
    return percept;
}

float flip_at(const Percept& one, const Percept& other, std::size_t i) {
    const float color = color_difference(color_distance(one.colors[i], other.colors[i]));
    const float feature = std::max(std::abs(one.edges.values[i] - other.edges.values[i]),
                                   std::abs(one.points.values[i] - other.points.values[i]));
    return std::pow(color, 1 - std::pow(feature / std::numbers::sqrt2_v<float>, feature_exponent));
}

/// The rows of the map [1,n,w].
at::Tensor map_of(const Strip& image, const Strip& target, const Rows& rows, const Filters& filters) {
    at::Tensor map = at::empty({1, rows.count, image.values.size(2)});
    auto out = map.accessor<float, 3>();
    const std::vector<Tile> tiles = tiles_of(map.size(2), rows.count);
    parallel_for(static_cast<std::int64_t>(tiles.size()), [&](std::int64_t t) {
        const Tile& tile = tiles[static_cast<std::size_t>(t)];
        const Tile of_raster{tile.x, rows.first + tile.y, tile.width, tile.height};
        const Percept one = percept_of(image, of_raster, filters);
        const Percept other = percept_of(target, of_raster, filters);
        for (std::int64_t y = 0; y < tile.height; ++y) {
            for (std::int64_t x = 0; x < tile.width; ++x) {
                out[0][tile.y + y][tile.x + x] = flip_at(one, other, static_cast<std::size_t>(y * tile.width + x));
            }
        }
    });
    return map;
}

}  // namespace

ImageBands flip_map(const ImageBands& image, const ImageBands& target, double pixels_per_degree) {
    check_comparable("flip", image, target);
    if (!(pixels_per_degree > 0) || std::isinf(pixels_per_degree)) {
        throw Error("flip: " + std::to_string(pixels_per_degree) +
                    " pixels per degree make no screen; give a number above 0.");
    }
    const auto band = [image = colors_of(image), target = colors_of(target), filters = Filters(pixels_per_degree)](
                          std::int64_t first, std::int64_t count) {
        const std::int64_t top = std::max(first - filters.radius, std::int64_t{0});
        const std::int64_t rows = std::min(first + count + filters.radius, image.height) - top;
        return map_of({image.band(top, rows), top, image.height}, {target.band(top, rows), top, image.height},
                      {first, count}, filters);
    };
    return {.width = image.width, .height = image.height, .channels = 1, .band = band};
}

double flip(const ImageBands& image, const ImageBands& target, double pixels_per_degree) {
    const ImageBands map = flip_map(image, target, pixels_per_degree);
    double sum = 0;
    for (std::int64_t first = 0; first < map.height; first += metric_rows) {
        const at::Tensor rows = map.band(first, std::min(metric_rows, map.height - first));
        const auto* values = rows.const_data_ptr<float>();
        for (std::int64_t i = 0; i < rows.numel(); ++i) sum += values[i];
    }
    return sum / (static_cast<double>(map.width) * static_cast<double>(map.height));
}

}  // namespace gsfit

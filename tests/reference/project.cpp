#include <cmath>

#include "reference/reference.h"

namespace gsfit::reference {

namespace {

/// A Gaussian's inverse sigmas in samples, and the cosine and sine of its rotation.
struct Axes {
    double u, v, c, s;
};

/// Samples per inverse pixel of the training raster.
double scale(const Field& field, const Lattice& lattice) {
    return static_cast<double>(field.raster_height) / static_cast<double>(lattice.raster_height) *
           static_cast<double>(lattice.stride);
}

Axes axes(const Field& field, const Lattice& lattice, std::int64_t i) {
    const double k = scale(field, lattice);
    return {field.inv_scale[2 * i] * k, field.inv_scale[2 * i + 1] * k, std::cos(field.rotation[i]),
            std::sin(field.rotation[i])};
}

double in_samples(double position, std::int64_t raster, std::int64_t first, std::int64_t stride) {
    const double pixel = position * static_cast<double>(raster);
    return (pixel - static_cast<double>(first) - 0.5) / static_cast<double>(stride) + 0.5;
}

bool is_finite_float(double value) { return std::isfinite(static_cast<float>(value)); }

}  // namespace

bool is_degenerate(const Splats& splats, std::int64_t i) {
    bool finite = is_finite_float(splats.det[i]) && static_cast<float>(splats.det[i]) > 0;
    for (int k = 0; k < 2; ++k) finite = finite && is_finite_float(splats.center[2 * i + k]);
    for (int k = 0; k < 3; ++k) finite = finite && is_finite_float(splats.conic[3 * i + k]);
    for (int k = 0; k < splats.channels; ++k)
        finite = finite && is_finite_float(splats.feature[splats.channels * i + k]);
    return !finite;
}

Splats project(const Field& field, const Lattice& lattice) {
    Splats splats{field.size,
                  field.channels,
                  std::vector<double>(2 * field.size),
                  std::vector<double>(3 * field.size),
                  std::vector<double>(field.size),
                  field.feature,
                  std::vector<bool>(field.size)};
    for (std::int64_t i = 0; i < field.size; ++i) {
        splats.center[2 * i] = in_samples(field.position[2 * i], lattice.raster_width, lattice.x, lattice.stride);
        splats.center[2 * i + 1] =
            in_samples(field.position[2 * i + 1], lattice.raster_height, lattice.y, lattice.stride);
        const auto [u, v, c, s] = axes(field, lattice, i);
        splats.conic[3 * i] = u * u * c * c + v * v * s * s;
        splats.conic[3 * i + 1] = (u * u - v * v) * s * c;
        splats.conic[3 * i + 2] = u * u * s * s + v * v * c * c;
        splats.det[i] = u * u * v * v;
        splats.degenerate[i] = is_degenerate(splats, i);
    }
    return splats;
}

FieldGradient project_backward(const Field& field, const Lattice& lattice, const SplatGradient& gradient) {
    FieldGradient result{std::vector<double>(2 * field.size), std::vector<double>(2 * field.size),
                         std::vector<double>(field.size), gradient.feature};
    const Splats splats = project(field, lattice);
    const double k = scale(field, lattice);
    const auto stride = static_cast<double>(lattice.stride);
    for (std::int64_t i = 0; i < field.size; ++i) {
        if (splats.degenerate[i]) continue;
        const auto [u, v, c, s] = axes(field, lattice, i);
        const double a = gradient.conic[3 * i];
        const double b = gradient.conic[3 * i + 1];
        const double d = gradient.conic[3 * i + 2];
        result.position[2 * i] = gradient.center[2 * i] * static_cast<double>(lattice.raster_width) / stride;
        result.position[2 * i + 1] = gradient.center[2 * i + 1] * static_cast<double>(lattice.raster_height) / stride;
        result.inv_scale[2 * i] = k * 2 * u * (a * c * c + b * s * c + d * s * s);
        result.inv_scale[2 * i + 1] = k * 2 * v * (a * s * s - b * s * c + d * c * c);
        result.rotation[i] = (u * u - v * v) * (-2 * a * s * c + b * (c * c - s * s) + 2 * d * s * c);
    }
    return result;
}

}  // namespace gsfit::reference

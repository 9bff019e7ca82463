#include "reference/compare.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace gsfit::reference {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

at::Tensor leaf(const at::Tensor& tensor) { return tensor.detach().clone().set_requires_grad(true); }

double distance(double a, double b) { return std::isfinite(a) && std::isfinite(b) ? std::abs(a - b) : infinity; }

}  // namespace

std::vector<double> to_double(const at::Tensor& tensor) {
    const at::Tensor values = tensor.detach().cpu().contiguous();
    const float* data = values.data_ptr<float>();
    return {data, data + values.numel()};
}

Field to_double(const gsfit::Field& field) {
    return {field.size(),
            field.channels(),
            field.raster_height,
            to_double(field.position),
            to_double(field.inv_scale),
            to_double(field.rotation),
            to_double(field.feature)};
}

Splats to_double(const gsfit::Splats& splats) {
    const std::int64_t size = splats.center.size(0);
    Splats result{size,
                  splats.feature.size(1),
                  to_double(splats.center),
                  to_double(splats.conic),
                  to_double(splats.det),
                  to_double(splats.feature),
                  std::vector<bool>(size)};
    for (std::int64_t i = 0; i < size; ++i) result.degenerate[i] = is_degenerate(result, i);
    return result;
}

gsfit::Field leaves(const gsfit::Field& field) {
    return {leaf(field.position), leaf(field.inv_scale), leaf(field.rotation),
            leaf(field.feature),  field.raster_width,    field.raster_height};
}

gsfit::Splats leaves(const gsfit::Splats& splats) {
    return {leaf(splats.center), leaf(splats.conic), splats.det.detach().clone(), leaf(splats.feature)};
}

double relative_error(const at::Tensor& value, const std::vector<double>& truth) {
    const std::vector<double> values = to_double(value);
    if (values.size() != truth.size()) return infinity;
    const std::size_t columns = value.size(1);
    double worst = 0;
    for (std::size_t column = 0; column < columns; ++column) {
        double largest = 0;
        double error = 0;
        for (std::size_t i = column; i < values.size(); i += columns) {
            largest = std::max(largest, std::abs(truth[i]));
            error = std::max(error, distance(values[i], truth[i]));
        }
        if (error > 0) worst = std::max(worst, error / largest);
    }
    return worst;
}

double excess(const at::Tensor& value, const Image& truth, const Image& allowed) {
    const std::vector<double> values = to_double(value);
    if (values.size() != truth.size()) return infinity;
    double worst = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        worst = std::max(worst, distance(values[i], truth[i]) - allowed[i]);
    }
    return worst;
}

bool identical(const at::Tensor& a, const at::Tensor& b) {
    const at::Tensor left = a.detach().cpu().contiguous();
    const at::Tensor right = b.detach().cpu().contiguous();
    return left.sizes() == right.sizes() && left.scalar_type() == right.scalar_type() &&
           std::memcmp(left.const_data_ptr(), right.const_data_ptr(), left.nbytes()) == 0;
}

double difference(const at::Tensor& a, const at::Tensor& b) {
    const std::vector<double> right = to_double(b);
    return excess(a, right, Image(right.size()));
}

LossAndGradient render_loss(const Field& field, const Lattice& lattice, const Blending& blending,
                            const PackedView& target, const PixelLoss& loss) {
    const Splats splats = project(field, lattice);
    const Support seen = blended(splats, lattice, blending);
    const Image image = rasterize(splats, seen, lattice, blending);
    const Image to_image = pixel_loss_backward(image, target, lattice, loss);
    const SplatGradient to_splats = rasterize_backward(splats, seen, lattice, blending, to_image);
    return {pixel_loss(image, target, lattice, loss), project_backward(field, lattice, to_splats)};
}

}  // namespace gsfit::reference

#include "codec/canvas.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gsfit::codec {
namespace {

constexpr float most_of_it = 0.75F;  // of the limit of q: what it sees beyond hardly counts
constexpr double most_samples = 4096;

double determinant(const Splat& splat) { return double{splat.a} * splat.c - double{splat.b} * splat.b; }

}  // namespace

Splat splat_of(const Geometry& geometry) {
    const auto inverse_square = [](Log sigma) { return std::exp2(std::ldexp(-2.0 * sigma, -log_bits)); };
    const double major = inverse_square(geometry.major);
    const double minor = inverse_square(geometry.minor);
    const double angle = geometry.angle * (std::numbers::pi / half_turn);
    const double cosine = std::cos(angle);
    const double sine = std::sin(angle);
    return {.x = static_cast<float>(std::ldexp(geometry.x, -place_bits)),
            .y = static_cast<float>(std::ldexp(geometry.y, -place_bits)),
            .a = static_cast<float>(major * cosine * cosine + minor * sine * sine),
            .b = static_cast<float>((major - minor) * cosine * sine),
            .c = static_cast<float>(major * sine * sine + minor * cosine * cosine)};
}

Window Window::with(const Window& other) const {
    return {std::min(left, other.left), std::min(top, other.top), std::max(right, other.right),
            std::max(bottom, other.bottom)};
}

Window window_of(const Splat& splat, float limit, const PackedView& target) {
    const auto det = static_cast<float>(determinant(splat));
    const auto side = [](float center, float half, std::int64_t size) {
        const auto most = static_cast<float>(size);
        return std::pair(static_cast<std::int64_t>(std::clamp(std::floor(center - half), 0.0F, most)),
                         static_cast<std::int64_t>(std::clamp(std::ceil(center + half), 0.0F, most)));
    };
    const auto [left, right] = side(splat.x, std::sqrt(limit * splat.c / det), target.width);
    const auto [top, bottom] = side(splat.y, std::sqrt(limit * splat.a / det), target.height);
    return {left, top, right, bottom};
}

Canvas::Canvas(const PackedView& target, const Window& window, std::int64_t stride, const Drawing& drawing)
    : window_(window), stride_(stride), drawing_(drawing), channels_(static_cast<std::size_t>(target.channels)) {
    constexpr auto vector = static_cast<std::int64_t>(Samples::vector);
    const std::int64_t seen = (window.right - window.left + stride - 1) / stride;
    columns_ = (seen + vector - 1) / vector * vector;
    rows_ = (window.bottom - window.top + stride - 1) / stride;
    plane_ = static_cast<std::size_t>(columns_ * rows_);
    planes_.resize((1 + 2 * channels_) * plane_);
    for (std::int64_t row = 0; row < rows_; ++row) {
        for (std::size_t c = 0; c < channels_; ++c) {
            float* const values = at(1 + channels_ + c, row);
            for (std::int64_t column = 0; column < seen; ++column) {
                values[column] =
                    target.value(window.left + column * stride, window.top + row * stride, static_cast<int>(c));
            }
        }
    }
}

template <class Visit>
void Canvas::each_run(const Splat& splat, float limit, const Visit& visit) const {
    const auto size = static_cast<double>(stride_);
    // From pixels to columns or rows, of whose pixels the centres count.
    const auto within = [size](double middle, double half, std::int64_t begin, std::int64_t end) {
        const double offset = static_cast<double>(begin) + 0.5;
        const double most = std::ceil(static_cast<double>(end - begin) / size);
        return std::pair(
            static_cast<std::int64_t>(std::clamp(std::ceil((middle - half - offset) / size), 0.0, most)),
            static_cast<std::int64_t>(std::clamp(std::floor((middle + half - offset) / size) + 1, 0.0, most)));
    };
    const double det = determinant(splat);
    const auto [top, bottom] = within(splat.y, std::sqrt(limit * splat.a / det), window_.top, window_.bottom);
    for (std::int64_t row = top; row < bottom; ++row) {
        const double dy = static_cast<double>(window_.top + row * stride_) + 0.5 - splat.y;
        const double half = std::sqrt(std::max(0.0, limit - det / splat.a * dy * dy) / splat.a);
        const auto [first, end] = within(splat.x - splat.b * dy / splat.a, half, window_.left, window_.right);
        if (first < end) visit(row, first, end);
    }
}

void Canvas::add(const Splat& splat, std::span<const float> color, float sign) {
    constexpr auto vector = static_cast<std::int64_t>(Samples::vector);
    each_run(splat, drawing_.limit, [&](std::int64_t row, std::int64_t first, std::int64_t end) {
        const std::int64_t begin = first / vector * vector;
        const std::int64_t count = (end - begin + vector - 1) / vector * vector;
        draw(splat, color, drawing_.limit, sign,
             {.x = static_cast<float>(window_.left + begin * stride_) + 0.5F,
              .y = static_cast<float>(window_.top + row * stride_) + 0.5F,
              .step = static_cast<float>(stride_),
              .count = static_cast<std::size_t>(count),
              .weight = at(0, row) + begin,
              .plane = plane_});
    });
}

/// Runs of the samples that count, thinned to some thousand.
std::int64_t Canvas::find_pieces(const Splat& splat, std::int64_t phase) {
    const float limit = most_of_it * drawing_.limit;
    const auto size = static_cast<double>(stride_ * stride_);
    const double samples = std::numbers::pi * limit / std::sqrt(determinant(splat)) / size;
    const auto step = std::max<std::int64_t>(1, std::llround(std::ceil(std::sqrt(samples / most_samples))));
    pieces_.clear();
    std::int64_t count = 0;
    each_run(splat, limit, [&](std::int64_t row, std::int64_t first, std::int64_t end) {
        if ((row - phase) % step != 0) return;
        const std::int64_t begin = first + ((phase / step - first) % step + step) % step;
        if (begin >= end) return;
        pieces_.push_back({row, begin, end, step});
        count += (end - begin + step - 1) / step;
    });
    return count;
}

void Canvas::look_without(const Splat& splat, std::span<const float> color, std::int64_t phase, Samples& samples) {
    samples.resize(static_cast<std::size_t>(find_pieces(splat, phase)));
    std::size_t place = 0;
    for (const Piece& piece : pieces_) {
        const auto copy = [&](const float* from, float* to) {
            for (std::int64_t column = piece.begin; column < piece.end; column += piece.step) *to++ = from[column];
        };
        const float y = static_cast<float>(window_.top + piece.row * stride_) + 0.5F;
        copy(at(0, piece.row), samples.weight() + place);
        for (std::size_t c = 0; c < channels_; ++c) {
            copy(at(1 + c, piece.row), samples.sum(c) + place);
            copy(at(1 + channels_ + c, piece.row), samples.target(c) + place);
        }
        for (std::int64_t column = piece.begin; column < piece.end; column += piece.step, ++place) {
            samples.x()[place] = static_cast<float>(window_.left + column * stride_) + 0.5F;
            samples.y()[place] = y;
        }
    }
    weights_.resize(samples.room());
    weigh(splat, drawing_.limit, samples, weights_);
    for (std::size_t i = 0; i < place; ++i) samples.weight()[i] -= weights_[i];
    for (std::size_t c = 0; c < channels_; ++c) {
        for (std::size_t i = 0; i < place; ++i) samples.sum(c)[i] -= weights_[i] * color[c];
    }
}

}  // namespace gsfit::codec

#include "gsfit/densify/image_gs.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gsfit/core/parallel.h"
#include "gsfit/gaussians/image_gs.h"
#include "gsfit/gaussians/sampling.h"

namespace gsfit {

namespace {

/// The target under a separable Gaussian whose sigma follows from its width; beyond the border it is mirrored.
class Blur {
public:
    explicit Blur(const PackedView& image) : image_(image), taps_(blur_width(image.width, image.height)) {
        const double half = (static_cast<double>(taps_.size()) - 1) / 2;
        const double sigma = 0.3 * (half - 1) + 0.8;
        double sum = 0;
        for (std::size_t i = 0; i < taps_.size(); ++i) {
            const double distance = (static_cast<double>(i) - half) / sigma;
            taps_[i] = static_cast<float>(std::exp(-0.5 * distance * distance));
            sum += static_cast<double>(taps_[i]);
        }
        for (float& tap : taps_) tap /= static_cast<float>(sum);
    }

    /// Row y, interleaved; `column` has room for a row.
    void row(std::int64_t y, std::vector<float>& column, std::vector<float>& result) const {
        const std::int64_t values = image_.width * image_.channels;
        std::fill_n(column.begin(), values, 0.0F);
        for (std::int64_t t = 0; t < size(); ++t) {
            const std::int64_t from = mirrored(y + t - size() / 2, image_.height);
            for (std::int64_t x = 0; x < image_.width; ++x) {
                for (int c = 0; c < image_.channels; ++c) at(column, x, c) += tap(t) * image_.value(x, from, c);
            }
        }
        std::fill_n(result.begin(), values, 0.0F);
        for (std::int64_t x = 0; x < image_.width; ++x) {
            for (std::int64_t t = 0; t < size(); ++t) {
                const std::int64_t from = mirrored(x + t - size() / 2, image_.width);
                for (int c = 0; c < image_.channels; ++c) at(result, x, c) += tap(t) * at(column, from, c);
            }
        }
    }

private:
    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(taps_.size()); }
    [[nodiscard]] float tap(std::int64_t t) const { return taps_[static_cast<std::size_t>(t)]; }
    float& at(std::vector<float>& row, std::int64_t x, int c) const {
        return row[static_cast<std::size_t>(x * image_.channels + c)];
    }
    /// Without repeating the border.
    static std::int64_t mirrored(std::int64_t place, std::int64_t count) {
        place = std::abs(place);
        return std::max<std::int64_t>(0, place < count ? place : 2 * (count - 1) - place);
    }

    const PackedView& image_;
    std::vector<float> taps_;
};

/// Blurred target minus clamped image, for some rows.
class Residual {
public:
    Residual(const RenderRows& render, const PackedView& target, const Blur& blur, const Rows& rows)
        : rows_(rows), difference_(at::empty({target.channels, rows.count, target.width})) {
        const at::Tensor image = render(rows);
        const auto* drawn = image.const_data_ptr<float>();
        const std::int64_t plane = rows.count * target.width;
        float* values = difference_.data_ptr<float>();
        constexpr std::int64_t grain = 8;
        parallel_ranges(rows.count, grain, [&](std::int64_t begin, std::int64_t end) {
            std::vector<float> column(static_cast<std::size_t>(target.width * target.channels));
            std::vector<float> wanted(column.size());
            for (std::int64_t i = begin; i < end; ++i) {
                blur.row(rows.first + i, column, wanted);
                for (std::int64_t x = 0; x < target.width; ++x) {
                    for (int c = 0; c < target.channels; ++c) {
                        const std::int64_t place = c * plane + i * target.width + x;
                        values[place] = wanted[static_cast<std::size_t>(x * target.channels + c)] -
                                        std::clamp(drawn[place], 0.0F, 1.0F);
                    }
                }
            }
        });
    }

    /// Of the pixels y * width + x.
    [[nodiscard]] float at(std::int64_t pixel, int channel) const {
        const std::int64_t width = difference_.size(2);
        const std::int64_t place = pixel - rows_.first * width;
        return difference_.const_data_ptr<float>()[channel * rows_.count * width + place];
    }

    /// Of all its pixels, row by row.
    [[nodiscard]] std::vector<float> weights() const {
        const std::int64_t first = rows_.first * difference_.size(2);
        std::vector<float> weights(static_cast<std::size_t>(rows_.count * difference_.size(2)));
        for (std::size_t i = 0; i < weights.size(); ++i) {
            float sum = 0;
            for (int c = 0; c < difference_.size(0); ++c) sum += std::abs(at(first + static_cast<std::int64_t>(i), c));
            weights[i] = sum * sum;
        }
        return weights;
    }

private:
    Rows rows_;
    at::Tensor difference_;  // [C,rows,W]
};

/// Calls `visit` with the residual of the whole raster, band by band.
template <class Visit>
void visit_residual(const RenderRows& render, const PackedView& target, const Visit& visit) {
    const Blur blur(target);
    for (std::int64_t first = 0; first < target.height; first += growth_band_rows) {
        const Rows rows{first, std::min(growth_band_rows, target.height - first)};
        visit(rows, Residual(render, target, blur, rows));
    }
}

std::vector<std::int64_t> draw_by_residual(const RenderRows& render, const PackedView& target, std::int64_t count,
                                           Random& random) {
    WeightedSampler sampler(count, random.bits());
    visit_residual(render, target, [&](const Rows& rows, const Residual& residual) {
        sampler.add(rows.first * target.width, residual.weights());
    });
    return sampler.take();
}

/// [N,C] at pixels in ascending order.
at::Tensor residual_at(const std::vector<std::int64_t>& pixels, const RenderRows& render, const PackedView& target) {
    at::Tensor feature = at::empty({static_cast<std::int64_t>(pixels.size()), target.channels});
    float* value = feature.data_ptr<float>();
    auto next = pixels.begin();
    visit_residual(render, target, [&](const Rows& rows, const Residual& residual) {
        for (; next != pixels.end() && *next < (rows.first + rows.count) * target.width; ++next) {
            for (int c = 0; c < target.channels; ++c) *value++ = residual.at(*next, c);
        }
    });
    return feature;
}

}  // namespace

std::int64_t blur_width(std::int64_t width, std::int64_t height) {
    const auto wide =
        static_cast<std::int64_t>(std::sqrt(static_cast<double>(width) * static_cast<double>(height)) / 400);
    return wide == 0 ? 1 : std::max<std::int64_t>(3, wide | 1);
}

void add_by_residual(Field& field, Moments& moments, const RenderRows& render, const PackedView& target,
                     std::int64_t count, float sigma, Random& random) {
    const std::vector<std::int64_t> pixels = draw_by_residual(render, target, count, random);
    const Field added = round_gaussians(target, pixels, sigma, residual_at(pixels, render, target));
    Field all = concatenate(field, on_device(added, field.position.device()));
    Moments none = Moments::zeros(all.size(), target.channels, field.position.device());
    sort(all, none);
    field = std::move(all);
    moments = std::move(none);
}

std::int64_t add_by_residual_bytes(std::int64_t width, int channels, std::int64_t added, std::int64_t size) {
    constexpr auto number = static_cast<std::int64_t>(sizeof(float));
    const std::int64_t rows = threads() * 2 * width * channels * number;
    const std::int64_t band = growth_band_rows * width * (2 * channels + 1) * number;
    return std::max(band + rows + WeightedSampler::bytes(added), growth_bytes(width, channels, added, size));
}

}  // namespace gsfit

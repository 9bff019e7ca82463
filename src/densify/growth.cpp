#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>

#include <algorithm>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "densify/growth.h"
#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/core/places.h"
#include "gsfit/densify.h"
#include "gsfit/gaussians.h"
#include "gsfit/gaussians/sampling.h"

namespace gsfit {

namespace {

static_assert(std::is_nothrow_move_assignable_v<Field> && std::is_nothrow_move_assignable_v<Moments>,
              "field and moments change together or not at all");

/// Some rows of the lattice's image.
class Band {
public:
    Band(const RenderRows& render, const Lattice& lattice, const PackedView& target, const Rows& rows)
        : image_(render(rows)), lattice_(lattice), target_(target), rows_(rows) {
        const bool shaped = image_.dim() == 3 && image_.size(0) == target.channels && image_.size(1) == rows.count &&
                            image_.size(2) == lattice.width;
        if (!shaped || image_.scalar_type() != at::kFloat || !image_.is_contiguous()) {
            throw Error("rows rendered for growth must be a contiguous float32 tensor [" +
                        std::to_string(target.channels) + "," + std::to_string(rows.count) + "," +
                        std::to_string(lattice.width) + "]");
        }
    }

    [[nodiscard]] const Rows& rows() const { return rows_; }

    /// Weights of the samples of the lattice's row i.
    void weigh(std::int64_t i, std::span<float> weights) const {
        const std::int64_t plane = rows_.count * lattice_.width;
        const float* image = image_.const_data_ptr<float>() + (i - rows_.first) * lattice_.width;
        for (std::int64_t j = 0; j < lattice_.width; ++j) {
            float squares = 0;
            for (int c = 0; c < target_.channels; ++c) {
                const float wanted =
                    target_.value(lattice_.x + j * lattice_.stride, lattice_.y + i * lattice_.stride, c);
                const float residual = wanted - image[c * plane + j];
                squares += residual * residual;
            }
            weights[static_cast<std::size_t>(j)] = growth_weight(squares);
        }
    }

private:
    at::Tensor image_;
    const Lattice& lattice_;
    const PackedView& target_;
    Rows rows_;
};

void offer(WeightedSampler& sampler, const Band& band, std::int64_t width) {
    constexpr std::int64_t grain = 16;
    parallel_ranges(band.rows().count, grain, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> weights(static_cast<std::size_t>(width));
        for (std::int64_t i = band.rows().first + begin; i < band.rows().first + end; ++i) {
            band.weigh(i, weights);
            sampler.add(i * width, weights);
        }
    });
}

std::vector<std::int64_t> draw_by_residual(const RenderRows& render, const PackedView& target, const Lattice& lattice,
                                           std::int64_t count, Random& random) {
    WeightedSampler sampler(count, random.bits());
    for (std::int64_t first = 0; first < lattice.height; first += growth_band_rows) {
        const Rows rows{first, std::min(growth_band_rows, lattice.height - first)};
        offer(sampler, Band(render, lattice, target, rows), lattice.width);
    }
    return sampler.take();
}

std::vector<Site> sites_of(const std::vector<std::int64_t>& samples, const Lattice& lattice, float sigma) {
    std::vector<Site> sites;
    sites.reserve(samples.size());
    for (const std::int64_t sample : samples) {
        sites.push_back({lattice.x + sample % lattice.width * lattice.stride,
                         lattice.y + sample / lattice.width * lattice.stride, sigma});
    }
    return sites;
}

}  // namespace

Moments concatenate(const Moments& a, const Moments& b) {
    return {.first = at::cat({a.first, b.first}),
            .second = at::cat({a.second, b.second}),
            .products = at::cat({a.products, b.products}),
            .age = at::cat({a.age, b.age})};
}

Moments select(const Moments& moments, const at::Tensor& indices) {
    return {.first = moments.first.index_select(0, indices),
            .second = moments.second.index_select(0, indices),
            .products = moments.products.index_select(0, indices),
            .age = moments.age.index_select(0, indices)};
}

void grow(Field& field, Moments& moments, const RenderRows& render, const PackedView& target, const Lattice& lattice,
          const GrowthOptions& options, Random& random) {
    const std::int64_t most = std::max<std::int64_t>(1, lattice.samples() / 2);
    const std::int64_t count = std::min(options.count, most);
    if (const Gpu gpu(field.position); gpu) {
        GrowthOptions counted = options;
        counted.count = count;
        grow_on_device(gpu, field, moments, render, target, lattice, counted, random);
        return;
    }
    const auto samples = draw_by_residual(render, target, lattice, count, random);
    const auto sites = sites_of(samples, lattice, options.sigma);
    Field all = concatenate(field, gaussians_at(target, sites, options.pitch, options.forget));
    const auto added = static_cast<std::int64_t>(sites.size());
    Moments all_moments = concatenate(moments, Moments::zeros(added, target.channels));
    sort(all, all_moments);
    field = std::move(all);
    moments = std::move(all_moments);
}

/// The worst moment is the draw, or the sorting: everything twice, the order, and whence the new ones came.
std::int64_t growth_bytes(std::int64_t width, int channels, std::int64_t added, std::int64_t size) {
    constexpr auto number = static_cast<std::int64_t>(sizeof(float));
    constexpr auto index = static_cast<std::int64_t>(sizeof(std::int64_t));
    const std::int64_t band = channels * growth_band_rows * width * number;
    const std::int64_t moments = moments_bytes(size, channels);
    const std::int64_t sorting = 2 * (field_bytes(size, channels) + moments) + size * index;
    const std::int64_t whence = added * (index + static_cast<std::int64_t>(sizeof(Site)));
    return std::max(band + WeightedSampler::bytes(added) + threads() * width * number, sorting + whence);
}

void sort(Field& field, Moments& moments) {
    const auto order = morton_order(field.position);
    Field sorted = select(field, order);
    Moments sorted_moments = select(moments, order);
    field = std::move(sorted);
    moments = std::move(sorted_moments);
}

}  // namespace gsfit

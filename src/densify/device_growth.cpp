#include <ATen/ops/empty.h>

#include <algorithm>
#include <utility>

#include "densify/growth.h"
#include "gsfit/gaussians.h"
#include "gsfit/gpu/device_bytes.h"

namespace gsfit {

namespace {

Comparison compare(const at::Tensor& image, const Rows& rows, const PackedView& target, const Lattice& lattice) {
    return {.image = {.data = static_cast<const std::byte*>(image.const_data_ptr()),
                      .half = false,
                      .channel_stride = image.stride(0),
                      .row_stride = image.stride(1),
                      .rows = rows},
            .target = target,
            .lattice = lattice};
}

/// Room for `count` more Gaussians behind those of the field.
Field with_room(const Field& field, std::int64_t count) {
    const auto more = [count](const at::Tensor& tensor) {
        at::Tensor all = at::empty({tensor.size(0) + count, tensor.size(1)}, tensor.options());
        all.narrow(0, 0, tensor.size(0)).copy_(tensor);
        return all;
    };
    return {.position = more(field.position),
            .inv_scale = more(field.inv_scale),
            .rotation = more(field.rotation),
            .feature = more(field.feature),
            .raster_width = field.raster_width,
            .raster_height = field.raster_height};
}

std::int64_t state_bytes(std::int64_t size, int channels) {
    return device_bytes(field_bytes(size, channels)) + device_bytes(moments_bytes(size, channels));
}

}  // namespace

void grow_on_device(const Gpu& gpu, Field& field, Moments& moments, const RenderRows& render, const PackedView& target,
                    const Lattice& lattice, const GrowthOptions& options, Random& random) {
    const DeviceScratch kept(gpu->sampler_bytes(options.count), field.position);
    gpu::WeightedSampler sampler = gpu->make_sampler(options.count, random.bits(), kept.workspace());
    for (std::int64_t first = 0; first < lattice.height; first += growth_band_rows) {
        const Rows rows{first, std::min(growth_band_rows, lattice.height - first)};
        const at::Tensor image = render(rows);
        const std::int64_t places = rows.count * lattice.width;
        const at::Tensor weights = at::empty({places}, field.position.options());
        const DeviceScratch work(gpu->sampler_workspace_bytes(options.count, places), field.position);
        gpu->growth_weights(compare(image, rows, target, lattice), weights.data_ptr<float>(), gpu.stream());
        gpu->offer(sampler, first * lattice.width, weights.const_data_ptr<float>(), places, work.workspace(),
                   gpu.stream());
    }
    const std::int64_t size = field.size();
    Field all = with_room(field, options.count);
    gpu->add_gaussians(target, lattice, gpu->drawn(sampler), {options.count, options.sigma, options.pitch},
                       {all.position.data_ptr<float>(), all.inv_scale.data_ptr<float>(), all.rotation.data_ptr<float>(),
                        all.feature.data_ptr<float>()},
                       size, gpu.stream());
    Moments all_moments = concatenate(moments, Moments::zeros(options.count, target.channels, field.position.device()));
    sort(all, all_moments);
    field = std::move(all);
    moments = std::move(all_moments);
}

std::int64_t device_sorting_bytes(std::int64_t size, int channels) {
    const std::int64_t order = device_bytes(size * static_cast<std::int64_t>(sizeof(std::int64_t)));
    return std::max(device_order_bytes(size), order + state_bytes(size, channels));
}

/// The worst moment is the draw of a band's places, or the sorting of all that there will be.
std::int64_t device_growth_bytes(std::int64_t width, std::int64_t rows, int channels, std::int64_t added,
                                 std::int64_t size) {
    constexpr auto number = static_cast<std::int64_t>(sizeof(float));
    constexpr std::int64_t kept_place = 2 * (sizeof(std::uint64_t) + sizeof(std::int64_t));
    const std::int64_t drawn = std::min(growth_band_rows, rows);
    const std::int64_t places = drawn * width;
    constexpr std::int64_t digits = 256;  // the sampler's places are counted in groups of so many, 24 bytes each
    const std::int64_t counting = device_bytes((places + added) / digits * 24);
    const std::int64_t band =
        device_bytes(channels * drawn * width * number) + device_bytes(places * number) + counting;
    return device_bytes(added * kept_place) +
           std::max(band, state_bytes(size, channels) + device_sorting_bytes(size, channels));
}

}  // namespace gsfit

#include "gsfit/gaussians/quantisation.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <mutex>
#include <string>

#include "gsfit/core/error.h"
#include "gsfit/core/levels.h"
#include "gsfit/core/parallel.h"
#include "gsfit/gaussians.h"
#include "gsfit/gpu.h"
#include "gsfit/gpu/device_bytes.h"

namespace gsfit {

namespace {

using gpu::QuantisedTensor;

constexpr std::int64_t grain = 8192;

constexpr Extent nothing{std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()};

Extent joined(const Extent& a, const Extent& b) { return {std::min(a.low, b.low), std::max(a.high, b.high)}; }

Extent extent_of(const float* numbers, std::int64_t count, bool inverse) {
    Extent all = nothing;
    std::mutex mutex;
    parallel_ranges(count, grain, [&](std::int64_t begin, std::int64_t end) {
        Extent found = nothing;
        for (std::int64_t i = begin; i < end; ++i) {
            const float x = inverted_if(inverse, numbers[i]);
            if (std::isfinite(x)) found = joined(found, {x, x});
        }
        const std::scoped_lock lock(mutex);
        all = joined(all, found);
    });
    return all;
}

void quantise(const QuantisedTensor& tensor) {
    const Extent extent = extent_of(tensor.from, tensor.count, tensor.inverse);
    const Levels levels = levels_between(extent.low, extent.high, tensor.bits);
    parallel_ranges(tensor.count, grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            float x = inverted_if(tensor.inverse, tensor.from[i]);
            if (std::isfinite(x)) x = level(levels, code_of(levels, x));
            tensor.to[i] = inverted_if(tensor.inverse, x);
        }
    });
}

QuantisedTensor job(const at::Tensor& from, const at::Tensor& to, int bits, bool inverse = false) {
    return {from.const_data_ptr<float>(), to.data_ptr<float>(), from.numel(), bits, inverse};
}

constexpr std::int64_t extents_bytes = 4 * sizeof(gpu::OrderedExtent);

}  // namespace

void Quantisation::check() const {
    const std::array named{std::pair("pos_bits", position), std::pair("scale_bits", scale),
                           std::pair("rot_bits", rotation), std::pair("feat_bits", feature)};
    for (const auto& [name, bits] : named) {
        if (bits < least_bits || bits > most_bits) {
            throw UsageError(std::string(name) + " must be " + std::to_string(least_bits) + " to " +
                             std::to_string(most_bits));
        }
    }
}

Quantiser::Quantiser(const Field& like, const Quantisation& bits)
    : bits_(bits),
      copy_{.position = at::empty_like(like.position),
            .inv_scale = at::empty_like(like.inv_scale),
            .rotation = at::empty_like(like.rotation),
            .feature = at::empty_like(like.feature),
            .raster_width = like.raster_width,
            .raster_height = like.raster_height} {
    if (Gpu(like.position)) extents_ = at::empty({extents_bytes}, like.position.options().dtype(at::kByte));
}

const Field& Quantiser::operator()(const Field& field) {
    const gpu::QuantisedTensors tensors{
        job(field.position, copy_.position, bits_.position), job(field.inv_scale, copy_.inv_scale, bits_.scale, true),
        job(field.rotation, copy_.rotation, bits_.rotation), job(field.feature, copy_.feature, bits_.feature)};
    if (const Gpu gpu(field.position); gpu) {
        gpu->quantise(tensors, static_cast<gpu::OrderedExtent*>(extents_.mutable_data_ptr()), gpu.stream());
    } else {
        for (const QuantisedTensor& tensor : tensors.each) quantise(tensor);
    }
    return copy_;
}

Field quantised(const Field& field, const Quantisation& bits) { return Quantiser(field, bits)(field); }

std::int64_t quantised_bytes(std::int64_t size, int channels) { return field_bytes(size, channels); }

std::int64_t device_quantised_bytes(std::int64_t size, int channels) {
    constexpr auto number = static_cast<std::int64_t>(sizeof(float));
    return 2 * device_bytes(2 * size * number) + device_bytes(size * number) + device_bytes(size * channels * number) +
           device_bytes(extents_bytes);
}

Extent extent_of(const at::Tensor& tensor, bool inverse) {
    return extent_of(tensor.const_data_ptr<float>(), tensor.numel(), inverse);
}

}  // namespace gsfit

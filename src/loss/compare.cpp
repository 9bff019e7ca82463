#include "loss/compare.h"

#include <c10/util/StringUtil.h>

#include "gsfit/core/error.h"

namespace gsfit {

namespace {

bool fits(const Lattice& lattice, const PackedView& target) {
    const auto inside = [&](std::int64_t first, std::int64_t samples, std::int64_t size) {
        return first >= 0 && samples >= 1 && first < size && samples - 1 <= (size - 1 - first) / lattice.stride;
    };
    return lattice.raster_width == target.width && lattice.raster_height == target.height && lattice.stride >= 1 &&
           inside(lattice.x, lattice.width, target.width) && inside(lattice.y, lattice.height, target.height);
}

}  // namespace

void check_band(const char* function, const Lattice& lattice, const Rows& band) {
    if (band.first < 0 || band.count < 0 || band.count > lattice.height - band.first) {
        throw Error(c10::str(function, "() was given a band that reaches outside its lattice."));
    }
}

Comparison compare(const char* function, const at::Tensor& image, const PackedView& target, const Lattice& lattice,
                   const Rows& rows) {
    if (target.channels < 1 || target.channels > max_channels || (target.bits != 8 && target.bits != 16)) {
        throw Error(c10::str(function, "() compares with 1 to ", max_channels, " channels of 8 or 16 bit, not with ",
                             target.channels, " of ", target.bits, " bit."));
    }
    if (!fits(lattice, target)) {
        throw Error(c10::str(function, "() was given a lattice that does not lie inside the target of ", target.width,
                             " x ", target.height, " pixels."));
    }
    if (image.sizes() != at::IntArrayRef({target.channels, rows.count, lattice.width})) {
        throw Error(c10::str(function, "() needs an image of shape [", target.channels, ", ", rows.count, ", ",
                             lattice.width, "], not ", image.sizes(), "."));
    }
    return {.image = {.data = static_cast<const std::byte*>(image.const_data_ptr()),
                      .half = image.scalar_type() == at::kHalf,
                      .channel_stride = image.stride(0),
                      .row_stride = image.stride(1),
                      .rows = rows},
            .target = target,
            .lattice = lattice};
}

Planar<std::byte> gradient_planes(const at::Tensor& gradient, const Rows& rows) {
    return {.data = static_cast<std::byte*>(gradient.mutable_data_ptr()),
            .half = gradient.scalar_type() == at::kHalf,
            .channel_stride = gradient.stride(0),
            .row_stride = gradient.stride(1),
            .rows = rows};
}

double value_count(const PackedView& target, const Lattice& lattice) {
    return static_cast<double>(lattice.samples()) * target.channels;
}

at::Tensor with_dense_rows(const char* function, const at::Tensor& image) {
    const bool usable =
        image.defined() && image.dim() == 3 && (image.scalar_type() == at::kFloat || image.scalar_type() == at::kHalf);
    if (!usable) {
        throw Error(c10::str(function, "() needs a float32 or float16 image [C,h,w], not ",
                             image.defined() ? c10::str(image.scalar_type(), " ", image.sizes()) : "none", "."));
    }
    return image.stride(2) == 1 ? image : image.contiguous();
}

}  // namespace gsfit

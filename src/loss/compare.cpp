#include "loss/compare.h"

#include <ATen/core/grad_mode.h>
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

struct SavedViews : torch::CustomClassHolder {
    SavedViews(const PackedView& view, const Lattice& samples) : target(view), lattice(samples) {}
    PackedView target;
    Lattice lattice;
};

}  // namespace

Comparison compare(const char* function, const at::Tensor& image, const PackedView& target, const Lattice& lattice,
                   const Rows& rows) {
    if (target.channels < 1 || target.channels > max_channels || (target.bits != 8 && target.bits != 16)) {
        throw Error(c10::str(function, "() compares with 1 to 16 channels of 8 or 16 bit, not with ", target.channels,
                             " of ", target.bits, " bit."));
    }
    if (!fits(lattice, target)) {
        throw Error(c10::str(function, "() was given a lattice that does not lie inside the target of ", target.width,
                             " x ", target.height, " pixels."));
    }
    if (image.sizes() != at::IntArrayRef({target.channels, rows.count, lattice.width})) {
        throw Error(c10::str(function, "() needs an image of shape [", target.channels, ", ", rows.count, ", ",
                             lattice.width, "], not ", image.sizes(), "."));
    }
    return {.image = {.data = image.const_data_ptr<float>(),
                      .channel_stride = image.stride(0),
                      .row_stride = image.stride(1),
                      .first_row = rows.first},
            .target = target,
            .lattice = lattice};
}

double value_count(const Comparison& comparison) {
    return static_cast<double>(comparison.lattice.samples()) * comparison.target.channels;
}

at::Tensor with_dense_rows(const char* function, const at::Tensor& image) {
    if (!image.defined() || image.scalar_type() != at::kFloat || !image.device().is_cpu() || image.dim() != 3) {
        throw Error(c10::str(
            function, "() needs a float32 image [C,h,w] on the CPU, not ",
            image.defined() ? c10::str(image.scalar_type(), " ", image.sizes(), " on ", image.device()) : "none", "."));
    }
    return image.stride(2) == 1 ? image : image.contiguous();
}

void save(torch::autograd::AutogradContext* context, const at::Tensor& image, const PackedView& target,
          const Lattice& lattice) {
    context->save_for_backward({image});
    context->saved_data["views"] = c10::IValue::make_capsule(c10::make_intrusive<SavedViews>(target, lattice));
}

Saved restore(const char* function, torch::autograd::AutogradContext* context) {
    if (at::GradMode::is_enabled()) {
        throw Error(c10::str(function, "() can be differentiated once only: call backward without create_graph."));
    }
    const auto views = c10::static_intrusive_pointer_cast<SavedViews>(context->saved_data["views"].toCapsule());
    const at::Tensor image = context->get_saved_variables()[0];
    return {image, compare(function, image, views->target, views->lattice, {0, views->lattice.height})};
}

}  // namespace gsfit

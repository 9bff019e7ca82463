#include "gsfit/project.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/gpu.h"
#include "project/project_kernels.h"

namespace gsfit {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t grain = 2048;

void check(const at::Tensor& tensor, const char* name, std::int64_t rows, std::int64_t columns) {
    const bool shaped = tensor.defined() && tensor.dim() == 2 && tensor.size(0) == rows && tensor.size(1) == columns;
    if (!shaped || tensor.scalar_type() != at::kFloat || !tensor.is_contiguous()) {
        throw Error(std::string("the field's ") + name + " must be a contiguous float32 tensor [" +
                    std::to_string(rows) + "," + std::to_string(columns) + "]");
    }
}

class ProjectFunction : public torch::autograd::Function<ProjectFunction> {
public:
    static variable_list forward(AutogradContext* context, const at::Tensor& position, const at::Tensor& inv_scale,
                                 const at::Tensor& rotation, const Projection& projection) {
        const std::int64_t n = position.size(0);
        auto center = at::empty({n, 2}, position.options());
        auto conic = at::empty({n, 3}, position.options());
        auto det = at::empty({n}, position.options());
        const ProjectForward arrays{position.const_data_ptr<float>(), inv_scale.const_data_ptr<float>(),
                                    rotation.const_data_ptr<float>(), center.data_ptr<float>(),
                                    conic.data_ptr<float>(),          det.data_ptr<float>()};
        if (const Gpu gpu(position); gpu) {
            gpu->project_forward(arrays, projection, n, gpu.stream());
        } else {
            parallel_ranges(n, grain, [&](auto begin, auto end) { project_forward(arrays, projection, begin, end); });
        }
        context->save_for_backward({inv_scale, rotation});
        context->saved_data["scale_x"] = projection.scale_x;
        context->saved_data["scale_y"] = projection.scale_y;
        context->saved_data["inv_scale"] = projection.inv_scale;
        context->mark_non_differentiable({det});
        return {center, conic, det};
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const auto saved = context->get_saved_variables();
        const auto& inv_scale = saved[0];
        const auto& rotation = saved[1];
        const auto value = [&](const char* key) { return static_cast<float>(context->saved_data[key].toDouble()); };
        const Projection projection{
            .scale_x = value("scale_x"), .scale_y = value("scale_y"), .inv_scale = value("inv_scale")};
        const std::int64_t n = inv_scale.size(0);
        const auto given = [&](const at::Tensor& gradient, std::int64_t columns) {
            return gradient.defined() ? gradient.contiguous() : at::zeros({n, columns}, inv_scale.options());
        };
        const auto grad_center = given(gradients[0], 2);
        const auto grad_conic = given(gradients[1], 3);
        auto grad_position = at::empty({n, 2}, inv_scale.options());
        auto grad_inv_scale = at::empty({n, 2}, inv_scale.options());
        auto grad_rotation = at::empty({n, 1}, inv_scale.options());
        const ProjectBackward arrays{inv_scale.const_data_ptr<float>(),   rotation.const_data_ptr<float>(),
                                     grad_center.const_data_ptr<float>(), grad_conic.const_data_ptr<float>(),
                                     grad_position.data_ptr<float>(),     grad_inv_scale.data_ptr<float>(),
                                     grad_rotation.data_ptr<float>()};
        if (const Gpu gpu(inv_scale); gpu) {
            gpu->project_backward(arrays, projection, n, gpu.stream());
        } else {
            parallel_ranges(n, grain, [&](auto begin, auto end) { project_backward(arrays, projection, begin, end); });
        }
        return {grad_position, grad_inv_scale, grad_rotation, at::Tensor()};
    }
};

}  // namespace

Splats project(const Field& field, const Lattice& lattice) {
    if (field.raster_height < 1) throw Error("the field does not say for which raster it was trained");
    const std::int64_t n = field.position.defined() ? field.position.size(0) : 0;
    check(field.position, "position", n, 2);
    check(field.inv_scale, "inv_scale", n, 2);
    check(field.rotation, "rotation", n, 1);
    const auto outputs = ProjectFunction::apply(field.position, field.inv_scale, field.rotation,
                                                projection_onto(lattice, field.raster_height));
    return {.center = outputs[0], .conic = outputs[1], .det = outputs[2], .feature = field.feature};
}

}  // namespace gsfit

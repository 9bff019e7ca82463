#include "eval/target_rows.h"

#include <ATen/Functions.h>

namespace gsfit {
namespace {

/// [rows,width,channels of the map] in the view's bits; of 16 as signed integers, which every device has.
at::Tensor stored_values(const PackedView& view, const at::Device& device, const ImageMap& map) {
    auto* first = const_cast<std::byte*>(view.data);  // they are only read
    const auto value_bytes = view.bits / 8;
    const auto row = static_cast<std::int64_t>(view.row_bytes) / value_bytes;
    const auto type = view.bits == 8 ? at::kByte : at::kShort;
    const at::Tensor all = at::from_blob(first, {view.height, view.width, view.channels}, {row, view.channels, 1},
                                         at::TensorOptions(device).dtype(type));
    return all.narrow(2, map.first, map.channels);
}

/// v^(1/gamma) of values in 16 bit, channel by channel: of all at once floats would take more than the render does.
void remove_gamma(at::Tensor& values, float gamma) {
    constexpr int most = 65535;
    for (std::int64_t channel = 0; channel < values.size(2); ++channel) {
        at::Tensor stored = values.select(2, channel);
        const at::Tensor shown = stored.to(at::kInt).bitwise_and_(most).to(at::kFloat).div_(most).pow_(1 / gamma);
        stored.copy_(shown.mul_(most).round_().to(at::kInt));  // its low 16 bits
    }
}

}  // namespace

TargetRows::TargetRows(const PackedImage& target, const at::Device& device, const Rows& rows, const ImageMap& map)
    : view_(target.view()) {
    view_.data = target.view().pixel(0, rows.first);
    view_.height = rows.count;
    const float gamma = target.maps()[0].gamma;
    if (map.channels == view_.channels && gamma == 1) return;
    copy_ = stored_values(view_, device, map).clone(at::MemoryFormat::Contiguous);
    if (gamma != 1) remove_gamma(copy_, gamma);
    view_.data = static_cast<const std::byte*>(copy_.const_data_ptr());
    view_.channels = map.channels;
    view_.row_bytes = static_cast<std::size_t>(copy_.stride(0) * copy_.element_size());
}

}  // namespace gsfit

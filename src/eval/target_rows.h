// What a render is compared with: rows of some channels of a packed target, as its files have the values.

#pragma once

#include <ATen/core/Tensor.h>

#include "gsfit/image.h"

namespace gsfit {

/// Rows of a map's channels without its gamma: the target's own pixels where these are that, else a copy of them on
/// `device`, where the target's pixels lie.
class TargetRows {
public:
    TargetRows(const PackedImage& target, const at::Device& device, const Rows& rows, const ImageMap& map);

    [[nodiscard]] const PackedView& view() const { return view_; }
    /// The rows, of the view.
    [[nodiscard]] Lattice lattice() const { return Lattice::whole(view_.width, view_.height); }

private:
    at::Tensor copy_;
    PackedView view_;
};

}  // namespace gsfit

// Colours from the space of an ICC profile to sRGB (IEC 61966-2-1), by Little CMS.

#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace gsfit {

class SrgbTransform {
public:
    /// `colours`: 1 for a profile of grey, which stays grey with sRGB's tone curve, or 3 for one of RGB. Relative
    /// colorimetric, with black point compensation. Throws InputError when no colours can be converted by the profile.
    SrgbTransform(std::span<const std::byte> profile, int colours);

    /// [C,h,w], float32 on the CPU, the first channels in the profile's space and not multiplied by alpha -> the same
    /// with these in sRGB.
    [[nodiscard]] at::Tensor operator()(const at::Tensor& values) const;

    /// ICC profile of the result.
    [[nodiscard]] const std::vector<std::byte>& profile() const { return profile_; }

private:
    std::vector<std::byte> profile_;
    std::shared_ptr<void> transform_;
};

}  // namespace gsfit

#include "image/srgb.h"

#include <lcms2.h>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"

namespace gsfit {
namespace {

using Handle = std::shared_ptr<void>;

Handle profile_handle(cmsHPROFILE profile) {
    return {profile, [](void* handle) { cmsCloseProfile(handle); }};
}

Handle grey_with_srgb_tone() {
    const cmsFloat64Number parameters[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    cmsToneCurve* tone = cmsBuildParametricToneCurve(nullptr, 4, parameters);
    Handle profile = profile_handle(cmsCreateGrayProfile(cmsD50_xyY(), tone));
    cmsFreeToneCurve(tone);
    return profile;
}

std::vector<std::byte> bytes_of(const Handle& profile) {
    cmsUInt32Number size = 0;
    cmsSaveProfileToMem(profile.get(), nullptr, &size);
    std::vector<std::byte> bytes(size);
    cmsSaveProfileToMem(profile.get(), bytes.data(), &size);
    return bytes;
}

/// Channel by channel, as tensors have them.
cmsUInt32Number planar_floats(int colours) {
    const cmsUInt32Number space = colours == 1 ? PT_GRAY : PT_RGB;
    return FLOAT_SH(1U) | COLORSPACE_SH(space) | CHANNELS_SH(static_cast<cmsUInt32Number>(colours)) | BYTES_SH(4U) |
           PLANAR_SH(1U);
}

}  // namespace

SrgbTransform::SrgbTransform(std::span<const std::byte> profile, int colours) {
    const Handle from =
        profile_handle(cmsOpenProfileFromMem(profile.data(), static_cast<cmsUInt32Number>(profile.size())));
    const Handle to = colours == 1 ? grey_with_srgb_tone() : profile_handle(cmsCreate_sRGBProfile());
    profile_ = bytes_of(to);
    const cmsUInt32Number format = planar_floats(colours);
    const cmsUInt32Number flags = cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION;  // without a cache, for threads
    cmsHTRANSFORM transform =
        cmsCreateTransform(from.get(), format, to.get(), format, INTENT_RELATIVE_COLORIMETRIC, flags);
    if (transform == nullptr) {
        throw InputError(
            "the image's colour profile is damaged or of a kind that no colours can be converted by; write the image "
            "in its own colours, without --srgb");
    }
    transform_ = {transform, [](void* handle) { cmsDeleteTransform(handle); }};
}

at::Tensor SrgbTransform::operator()(const at::Tensor& values) const {
    const at::Tensor from = values.contiguous();
    at::Tensor to = from.clone();
    const std::int64_t width = from.size(2);
    const auto plane_bytes = static_cast<cmsUInt32Number>(sizeof(float) * static_cast<std::size_t>(from.stride(0)));
    parallel_for(from.size(1), [&](std::int64_t y) {
        cmsDoTransformLineStride(transform_.get(), from.const_data_ptr<float>() + y * width,
                                 to.mutable_data_ptr<float>() + y * width, static_cast<cmsUInt32Number>(width), 1, 0, 0,
                                 plane_bytes, plane_bytes);
    });
    return to;
}

}  // namespace gsfit

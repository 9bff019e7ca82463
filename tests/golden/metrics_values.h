#pragma once

// Made by tools/golden_metrics.py with scikit-image 0.26.0, numpy 2.4.6.

#include <cstdint>

namespace gsfit::golden {

struct Metrics {
    int width, height, channels;
    const char* distortion;
    std::uint32_t target_checksum, image_checksum;
    double psnr, ssim;
};

inline constexpr Metrics metrics[] = {
    {97, 61, 1, "blurred", 0x86bfefd1, 0x87019cfc, 34.542791263, 0.908289812},
    {97, 61, 1, "noisy", 0x86bfefd1, 0x85ef5477, 23.064850198, 0.478105609},
    {97, 61, 1, "shifted", 0x86bfefd1, 0x84f0a60b, 25.658878024, 0.715781319},
    {97, 61, 3, "blurred", 0x1a62d266, 0x1cb20f78, 35.535122944, 0.907979490},
    {97, 61, 3, "noisy", 0x1a62d266, 0x0dd9ec3b, 23.047931308, 0.459869308},
    {97, 61, 3, "shifted", 0x1a62d266, 0x0733d059, 27.036145011, 0.722809455},
    {256, 192, 3, "blurred", 0xe23e2eee, 0x834aa962, 36.207605226, 0.908360546},
    {256, 192, 3, "noisy", 0xe23e2eee, 0xc93c11ec, 23.023205643, 0.406288556},
    {256, 192, 3, "shifted", 0xe23e2eee, 0x4aa5e131, 26.552505694, 0.689704818},
};

}  // namespace gsfit::golden

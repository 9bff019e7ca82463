#pragma once

// Made by tools/golden_metrics.py with numpy 2.4.6, scikit-image 0.26.0, torch 2.11.0,
// pytorch-msssim 1.0.0, flip-evaluator 1.7.

#include <cstdint>
#include <optional>

namespace gsfit::golden {

struct Metrics {
    int width, height, channels;
    const char* distortion;
    std::uint32_t target_checksum, image_checksum;
    double psnr, ssim;
    std::optional<double> ms_ssim;
    double flip;
};

inline constexpr Metrics metrics[] = {
    {97, 61, 1, "blurred", 0x86bfefd1, 0x87019cfc, 34.542791263, 0.908289812, std::nullopt, 0.018594607},
    {97, 61, 1, "noisy", 0x86bfefd1, 0x85ef5477, 23.064850198, 0.478105609, std::nullopt, 0.099746117},
    {97, 61, 1, "shifted", 0x86bfefd1, 0x84f0a60b, 25.658878024, 0.715781319, std::nullopt, 0.142765910},
    {97, 61, 3, "blurred", 0x1a62d266, 0x1cb20f78, 35.535122944, 0.907979490, std::nullopt, 0.022995503},
    {97, 61, 3, "noisy", 0x1a62d266, 0x0dd9ec3b, 23.047931308, 0.459869308, std::nullopt, 0.140316462},
    {97, 61, 3, "shifted", 0x1a62d266, 0x0733d059, 27.036145011, 0.722809455, std::nullopt, 0.190979433},
    {256, 192, 3, "blurred", 0xe23e2eee, 0x834aa962, 36.207605226, 0.908360546, 0.993416161, 0.023435780},
    {256, 192, 3, "noisy", 0xe23e2eee, 0xc93c11ec, 23.023205643, 0.406288556, 0.886874790, 0.137483678},
    {256, 192, 3, "shifted", 0xe23e2eee, 0x4aa5e131, 26.552505694, 0.689704818, 0.900939209, 0.217583858},
    {163, 321, 1, "blurred", 0xb44e2771, 0xc8d4740e, 35.618471354, 0.909065427, 0.993401720, 0.018894931},
    {163, 321, 1, "noisy", 0xb44e2771, 0x5729fd6a, 23.005399379, 0.421203062, 0.893419219, 0.095900669},
    {163, 321, 1, "shifted", 0xb44e2771, 0xa1680182, 26.093383082, 0.692287518, 0.909335264, 0.155749395},
};

}  // namespace gsfit::golden

#include "video/caption.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include "gsfit/draw.h"

namespace gsfit {
namespace {

std::string fixed(double value, int decimals) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

/// 10,000
std::string grouped(std::int64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t place = text.size(); place > 3; place -= 3) {
        text.insert(place - 3, 1, ',');
    }
    return text;
}

std::vector<std::string> members(const Frame& frame) {
    std::vector<std::string> list{"step " + grouped(frame.step)};
    if (frame.psnr) {
        list.push_back((std::isinf(*frame.psnr) ? "\u221e" : fixed(*frame.psnr, 2)) + " dB");
    }
    if (frame.ssim) {
        list.push_back("SSIM " + fixed(*frame.ssim, 3));
    }
    list.push_back(grouped(frame.gaussians) + (frame.gaussians == 1 ? " Gaussian" : " Gaussians"));
    list.push_back(fixed(frame.seconds, 1) + " s");
    return list;
}

}  // namespace

std::string caption(const Frame& frame, double size, double room) {
    std::string line;
    for (const std::string& member : members(frame)) {
        const std::string longer = line.empty() ? member : line + " \u00b7 " + member;
        if (text_width(longer, size) > room) {
            break;
        }
        line = longer;
    }
    return line;
}

}  // namespace gsfit

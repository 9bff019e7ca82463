#include "video/caption.h"

#include <cmath>
#include <vector>

#include "gsfit/core/format.h"
#include "gsfit/draw.h"

namespace gsfit {
namespace {

std::vector<std::string> members(const Frame& frame) {
    std::vector<std::string> list{"step " + grouped(static_cast<double>(frame.step))};
    if (frame.psnr) {
        list.push_back((std::isinf(*frame.psnr) ? "\u221e" : decimal(*frame.psnr, 2)) + " dB");
    }
    if (frame.ssim) {
        list.push_back("SSIM " + decimal(*frame.ssim, 3));
    }
    list.push_back(grouped(static_cast<double>(frame.gaussians)) + (frame.gaussians == 1 ? " Gaussian" : " Gaussians"));
    list.push_back(decimal(frame.seconds, 1) + " s");
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

#include "cli/pictures.h"

#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <stdexcept>

namespace gsfit::test {
namespace {

void write(const std::filesystem::path& path, const cv::Mat& picture) {
    if (!cv::imwrite(path.string(), picture)) {
        throw std::runtime_error("cannot write " + path.string());
    }
}

cv::Mat read(const std::filesystem::path& path) { return cv::imread(path.string(), cv::IMREAD_UNCHANGED); }

/// Waves, a disc with a hard edge, and a fine chequer in one corner; 0 to 1.
float brightness(float x, float y, int channel) {
    if (x > 0.7F && y > 0.7F) {
        return static_cast<float>((static_cast<int>(x * 64) + static_cast<int>(y * 64)) % 2);
    }
    const float wave = 0.5F + 0.25F * std::sin(9 * x + static_cast<float>(channel)) + 0.2F * std::cos(7 * y * x);
    return std::hypot(x - 0.4F, y - 0.45F) < 0.22F ? 1 - wave : wave;
}

}  // namespace

void write_picture(const std::filesystem::path& path, int width, int height, const PictureKind& kind) {
    cv::Mat picture(height, width, CV_MAKETYPE(kind.bits == 16 ? CV_16U : CV_8U, kind.channels));
    for (int i = 0; i < height; ++i) {
        for (int j = 0; j < width * kind.channels; ++j) {
            const float x = (static_cast<float>(j / kind.channels) + 0.5F) / static_cast<float>(width);
            const float y = (static_cast<float>(i) + 0.5F) / static_cast<float>(height);
            const float value = brightness(x, y, j % kind.channels);
            if (kind.bits == 16) {
                picture.ptr<std::uint16_t>(i)[j] = cv::saturate_cast<std::uint16_t>(value * 65535);
            } else {
                picture.ptr<std::uint8_t>(i)[j] = cv::saturate_cast<std::uint8_t>(value * 255);
            }
        }
    }
    write(path, picture);
}

void write_flat_picture(const std::filesystem::path& path, int width, int height, double value) {
    write(path, cv::Mat(height, width, CV_8UC3, cv::Scalar::all(value * 255)));
}

PictureSize picture_size(const std::filesystem::path& path) {
    const cv::Mat picture = read(path);
    if (picture.empty()) {
        return {};
    }
    return {picture.cols, picture.rows, picture.channels(), picture.depth() == CV_16U ? 16 : 8};
}

PictureDifference compare_pictures(const std::filesystem::path& first, const std::filesystem::path& second) {
    const cv::Mat a = read(first);
    const cv::Mat b = read(second);
    if (a.size() != b.size() || a.type() != b.type()) {
        throw std::runtime_error("pictures of different sizes");
    }
    const double samples = static_cast<double>(a.total()) * a.channels();
    return {cv::norm(a, b, cv::NORM_L1) / samples, cv::norm(a, b, cv::NORM_INF)};
}

void cut_picture(const std::filesystem::path& whole, int x, int y, int width, int height,
                 const std::filesystem::path& part) {
    write(part, read(whole)(cv::Rect(x, y, width, height)));
}

}  // namespace gsfit::test

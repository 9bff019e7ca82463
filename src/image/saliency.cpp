#include "gsfit/image/saliency.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace gsfit {

namespace {

constexpr std::int64_t side = 64;  // at which the method was found to see what people see

/// Means over channels and over the pixels of each of width x height cells.
cv::Mat small_luma(const PackedView& image, std::int64_t width, std::int64_t height) {
    cv::Mat sums = cv::Mat::zeros(static_cast<int>(height), static_cast<int>(width), CV_64F);
    cv::Mat counts = sums.clone();
    for (std::int64_t y = 0; y < image.height; ++y) {
        auto* sum = sums.ptr<double>(static_cast<int>(y * height / image.height));
        auto* count = counts.ptr<double>(static_cast<int>(y * height / image.height));
        for (std::int64_t x = 0; x < image.width; ++x) {
            const std::int64_t cell = x * width / image.width;
            for (int c = 0; c < image.channels; ++c) sum[cell] += static_cast<double>(image.value(x, y, c));
            count[cell] += image.channels;
        }
    }
    return sums / counts;
}

/// Squared magnitude of the image whose spectrum has the phase of the given one's, and as magnitude what its logarithm
/// has beyond its 3 x 3 mean.
cv::Mat spectral_residual(const cv::Mat& luma) {
    cv::Mat spectrum;
    cv::dft(luma, spectrum, cv::DFT_COMPLEX_OUTPUT);
    cv::Mat parts[2], magnitude, phase;
    cv::split(spectrum, parts);
    cv::cartToPolar(parts[0], parts[1], magnitude, phase);
    cv::Mat logarithm, mean, residual;
    cv::log(magnitude + 1e-12, logarithm);
    cv::blur(logarithm, mean, {3, 3}, {-1, -1}, cv::BORDER_REPLICATE);
    cv::exp(logarithm - mean, residual);
    cv::polarToCart(residual, phase, parts[0], parts[1]);
    cv::merge(parts, 2, spectrum);
    cv::dft(spectrum, spectrum, cv::DFT_INVERSE | cv::DFT_SCALE);
    cv::split(spectrum, parts);
    return parts[0].mul(parts[0]) + parts[1].mul(parts[1]);
}

}  // namespace

SaliencyMap::SaliencyMap(const PackedView& image, double blur) : width_(image.width), height_(image.height) {
    const std::int64_t longer = std::max(width_, height_);
    map_width_ = std::clamp<std::int64_t>(side * width_ / longer, 1, width_);
    map_height_ = std::clamp<std::int64_t>(side * height_ / longer, 1, height_);
    const cv::Mat luma = small_luma(image, map_width_, map_height_);
    double darkest = 0;
    double largest = 0;
    cv::minMaxLoc(luma, &darkest, &largest);
    if (darkest == largest) {
        map_.assign(static_cast<std::size_t>(map_width_ * map_height_), 1.0F);
        return;
    }
    cv::Mat map = spectral_residual(luma);
    const double sigma = blur * static_cast<double>(map_width_) / static_cast<double>(width_);
    constexpr double least_sigma = 0.1;  // [samples] a blur without effect
    if (sigma > least_sigma) cv::GaussianBlur(map, map, {}, sigma, sigma, cv::BORDER_REPLICATE);
    cv::minMaxLoc(map, nullptr, &largest);
    map /= largest;
    map_.assign(map.begin<double>(), map.end<double>());
}

void SaliencyMap::row(std::int64_t y, float* values) const {
    const auto place = [](std::int64_t pixel, std::int64_t pixels, std::int64_t samples) {
        const double at =
            (static_cast<double>(pixel) + 0.5) * static_cast<double>(samples) / static_cast<double>(pixels);
        return std::clamp(at - 0.5, 0.0, static_cast<double>(samples - 1));
    };
    const double v = place(y, height_, map_height_);
    const auto top = static_cast<std::int64_t>(v);
    const float* above = map_.data() + top * map_width_;
    const float* below = map_.data() + std::min(top + 1, map_height_ - 1) * map_width_;
    const auto down = static_cast<float>(v - static_cast<double>(top));
    for (std::int64_t x = 0; x < width_; ++x) {
        const double u = place(x, width_, map_width_);
        const auto left = static_cast<std::int64_t>(u);
        const std::int64_t right = std::min(left + 1, map_width_ - 1);
        const auto across = static_cast<float>(u - static_cast<double>(left));
        values[x] =
            std::lerp(std::lerp(above[left], above[right], across), std::lerp(below[left], below[right], across), down);
    }
}

}  // namespace gsfit

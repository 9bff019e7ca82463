// MS-SSIM: rows of both images go through the scales from the largest to the smallest, each of which keeps the few that
// its next windows need.

#include "gsfit/eval/ms_ssim.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <vector>

#include "eval/planes.h"
#include "gsfit/core/parallel.h"
#include "gsfit/core/ssim.h"

namespace gsfit {

namespace {

constexpr std::array<double, 5> exponents{0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
constexpr std::int64_t overlap = std::size(ssim_window) - 1;  // of windows of neighbouring rows

/// Of one channel, over windows.
struct Sums {
    double similarity = 0;  ///< SSIM
    double contrast = 0;    ///< SSIM without its term of the means
};

/// What SSIM is made of: filtered, they are its means under the window.
struct Maps {
    Maps(std::int64_t width, std::int64_t height)
        : image(width, height), difference(width, height), squares(width, height), squared_difference(width, height) {}

    Plane image;
    Plane difference;  ///< image - target
    Plane squares;     ///< image^2 + target^2
    Plane squared_difference;
};

/// Of the pixels that a tile's windows see; `rows` as of Scale::add.
Maps maps_of(const at::Tensor& rows, std::int64_t channel, const Tile& tile) {
    Maps maps(tile.width + overlap, tile.height + overlap);
    const auto values = rows.accessor<const float, 3>();
    for (std::int64_t y = 0; y < maps.image.height; ++y) {
        const float* image = values[channel][tile.y + y].data() + tile.x;
        const float* target = values[rows.size(0) / 2 + channel][tile.y + y].data() + tile.x;
        for (std::int64_t x = 0; x < maps.image.width; ++x) {
            const float difference = image[x] - target[x];
            maps.image.row(y)[x] = image[x];
            maps.difference.row(y)[x] = difference;
            maps.squares.row(y)[x] = image[x] * image[x] + target[x] * target[x];
            maps.squared_difference.row(y)[x] = difference * difference;
        }
    }
    return maps;
}

Plane under_windows(const Plane& plane) { return filter_columns(filter_rows(plane, ssim_window), ssim_window); }

/// In the form that does not cancel where the images are nearly the same: see docs/metrics.md.
Sums sums_of(const Maps& maps) {
    const Plane image = under_windows(maps.image);
    const Plane difference = under_windows(maps.difference);
    const Plane squares = under_windows(maps.squares);
    const Plane squared_difference = under_windows(maps.squared_difference);
    Sums sums;
    for (std::size_t i = 0; i < image.values.size(); ++i) {
        const float d = difference.values[i];
        const float target = image.values[i] - d;
        const float squared_means = image.values[i] * image.values[i] + target * target;
        const float luminance = 1 - d * d / (squared_means + ssim_c1);
        const float contrast =
            1 - (squared_difference.values[i] - d * d) / (squares.values[i] - squared_means + ssim_c2);
        sums.contrast += contrast;
        sums.similarity += static_cast<double>(luminance) * contrast;
    }
    return sums;
}

/// The mean of 2 x 2 values; a column of zeros comes before the first where the width is odd.
at::Tensor halved(const at::Tensor& rows) {
    const std::int64_t odd = rows.size(2) % 2;
    at::Tensor result = at::empty({rows.size(0), rows.size(1) / 2, (rows.size(2) + odd) / 2});
    const auto values = rows.accessor<const float, 3>();
    auto out = result.accessor<float, 3>();
    parallel_for(result.size(0) * result.size(1), [&](std::int64_t i) {
        const std::int64_t plane = i / result.size(1);
        const std::int64_t y = i % result.size(1);
        const float* upper = values[plane][2 * y].data();
        const float* lower = values[plane][2 * y + 1].data();
        float* mean = out[plane][y].data();
        if (odd == 1) mean[0] = (upper[0] + lower[0]) / 4;
        for (std::int64_t x = odd; x < result.size(2); ++x) {
            const std::int64_t right = 2 * x + 1 - odd;
            mean[x] = (upper[right - 1] + upper[right] + lower[right - 1] + lower[right]) / 4;
        }
    });
    return result;
}

class Scale {
public:
    Scale(std::int64_t channels, std::int64_t width, std::int64_t height)
        : windows_((width - overlap) * (height - overlap)),
          sums_(static_cast<std::size_t>(channels)),
          seen_(at::zeros({2 * channels, 0, width})),
          unpaired_(at::zeros({2 * channels, height % 2, width})) {}

    /// Takes the next rows [2C,n,w], the image's channels and then the target's; returns the next scale's.
    at::Tensor add(const at::Tensor& rows) {
        seen_ = at::cat({seen_, rows}, 1);
        const std::int64_t complete = std::max(seen_.size(1) - overlap, std::int64_t{0});
        add_windows(complete);
        seen_ = seen_.narrow(1, complete, seen_.size(1) - complete).clone();

        const at::Tensor waiting = at::cat({unpaired_, rows}, 1);
        const std::int64_t odd = waiting.size(1) % 2;
        unpaired_ = waiting.narrow(1, waiting.size(1) - odd, odd).clone();
        return halved(waiting.narrow(1, 0, waiting.size(1) - odd));
    }

    /// Means over all windows, once all rows have been added.
    [[nodiscard]] double similarity(std::size_t channel) const {
        return sums_[channel].similarity / static_cast<double>(windows_);
    }
    [[nodiscard]] double contrast(std::size_t channel) const {
        return sums_[channel].contrast / static_cast<double>(windows_);
    }

private:
    /// Those that begin in the first `rows` rows seen.
    void add_windows(std::int64_t rows) {
        const std::vector<Tile> tiles = tiles_of(seen_.size(2) - overlap, rows);
        std::vector<Sums> parts(tiles.size() * sums_.size());
        parallel_for(static_cast<std::int64_t>(parts.size()), [&](std::int64_t i) {
            const auto part = static_cast<std::size_t>(i);
            const auto channel = static_cast<std::int64_t>(part / tiles.size());
            parts[part] = sums_of(maps_of(seen_, channel, tiles[part % tiles.size()]));
        });
        for (std::size_t part = 0; part < parts.size(); ++part) {
            sums_[part / tiles.size()].similarity += parts[part].similarity;
            sums_[part / tiles.size()].contrast += parts[part].contrast;
        }
    }

    std::int64_t windows_;
    std::vector<Sums> sums_;  // by channel
    at::Tensor seen_;         // rows of windows that are not complete
    at::Tensor unpaired_;     // the row that waits for its pair, if any; zeros before the first where the height is odd
};

/// Not below 0; NaN stays.
double positive(double value) { return value < 0 ? 0 : value; }

double of_channel(const std::vector<Scale>& scales, std::size_t channel) {
    double product = std::pow(positive(scales.back().similarity(channel)), exponents.back());
    for (std::size_t i = 0; i + 1 < scales.size(); ++i) {
        product *= std::pow(positive(scales[i].contrast(channel)), exponents[i]);
    }
    return product;
}

}  // namespace

std::optional<double> ms_ssim(const ImageBands& image, const ImageBands& target) {
    check_comparable("ms_ssim", image, target);
    if (std::min(image.width, image.height) < ms_ssim_side) return std::nullopt;
    std::vector<Scale> scales;
    std::int64_t width = image.width;
    std::int64_t height = image.height;
    for (std::size_t i = 0; i < exponents.size(); ++i) {
        scales.emplace_back(image.channels, width, height);
        width = (width + 1) / 2;
        height = (height + 1) / 2;
    }
    for (std::int64_t first = 0; first < image.height; first += metric_rows) {
        const std::int64_t count = std::min(metric_rows, image.height - first);
        at::Tensor rows = at::cat({image.band(first, count), target.band(first, count)});
        for (Scale& scale : scales) rows = scale.add(rows);
    }
    double sum = 0;
    for (int channel = 0; channel < image.channels; ++channel)
        sum += of_channel(scales, static_cast<std::size_t>(channel));
    return sum / image.channels;
}

}  // namespace gsfit

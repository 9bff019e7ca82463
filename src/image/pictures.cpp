// Pictures for people, made of images.

#include "gsfit/image/pictures.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <opencv2/imgproc.hpp>

#include "gsfit/core/parallel.h"

namespace gsfit {
namespace {

/// The samples of one axis that a pixel of the scaled axis covers, the first and the last one in part.
struct Cover {
    Cover(std::int64_t pixel, std::int64_t pixels, std::int64_t samples) {
        const double scale = static_cast<double>(samples) / static_cast<double>(pixels);
        from = static_cast<double>(pixel) * scale;
        to = std::min(from + scale, static_cast<double>(samples));
        first = std::min(static_cast<std::int64_t>(from), samples - 1);
        end = std::max(first + 1, static_cast<std::int64_t>(std::ceil(to)));
    }

    [[nodiscard]] float weight(std::int64_t sample) const {
        const auto low = static_cast<double>(sample);
        return static_cast<float>((std::min(to, low + 1) - std::max(from, low)) / (to - from));
    }

    double from;
    double to;
    std::int64_t first;
    std::int64_t end;
};

template <class Stored>
void add_row(const std::byte* row, float weight, std::vector<float>& sums) {
    for (std::size_t i = 0; i < sums.size(); ++i) {
        Stored value;
        std::memcpy(&value, row + i * sizeof(Stored), sizeof(Stored));
        sums[i] += weight * static_cast<float>(value);
    }
}

/// Row `y` of the scaled image [C,h,w].
void scale_row(const PackedView& view, std::int64_t y, at::Tensor& scaled) {
    const Cover rows(y, scaled.size(1), view.height);
    std::vector<float> sums(static_cast<std::size_t>(view.width * view.channels));
    for (std::int64_t row = rows.first; row < rows.end; ++row) {
        const auto add = view.bits == 8 ? add_row<std::uint8_t> : add_row<std::uint16_t>;
        add(view.pixel(0, row), rows.weight(row), sums);
    }
    const float unit = view.bits == 8 ? 1 / 255.0F : 1 / 65535.0F;
    const std::int64_t width = scaled.size(2);
    const std::int64_t plane = scaled.size(1) * width;
    float* pixels = scaled.mutable_data_ptr<float>() + y * width;  // asking for it per pixel takes longer than all else
    for (std::int64_t x = 0; x < width; ++x) {
        const Cover columns(x, width, view.width);
        for (std::int64_t c = 0; c < view.channels; ++c) {
            float sum = 0;
            for (std::int64_t column = columns.first; column < columns.end; ++column) {
                sum += columns.weight(column) * sums[static_cast<std::size_t>(column * view.channels + c)];
            }
            pixels[c * plane + x] = sum * unit;
        }
    }
}

/// Channels that make one picture: first, first + step, first + 2 step.
struct Tile {
    std::int64_t first;
    std::int64_t step;  ///< 1: red, green, blue; 0: grey
};

/// Three channels of a map make a picture, each other one makes a grey one.
std::vector<Tile> tiles_of(const ImageMaps& maps) {
    std::vector<Tile> tiles;
    for (const ImageMap& map : maps) {
        const bool coloured = map.channels >= 3;
        if (coloured) tiles.push_back({map.first, 1});
        for (int c = coloured ? 3 : 0; c < map.channels; ++c) tiles.push_back({map.first + c, 0});
    }
    return tiles;
}

/// Threes of channels, and those that are left over.
std::vector<Tile> tiles_of(std::int64_t channels) {
    std::vector<Tile> tiles;
    for (std::int64_t c = 0; c + 3 <= channels; c += 3) tiles.push_back({c, 1});
    for (std::int64_t c = channels / 3 * 3; c < channels; ++c) tiles.push_back({c, 0});
    return tiles;
}

/// Where they go.
struct Grid {
    explicit Grid(std::vector<Tile> all)
        : tiles(std::move(all)),
          across(static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(tiles.size()))))),
          down((static_cast<std::int64_t>(tiles.size()) + across - 1) / across) {}

    std::vector<Tile> tiles;
    std::int64_t across;
    std::int64_t down;
};

/// As the files have the values: of all maps, which have one gamma.
at::Tensor without_gamma(const at::Tensor& band, const ImageMaps& maps) {
    if (maps.empty() || maps[0].gamma == 1) return band;
    return band.clamp(0, 1).pow_(1 / maps[0].gamma);
}

/// Copies a tile of a band to (left, top) of the picture.
void put(const at::Tensor& band, const Tile& tile, Picture& picture, std::int64_t left, std::int64_t top) {
    const auto width = static_cast<int>(band.size(2));
    constexpr std::int64_t rows_at_a_time = 16;
    parallel_ranges(band.size(1), rows_at_a_time, [&](std::int64_t begin, std::int64_t end) {
        const auto rows = static_cast<int>(end - begin);
        std::array<cv::Mat, 3> planes;
        for (std::int64_t c = 0; c < 3; ++c) {
            const float* values =
                band.const_data_ptr<float>() + (tile.first + c * tile.step) * band.stride(0) + begin * band.stride(1);
            const cv::Mat plane(rows, width, CV_32F, const_cast<float*>(values),
                                static_cast<std::size_t>(band.stride(1)) * sizeof(float));
            plane.convertTo(planes[static_cast<std::size_t>(c)], CV_8U, 255);
        }
        cv::Mat pixels(rows, width, CV_8UC3, picture.pixel(left, top + begin),
                       static_cast<std::size_t>(3 * picture.width));
        cv::merge(planes.data(), planes.size(), pixels);
    });
}

/// The band that begins at row `top` of an image of `height` rows.
void put_band(const at::Tensor& band, const Grid& grid, std::int64_t top, std::int64_t height, Picture& picture) {
    std::int64_t place = 0;
    for (const Tile& tile : grid.tiles) {
        put(band, tile, picture, place % grid.across * band.size(2), place / grid.across * height + top);
        ++place;
    }
}

}  // namespace

Picture picture_of(const ImageBands& image, const ImageMaps& maps) {
    const Grid grid(maps.empty() ? tiles_of(image.channels) : tiles_of(maps));
    Picture picture(grid.across * image.width, grid.down * image.height);
    const std::int64_t most = write_image_rows(image.width, image.channels);
    for (std::int64_t first = 0; first < image.height; first += most) {
        const at::Tensor band = image.band(first, std::min(most, image.height - first)).contiguous();
        put_band(without_gamma(band, maps), grid, first, image.height, picture);
    }
    return picture;
}

Picture picture_of(const at::Tensor& image, const ImageMaps& maps) {
    return picture_of({.width = image.size(2),
                       .height = image.size(1),
                       .channels = static_cast<int>(image.size(0)),
                       .band = [&](std::int64_t first, std::int64_t rows) { return image.narrow(1, first, rows); }},
                      maps);
}

Picture picture_of(const PackedImage& image, std::int64_t width, std::int64_t height) {
    at::Tensor scaled = at::empty({image.channels(), height, width}, at::kFloat);
    constexpr std::int64_t rows_at_a_time = 64;
    for (std::int64_t first = 0; first < height; first += rows_at_a_time) {
        const std::int64_t rows = std::min(rows_at_a_time, height - first);
        parallel_for(rows, [&](std::int64_t row) { scale_row(image.view(), first + row, scaled); });
        image.drop({0, Cover(first + rows - 1, height, image.height()).end});
    }
    return picture_of(scaled, image.maps());
}

PictureSize picture_size(std::int64_t width, std::int64_t height, std::int64_t most) {
    const std::int64_t longer = std::max(width, height);
    if (longer <= most) return {width, height};
    const double scale = static_cast<double>(most) / static_cast<double>(longer);
    const auto scaled = [scale](std::int64_t side) {
        return std::max<std::int64_t>(1, std::llround(static_cast<double>(side) * scale));
    };
    return {scaled(width), scaled(height)};
}

Picture decode_picture(const std::vector<std::byte>& bytes, const std::string& name) {
    const PackedImage image = decode_image(bytes, name);
    return picture_of(image, image.width(), image.height());
}

}  // namespace gsfit

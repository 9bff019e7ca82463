#pragma once

// What a picture's squared error comes to with one of its Gaussians as it might be.

#include <cstddef>
#include <span>
#include <vector>

namespace gsfit::codec {

/// q = a dx^2 + 2 b dx dy + c dy^2 from (x, y) [pixels of the training raster]; the weight is exp(-q / 2).
struct Splat {
    float x, y;
    float a, b, c;
};

/// How weights and colours become a picture.
struct Drawing {
    float limit;      ///< of q: pixels beyond see nothing
    float eps;        ///< added to the sum of weights
    bool normalised;  ///< divided by that
};

/// Pixels, and what all other Gaussians are there. Rows of `room` floats: x and y of the pixel's centre, the sum of
/// weights, and for each channel the sum of weighted colours and the target.
class Samples {
public:
    static constexpr std::size_t vector = 16;  ///< kernels read so many at once

    explicit Samples(std::size_t channels) : channels_(channels) {}

    /// Of nothing that is seen, until they are set; `count` is rounded up to whole vectors.
    void resize(std::size_t count);

    [[nodiscard]] std::size_t room() const { return room_; }
    [[nodiscard]] std::size_t channels() const { return channels_; }
    [[nodiscard]] float* x() { return row(0); }
    [[nodiscard]] float* y() { return row(1); }
    [[nodiscard]] float* weight() { return row(2); }
    [[nodiscard]] float* sum(std::size_t channel) { return row(sum_row(channel)); }
    [[nodiscard]] float* target(std::size_t channel) { return row(sum_row(channel) + 1); }
    [[nodiscard]] const float* x() const { return row(0); }
    [[nodiscard]] const float* y() const { return row(1); }
    [[nodiscard]] const float* weight() const { return row(2); }
    [[nodiscard]] const float* sum(std::size_t channel) const { return row(sum_row(channel)); }
    [[nodiscard]] const float* target(std::size_t channel) const { return row(sum_row(channel) + 1); }

private:
    [[nodiscard]] static std::size_t sum_row(std::size_t channel) { return 3 + 2 * channel; }
    [[nodiscard]] float* row(std::size_t index) { return values_.data() + index * room_; }
    [[nodiscard]] const float* row(std::size_t index) const { return values_.data() + index * room_; }

    std::size_t channels_;
    std::size_t room_ = 0;
    std::vector<float> values_;
};

/// The splat's weight at each sample, 0 beyond its limit.
void weigh(const Splat& splat, float limit, const Samples& samples, std::span<float> weights);

/// Of all samples and channels, with the splat of this colour drawn.
double squared_error(const Splat& splat, std::span<const float> color, const Drawing& drawing, const Samples& samples);

/// Whole vectors of pixels in a row.
struct Run {
    float x, y;         ///< centre of the first pixel
    float step;         ///< from one to the next
    std::size_t count;  ///< a multiple of Samples::vector
    float* weight;      ///< of the first pixel, in the sums of weights
    std::size_t plane;  ///< from there to the sums of the first weighted channel, and so on
};

/// Adds the splat, times `sign`, to the sums.
void draw(const Splat& splat, std::span<const float> color, float limit, float sign, const Run& run);

}  // namespace gsfit::codec

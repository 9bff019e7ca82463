#pragma once

// The compact file (.gsf, docs/format.md): a field in some four to six bytes a Gaussian, readable in part. This room
// knows neither LibTorch nor OpenCV.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gsfit/blending.h"
#include "gsfit/core/maps.h"
#include "gsfit/core/views.h"

namespace gsfit::codec {

inline constexpr int max_channels = 64;

/// What a field is of and how it is drawn.
struct Description {
    std::int64_t width = 0;   ///< of the training raster [pixels], 1 to 2^24
    std::int64_t height = 0;  ///< of the training raster [pixels], 1 to 2^24
    int channels = 0;         ///< 1 to max_channels
    Blending blending;
    ImageMaps maps{};  ///< with names of up to 255 bytes; empty: those of maps_of_channels()
};

/// N Gaussians with C channels, row-major.
struct Gaussians {
    std::vector<float> position;   ///< [N,2] (x, y) of the centre, in [0,1] of the image's width and height
    std::vector<float> inv_scale;  ///< [N,2] 1 / sigma, sigma in pixels of the training raster
    std::vector<float> rotation;   ///< [N] radians
    std::vector<float> feature;    ///< [N,C] linear weight per channel

    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(rotation.size()); }
    bool operator==(const Gaussians&) const = default;
};

/// Codes a field at any number of bytes. Gaussians that no pixel sees, or that are not finite, are left out.
class Encoder {
public:
    /// Throws UsageError where the format cannot hold the field.
    Encoder(const Gaussians& gaussians, const Description& description);
    ~Encoder();
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;

    /// The file. `q` is the squared error that each parameter may cause, summed over pixels and channels (values in
    /// [0,1]); 2^-40 to 2^40. The best is about a quarter of the field's own error divided by its parameters.
    [[nodiscard]] std::vector<std::byte> encode(double q) const;
    /// Of at most `bytes` bytes, and as close to that as q allows; the smallest there is when that is larger.
    [[nodiscard]] std::vector<std::byte> encode_within(std::size_t bytes) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Rounds a field in steps, between which it can be trained further: what is still free makes up for what is not.
/// Cells and classes of area are kept from the start; colours follow in four random quarters, then scales and angles,
/// then places.
class Freezer {
public:
    /// Gaussians and description as an Encoder takes them, `q` as encode() does.
    Freezer(const Gaussians& gaussians, const Description& description, double q);
    ~Freezer();
    Freezer(const Freezer&) = delete;
    Freezer& operator=(const Freezer&) = delete;

    /// The field in the order of the file, without what an Encoder leaves out: what is to be trained.
    [[nodiscard]] const Gaussians& start() const;
    static constexpr int stages = 12;
    /// The next stage: `now` is the field as training has it.
    void freeze(const Gaussians& now);
    /// Puts back what is frozen, and the rest into its cell and class.
    void hold(Gaussians& now) const;
    /// What hold() keeps to, until the next stage.
    struct Bounds {
        Gaussians least, most;    ///< equal where a number is frozen, infinite where it is free
        std::vector<float> size;  ///< N x 2: of the mean log2 sigma, kept by scaling both sigmas alike
    };
    [[nodiscard]] Bounds bounds() const;
    /// After all stages: changes what is frozen of scales, angles and places by single steps, for as long as that makes
    /// the picture closer to the target, whose size and channels are the description's; after so many seconds no part
    /// of the file is begun any more. Not with blend topk_norm or support tile16.
    void settle(const PackedView& target, double seconds = std::numeric_limits<double>::infinity());
    /// After all stages.
    [[nodiscard]] std::vector<std::byte> file() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Whether a file that begins so is a compact one; three bytes tell.
bool begins_compact(std::span<const std::byte> start);

/// A part of the image [pixels of the training raster].
struct Rectangle {
    double left, top, right, bottom;
};

/// A file that is opened: its header and index are read, its Gaussians where they are asked for.
class Reader {
public:
    /// Fills the span with the bytes from `offset` on and returns how many there are.
    using Read = std::function<std::size_t(std::uint64_t offset, std::span<std::byte> target)>;

    /// `name` is what messages call the file. Throws InputError for whatever is no sound file of this version.
    Reader(Read read, std::uint64_t bytes, const std::string& name);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    [[nodiscard]] const Description& description() const;
    /// Gaussians of the whole file, by its index.
    [[nodiscard]] std::int64_t size() const;
    /// log2 of the q it was coded with.
    [[nodiscard]] double log2_q() const;
    /// All Gaussians, the same bits on every machine. Throws InputError.
    [[nodiscard]] Gaussians decode() const;
    /// At least those that pixels of the rectangle see, in the same order. Throws InputError.
    [[nodiscard]] Gaussians decode(const Rectangle& rectangle) const;
    /// So far.
    [[nodiscard]] std::uint64_t bytes_read() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gsfit::codec

#pragma once

// How the kernels of this room share out a lattice: a block works its way down a strip of one channel, and each of its
// threads down one column, with `halo` columns on either side that belong to neighbouring strips.

#include <cstddef>
#include <cstdint>

#include "cuda/packed.cuh"
#include "cuda/simt.h"
#include "loss/comparison.h"

namespace gsfit::gpu {

constexpr int strip_threads = 128;

/// blockIdx.x counts strips, row by row of them; blockIdx.y is the channel.
struct Strips {
    unsigned across;      ///< strips beside each other
    std::int64_t height;  ///< rows of a strip, but for the last ones
    int halo;             ///< columns
};

/// A thread's part of its strip.
struct Place {
    std::int64_t column;      ///< may lie outside the lattice
    std::int64_t first, end;  ///< rows
    bool inside;              ///< the column is in the lattice and no halo
};

__device__ inline Place place_of_thread(const Strips& strips, const Rows& rows, std::int64_t width) {
    const int thread = static_cast<int>(threadIdx.x);
    const int own = strip_threads - 2 * strips.halo;
    const std::int64_t column = static_cast<std::int64_t>(blockIdx.x % strips.across) * own + thread - strips.halo;
    const std::int64_t first = rows.first + blockIdx.x / strips.across * strips.height;
    const std::int64_t end = rows.first + rows.count;
    const bool owned = thread >= strips.halo && thread < strip_threads - strips.halo;
    return {column, first, end - first < strips.height ? end : first + strips.height, owned && column < width};
}

/// A channel at one sample.
struct Sample {
    float image, target;
};

/// Reads a column of both images on its way down.
class ColumnReader {
public:
    __device__ ColumnReader(const Comparison& comparison, int channel, std::int64_t row, std::int64_t column)
        : comparison_(comparison) {
        const Planar<const std::byte>& image = comparison.image;
        const PackedView& target = comparison.target;
        const Lattice& lattice = comparison.lattice;
        row_ = row - image.rows.first;
        held_ = column >= 0 && column < lattice.width ? image.rows.count : 0;
        image_ = channel * image.channel_stride + row_ * image.row_stride + column;
        target_ = (lattice.y + row * lattice.stride) * static_cast<std::int64_t>(target.row_bytes) +
                  ((lattice.x + column * lattice.stride) * target.channels + channel) * (target.bits / 8);
    }

    __device__ void move_down() {
        ++row_;
        image_ += comparison_.image.row_stride;
        target_ += target_step();
    }

    /// Of `back` rows above; zeros outside the rows that the image holds and beside the lattice.
    __device__ Sample read(int back = 0) const {
        if (row_ - back < 0 || row_ - back >= held_) return {0.0F, 0.0F};
        const Planar<const std::byte>& image = comparison_.image;
        const std::int64_t value = image_ - back * image.row_stride;
        const float x = image.half ? simt::load_half(reinterpret_cast<const std::uint16_t*>(image.data) + value)
                                   : reinterpret_cast<const float*>(image.data)[value];
        return {x, target_value(comparison_.target, comparison_.target.data + (target_ - back * target_step()), 0)};
    }

private:
    __device__ std::int64_t target_step() const {
        return comparison_.lattice.stride * static_cast<std::int64_t>(comparison_.target.row_bytes);
    }

    const Comparison& comparison_;
    std::int64_t row_;     // from the first that the image holds
    std::int64_t held_;    // rows of the image in this column
    std::int64_t image_;   // offset [values]
    std::int64_t target_;  // offset [bytes]
};

}  // namespace gsfit::gpu

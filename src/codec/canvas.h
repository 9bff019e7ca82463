#pragma once

// A rectangle of the picture while Gaussians of it change.

#include <cstdint>
#include <span>
#include <vector>

#include "codec/part.h"
#include "codec/settle_kernels.h"
#include "gsfit/core/views.h"

namespace gsfit::codec {

/// Of what a symbol's geometry is drawn as.
Splat splat_of(const Geometry& geometry);

/// Pixels [left, right) x [top, bottom) of the training raster.
struct Window {
    std::int64_t left, top, right, bottom;

    [[nodiscard]] bool meets(const Window& other) const {
        return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
    }
    [[nodiscard]] Window with(const Window& other) const;
};

/// Those of a target that may see the splat.
Window window_of(const Splat& splat, float limit, const PackedView& target);

/// Sums of weights and of weighted colours at every stride-th pixel of a window in both directions, and the target
/// there.
class Canvas {
public:
    Canvas(const PackedView& target, const Window& window, std::int64_t stride, const Drawing& drawing);

    /// Draws the splat, or with sign -1 takes it off.
    void add(const Splat& splat, std::span<const float> color, float sign);
    /// The samples that the splat, which is drawn, sees most of, and what is there without it. Where these are many,
    /// those of a coarser lattice, which is another one for each `phase`.
    void look_without(const Splat& splat, std::span<const float> color, std::int64_t phase, Samples& samples);

private:
    /// Every step-th column of a row.
    struct Piece {
        std::int64_t row, begin, end, step;
    };
    /// Fills pieces_; returns how many samples they have.
    std::int64_t find_pieces(const Splat& splat, std::int64_t phase);
    /// visit(row, first column, end of columns) of the samples whose q is at most `limit`.
    template <class Visit>
    void each_run(const Splat& splat, float limit, const Visit& visit) const;
    [[nodiscard]] float* at(std::size_t plane, std::int64_t row) {
        return planes_.data() + plane * plane_ + static_cast<std::size_t>(row * columns_);
    }

    Window window_;
    std::int64_t stride_, columns_, rows_;  // columns are whole vectors
    Drawing drawing_;
    std::size_t channels_, plane_;
    std::vector<float> planes_;  // [1 + 2 C, rows, columns]: weight, weighted channels, targets
    std::vector<Piece> pieces_;
    std::vector<float> weights_;
};

}  // namespace gsfit::codec

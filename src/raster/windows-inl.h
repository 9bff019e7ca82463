// SSIM of one block by itself: windows around every second row and column of it, cropped at the edge of what is drawn
// of the block, their weights made to add up to 1. Compiled once for each SIMD target.
//
// Outside of what is drawn samples are 0, and a window that reaches there is divided by the weights that stay inside:
// so all windows are the same 11 taps, down the columns, then along the rows, of the block transposed.

#if defined(GSFIT_RASTER_WINDOWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_RASTER_WINDOWS_INL_H
#undef GSFIT_RASTER_WINDOWS_INL_H
#else
#define GSFIT_RASTER_WINDOWS_INL_H
#endif

#include <iterator>

#include "gsfit/core/ssim-inl.h"
#include "gsfit/core/transpose-inl.h"
#include "raster/block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

constexpr int window_taps = std::size(ssim_window);
constexpr int window_halo = window_taps / 2;
constexpr int side_windows = block_size / ssim_window_step;  // along a side of a block
constexpr int window_group = 4;                              // windows filtered at once, which share what they load
constexpr int group_samples = window_group * ssim_window_step;
static_assert(side_windows % lanes == 0 && side_windows % window_group == 0);

/// Samples or windows around a block's own, which are 0 and stay so.
constexpr int window_margin = window_halo / ssim_window_step + 1;
constexpr int padded_samples = block_size + 2 * window_halo;
constexpr int padded_windows = side_windows + 2 * window_margin;

/// Rows of a block's samples, with those above and below it.
struct SampleRows {
    HWY_ALIGN_MAX float at[padded_samples][block_size];

    [[nodiscard]] float* row(int row) { return at[row + window_halo]; }
    [[nodiscard]] const float* row(int row) const { return at[row + window_halo]; }
};

/// What SSIM is made of: x, d = x - y, x^2 + y^2, d^2.
enum WindowMap { of_x, of_d, of_squares, of_d2, window_maps };
/// Planes of SsimSlopes.
enum WindowSlope { slope_x, slope_squares, slope_d2, window_slopes };

/// Which windows there are along a side of a block: 1 over the weights inside for each, or 0.
struct WindowSide {
    HWY_ALIGN_MAX float scale[side_windows];

    /// Samples [first, last) are drawn.
    WindowSide(int first, int last) {
        for (int i = 0; i < side_windows; ++i) {
            const int center = i * ssim_window_step;
            float inside = 0;
            for (int k = 0; k < window_taps; ++k) {
                const int sample = center + k - window_halo;
                if (first <= sample && sample < last) inside += ssim_window[k];
            }
            scale[i] = first <= center && center < last ? 1.0F / inside : 0.0F;
        }
    }
};

/// What a block's windows see, kept while it is drawn.
struct WindowSamples {
    SampleRows of[group_channels][2];                    // of each channel x, d
    HWY_ALIGN_MAX float scale[block_size * block_size];  // du/dv: 1 / D, [strip][row][lane]

    /// Before a block is drawn: what is not drawn of it is 0.
    void clear_outside(const Block& block, int channels) {
        if (block.width == block_size && block.height == block_size && block.top == 0) return;
        for (int c = 0; c < channels; ++c) {
            for (SampleRows& rows : of[c]) std::fill_n(rows.row(0), block_size * block_size, 0.0F);
        }
        std::fill_n(scale, block_size * block_size, 0.0F);
    }
    HWY_INLINE void keep(int channel, int row, int strip, V x, V difference) {
        hn::Store(x, D(), of[channel][0].row(row) + strip * lanes);
        hn::Store(difference, D(), of[channel][1].row(row) + strip * lanes);
    }
    HWY_INLINE void keep_scale(int row, int strip, V v) {
        hn::Store(v, D(), scale + (strip * block_size + row) * lanes);
    }
};

/// A thread's memory for the windows of a block. It begins as zeros.
struct WindowMemory {
    WindowSamples samples;
    HWY_ALIGN_MAX float products[2][padded_samples][lanes];               // of a strip: x^2 + y^2, d^2
    HWY_ALIGN_MAX float down[side_windows][lanes];                        // of a strip, filtered down the columns
    HWY_ALIGN_MAX float maps[window_maps][padded_samples][side_windows];  // the same turned: [column][row of windows]
    HWY_ALIGN_MAX float slopes[window_slopes][padded_windows][side_windows];  // [column of windows][row of windows]
    HWY_ALIGN_MAX float along[block_size][lanes];  // of a strip of those, spread along the rows
    HWY_ALIGN_MAX float turned[window_slopes][padded_windows][block_size];  // the same turned: [row of windows][column]
};

HWY_INLINE WindowMemory& window_memory() {
    thread_local const auto instance = std::make_unique<WindowMemory>();
    return *instance;
}

/// The windows of a group over vectors `stride` floats apart, from the first one's first tap on.
HWY_INLINE void gather_windows(const float* first, std::ptrdiff_t stride, V (&out)[window_group]) {
    const D d;
    GSFIT_UNROLL
    for (V& mean : out) mean = hn::Zero(d);
    GSFIT_UNROLL
    for (int k = 0; k < window_taps + ssim_window_step * (window_group - 1); ++k) {
        const V value = hn::Load(d, first + k * stride);
        GSFIT_UNROLL
        for (int i = 0; i < window_group; ++i) {
            const int tap = k - ssim_window_step * i;
            if (tap >= 0 && tap < window_taps) out[i] = hn::MulAdd(hn::Set(d, ssim_window[tap]), value, out[i]);
        }
    }
}

/// The transpose: what a group of windows' samples get from the windows around, from the margin before the first one's
/// on.
HWY_INLINE void spread_windows(const float* first, std::ptrdiff_t stride, V (&out)[group_samples]) {
    const D d;
    GSFIT_UNROLL
    for (V& sum : out) sum = hn::Zero(d);
    GSFIT_UNROLL
    for (int i = -window_margin; i < window_group + window_margin; ++i) {
        const V value = hn::Load(d, first + (i + window_margin) * stride);
        GSFIT_UNROLL
        for (int k = 0; k < group_samples; ++k) {
            const int tap = k - ssim_window_step * i + window_halo;
            if (tap >= 0 && tap < window_taps) out[k] = hn::MulAdd(hn::Set(d, ssim_window[tap]), value, out[k]);
        }
    }
}

/// `rows` rows of a vector each -> as many columns of `lanes` rows, those `stride` floats apart.
template <int rows>
HWY_INLINE void turn(const float (&from)[rows][lanes], float* to, std::ptrdiff_t stride) {
    const D d;
    for (int row = 0; row < rows; row += lanes) {
        for (int column = 0; column < lanes; column += 4) {
            V four[4];
            GSFIT_UNROLL
            for (int i = 0; i < 4; ++i) four[i] = load_blocks(d, from[row + i] + column, 4 * lanes);
            transpose_blocks(d, four);
            GSFIT_UNROLL
            for (int i = 0; i < 4; ++i) hn::Store(four[i], d, to + (column + i) * stride + row);
        }
    }
}

/// The windows of one channel of a block.
class Windows {
public:
    Windows(const Block& block, WindowMemory& memory)
        : memory_(memory), rows_(block.top, block.height), columns_(0, block.width) {}

    /// Sum of 1 - SSIM over the channel's windows; the derivatives stay in memory.
    HWY_INLINE V differentiate(const SampleRows (&samples)[2]) {
        for (int column = 0; column < block_size; column += lanes) gather_down(samples, column);
        const V sum = compare();
        for (int row = 0; row < side_windows; row += lanes) spread_along(row);
        return sum;
    }

    /// What the samples of a group of windows' rows get, in the columns from `column` on.
    HWY_INLINE void slopes(int row, int column, SsimSlopes<V> (&out)[group_samples]) const {
        V sums[window_slopes][group_samples];
        GSFIT_UNROLL
        for (int m = 0; m < window_slopes; ++m) {
            spread_windows(memory_.turned[m][row / ssim_window_step] + column, block_size, sums[m]);
        }
        GSFIT_UNROLL
        for (int r = 0; r < group_samples; ++r) out[r] = {sums[slope_x][r], sums[slope_squares][r], sums[slope_d2][r]};
    }

private:
    /// The maps of a strip.
    HWY_INLINE void gather_down(const SampleRows (&samples)[2], int column) {
        const D d;
        for (int row = 0; row < block_size; ++row) {
            const V x = hn::Load(d, samples[0].row(row) + column);
            const V difference = hn::Load(d, samples[1].row(row) + column);
            const V y = x - difference;
            hn::Store(hn::MulAdd(x, x, y * y), d, memory_.products[0][row + window_halo]);
            hn::Store(difference * difference, d, memory_.products[1][row + window_halo]);
        }
        gather_map(samples[0].at[0] + column, block_size, of_x, column);
        gather_map(samples[1].at[0] + column, block_size, of_d, column);
        gather_map(memory_.products[0][0], lanes, of_squares, column);
        gather_map(memory_.products[1][0], lanes, of_d2, column);
    }

    HWY_INLINE void gather_map(const float* first, std::ptrdiff_t stride, int map, int column) {
        for (int i = 0; i < side_windows; i += window_group) {
            V means[window_group];
            gather_windows(first + i * ssim_window_step * stride, stride, means);
            GSFIT_UNROLL
            for (int k = 0; k < window_group; ++k) hn::Store(means[k], D(), memory_.down[i + k]);
        }
        turn(memory_.down, memory_.maps[map][column + window_halo], side_windows);
    }

    /// The derivatives of a vector of rows of windows.
    HWY_INLINE void spread_along(int row) {
        for (int m = 0; m < window_slopes; ++m) {
            for (int i = 0; i < side_windows; i += window_group) {
                V sums[group_samples];
                spread_windows(memory_.slopes[m][i] + row, side_windows, sums);
                GSFIT_UNROLL
                for (int k = 0; k < group_samples; ++k) {
                    hn::Store(sums[k], D(), memory_.along[i * ssim_window_step + k]);
                }
            }
            turn(memory_.along, memory_.turned[m][row + window_margin], block_size);
        }
    }

    HWY_INLINE V compare() {
        const D d;
        V sum = hn::Zero(d);
        for (int i = 0; i < side_windows; i += window_group) {
            for (int row = 0; row < side_windows; row += lanes) {
                V means[window_maps][window_group];
                GSFIT_UNROLL
                for (int m = 0; m < window_maps; ++m) {
                    gather_windows(memory_.maps[m][i * ssim_window_step] + row, side_windows, means[m]);
                }
                const V scale = hn::Load(d, rows_.scale + row);
                GSFIT_UNROLL
                for (int k = 0; k < window_group; ++k) {
                    const V each = scale * hn::Set(d, columns_.scale[i + k]);
                    const auto terms = ssim_terms(d, each * means[of_x][k], each * means[of_d][k],
                                                  each * means[of_squares][k], each * means[of_d2][k]);
                    const auto by = ssim_slopes(d, terms);
                    sum = sum + dissimilar(terms);
                    hn::Store(each * by.by_x, d, memory_.slopes[slope_x][window_margin + i + k] + row);
                    hn::Store(each * by.by_squares, d, memory_.slopes[slope_squares][window_margin + i + k] + row);
                    hn::Store(each * by.by_d2, d, memory_.slopes[slope_d2][window_margin + i + k] + row);
                }
            }
        }
        return sum;
    }

    WindowMemory& memory_;
    WindowSide rows_, columns_;
};

/// A block's planes: of each sample u_c = v_c / D for its channels and, where there are more planes, -sum_c u_c out_c.
struct GradientPlanes {
    int channels;
    int count;
    float* first;
};

/// Adds what the channel's windows add to the planes, their loss being `weight` times 1 - SSIM.
HWY_INLINE void add_slopes(const Windows& windows, const WindowSamples& samples, int channel, float weight,
                           const GradientPlanes& planes) {
    const D d;
    const V minus_weight = hn::Set(d, -weight);
    for (int strip = 0; strip < strips; ++strip) {
        for (int row = 0; row < block_size; row += group_samples) {
            SsimSlopes<V> slopes[group_samples];
            windows.slopes(row, strip * lanes, slopes);
            GSFIT_UNROLL
            for (int r = 0; r < group_samples; ++r) {
                const std::ptrdiff_t place = strip * block_size + row + r;
                const V x = hn::Load(d, samples.of[channel][0].row(row + r) + strip * lanes);
                const V difference = hn::Load(d, samples.of[channel][1].row(row + r) + strip * lanes);
                const V scale = minus_weight * hn::Load(d, samples.scale + place * lanes);
                const V u = ssim_slope(d, slopes[r], x, difference) * scale;
                float* at = planes.first + place * planes.count * lanes;
                float* of_channel = at + channel * lanes;
                hn::Store(hn::Load(d, of_channel) + u, d, of_channel);
                if (planes.count == planes.channels) continue;
                float* dot = at + planes.channels * lanes;
                hn::Store(hn::NegMulAdd(u, x, hn::Load(d, dot)), d, dot);
            }
        }
    }
}

/// Adds `weight` times the sum of 1 - SSIM over the windows of all channels to what the planes are the gradient of;
/// returns it.
HWY_NOINLINE inline double add_similarity(const Block& block, const GradientPlanes& planes, float weight,
                                          WindowMemory& memory) {
    const D d;
    Windows windows(block, memory);
    double sum = 0;
    for (int c = 0; c < planes.channels; ++c) {
        sum +=
            static_cast<double>(weight * hn::GetLane(hn::SumOfLanes(d, windows.differentiate(memory.samples.of[c]))));
        add_slopes(windows, memory.samples, c, weight, planes);
    }
    return sum;
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

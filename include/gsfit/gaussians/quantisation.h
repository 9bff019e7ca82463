#pragma once

#include <cstdint>

#include "gsfit/types.h"

namespace gsfit {

/// Bits of each number of a field's tensors, as in Image-GS (Zhang et al. 2024, arXiv 2407.01866). A tensor as a whole
/// is rounded to 2^bits levels from its least to its greatest finite number; of a scale it is sigma that is rounded.
struct Quantisation {
    int position = 16;
    int scale = 16;
    int rotation = 16;
    int feature = 16;

    static constexpr int least_bits = 4;
    static constexpr int most_bits = 32;

    /// Throws UsageError naming the number of bits that is not 4 to 32.
    void check() const;

    /// Bits of one Gaussian.
    [[nodiscard]] std::int64_t of_gaussian(int channels) const {
        return 2 * position + 2 * scale + rotation + std::int64_t{channels} * feature;
    }

    bool operator==(const Quantisation&) const = default;
};

/// Makes quantised copies of fields, over and over in the same memory. What is not finite stays so.
class Quantiser {
public:
    /// For fields of this one's size, where its tensors lie.
    Quantiser(const Field& like, const Quantisation& bits);

    /// The quantised copy; the same tensors each time. On a GPU nothing waits and nothing is allocated.
    const Field& operator()(const Field& field);

    [[nodiscard]] const Field& copy() const { return copy_; }

private:
    Quantisation bits_;
    Field copy_;
    at::Tensor extents_;  // on a GPU, what its kernels leave for one another
};

/// A quantised copy of the field.
Field quantised(const Field& field, const Quantisation& bits);

/// What a Quantiser holds, and what it holds of a GPU.
std::int64_t quantised_bytes(std::int64_t size, int channels);
std::int64_t device_quantised_bytes(std::int64_t size, int channels);

/// Least and greatest of numbers; low > high when there are none.
struct Extent {
    float low, high;
};

/// Of the finite numbers of a float32 tensor on the CPU, or of its inverses.
Extent extent_of(const at::Tensor& tensor, bool inverse);

}  // namespace gsfit

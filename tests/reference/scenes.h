#pragma once

// Fields and targets that tests render, made from seeds.

#include <cstdint>
#include <string>
#include <vector>

#include "gsfit/types.h"

namespace gsfit::reference {

/// Every blend, on every support that it makes a difference to.
const std::vector<Blending>& blendings();
std::string name_of(const Blending& blending);

/// A Gaussian by its look on the training raster.
struct Shape {
    double x, y;              ///< centre [pixels]
    double sigma_x, sigma_y;  ///< [pixels]
    double angle = 0;
};

/// What a half-trained field looks like: centres uniform, sizes log-normal around 0.6 of the pitch, any rotation.
gsfit::Field random_field(std::int64_t size, int channels, std::int64_t width, std::int64_t height, std::uint64_t seed);

/// Gives Gaussian i another shape.
void reshape(gsfit::Field& field, std::int64_t i, const Shape& shape);

/// random_field() whose first Gaussians are the awkward ones: on corners, edges and block borders, outside the raster,
/// and far larger and smaller than the pitch.
gsfit::Field awkward_field(std::int64_t size, int channels, std::int64_t width, std::int64_t height,
                           std::uint64_t seed);

/// random_field() whose first degenerate_count() Gaussians are one of every degenerate kind.
gsfit::Field degenerate_field(std::int64_t size, int channels, std::int64_t width, std::int64_t height,
                              std::uint64_t seed);
std::int64_t degenerate_count();

/// random_field() of the first seed, from `seed` on, that leaves no sample of the lattice nearly tied.
gsfit::Field decided_field(std::int64_t size, int channels, const Lattice& lattice, const Blending& blending,
                           std::uint64_t seed);

/// An image of noise that owns its bytes; rows are padded.
class Target {
public:
    Target(std::int64_t width, std::int64_t height, int channels, int bits, std::uint64_t seed);
    [[nodiscard]] const PackedView& view() const { return view_; }

    /// Moves values away from an image of the lattice that they come near: the gradient of |error| jumps at 0, and
    /// float32 cannot tell on which side it is.
    void keep_away(const std::vector<double>& image, const Lattice& lattice);

private:
    std::vector<std::byte> bytes_;
    PackedView view_;
};

/// Standard normal numbers.
at::Tensor random_tensor(const std::vector<std::int64_t>& shape, std::uint64_t seed);

}  // namespace gsfit::reference

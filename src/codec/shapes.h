#pragma once

// Pass 2: area within its class, aspect, angle and place.

#include "codec/lattice.h"
#include "codec/models.h"

namespace gsfit::codec {

inline constexpr Log largest_aspect = 13 * octave / 2;

/// What a Gaussian's symbols of shape mean, which depends on the ones before.
class ShapeScale {
public:
    ShapeScale(const Part& part, const Steps& steps, Log least_sigma, int gaussian)
        : part_(part), gaussian_(gaussian), least_sigma_(least_sigma), steps_(steps.shape(gaussian)) {}

    /// Of the class, 1 to 32.
    [[nodiscard]] int areas() const;
    [[nodiscard]] Log aspect_step() const { return static_cast<Log>(exp2_fixed(steps_.aspect, log_bits)); }
    /// The most that an aspect can be.
    [[nodiscard]] int most_aspect() const { return std::max(largest_aspect / aspect_step(), 1); }
    /// Of a half turn, 1 to 4096.
    [[nodiscard]] int angles(const Shape& shape) const;
    [[nodiscard]] Lattice lattice(const Shape& shape) const;
    [[nodiscard]] Geometry geometry(const Shape& shape) const;

private:
    /// Without the place.
    [[nodiscard]] Geometry form(const Shape& shape) const;

    const Part& part_;
    int gaussian_;
    Log least_sigma_;
    Steps::OfShape steps_;
};

/// The mean direction of neighbours, each by its aspect; doubled, so that opposite ones are the same.
class Directions {
public:
    explicit Directions(int size) : vectors_(static_cast<std::size_t>(size)) {}

    struct Mean {
        std::int32_t angle;  ///< in angle_bits
        int coherence;       ///< 0: none, to 3
    };
    [[nodiscard]] Mean mean(std::span<const Neighbour> neighbours) const;
    void set(int gaussian, Log aspect, std::int32_t angle);

private:
    struct Vector {
        std::int64_t x = 0;
        std::int64_t y = 0;
    };
    std::vector<Vector> vectors_;
};

template <class Coder>
class ShapePass {
public:
    ShapePass(Coder& coder, Part& part, const Surroundings& surroundings, const Steps& steps, Log least_sigma)
        : coder_(coder),
          part_(part),
          surroundings_(surroundings),
          steps_(steps),
          least_sigma_(least_sigma),
          directions_(part.size()) {}

    void run() {
        for (int i = 0; i < part_.size(); ++i) {
            const ShapeScale scale(part_, steps_, least_sigma_, i);
            Shape& shape = part_.shape[i];
            shape.area = code_uniform(coder_, shape.area, scale.areas());
            shape.aspect = code_aspect(shape.aspect, scale);
            const int angles = scale.angles(shape);
            shape.angle = angles > 1 ? code_angle(shape.angle, angles, directions_.mean(surroundings_.before(i))) : 0;
            code_place(shape, scale.lattice(shape));
            part_.geometry[i] = scale.geometry(shape);
            directions_.set(i, shape.aspect * scale.aspect_step(), part_.geometry[i].angle);
        }
    }

private:
    int code_aspect(int value, const ShapeScale& scale) {
        const Log step = scale.aspect_step();
        const auto place = [](std::int64_t twice) {  // of half of it
            return static_cast<std::int32_t>(std::min<std::int64_t>((twice << 15) / largest_aspect, 1 << 16));
        };
        value = code_symbol(coder_, value, 0, scale.most_aspect(),
                            [&](int k) { return aspects_.below(place((2 * std::int64_t{k} - 1) * step)); });
        aspects_.add(place(2 * std::int64_t{value} * step));
        return value;
    }

    /// From a quarter turn before the mean direction to a quarter turn after it.
    int code_angle(int value, int angles, const Directions::Mean& mean) {
        const std::int64_t from = std::int64_t{mean.angle} - half_turn / 2;
        const auto first = static_cast<int>(ceil_divide(from * angles, half_turn));
        const auto place = [&](std::int64_t twice) {  // of half of it, in 2^-16ths of a half turn
            const std::int64_t turned = floor_divide(twice << 15, angles) - from * (1 << (16 - angle_bits));
            return static_cast<std::int32_t>(std::clamp<std::int64_t>(turned, 0, 1 << 16));
        };
        auto& model = angles_[mean.coherence];
        const int turned = code_symbol(coder_, ((value - first) % angles + angles) % angles, 0, angles - 1,
                                       [&](int k) { return model.below(place(2 * std::int64_t{first + k} - 1)); });
        model.add(place(2 * std::int64_t{first + turned}));
        return ((turned + first) % angles + angles) % angles;
    }

    void code_place(Shape& shape, const Lattice& lattice) {
        int index = 0;
        if constexpr (!Coder::decodes) index = lattice.index_of({shape.along, shape.across});
        const Lattice::Point point = lattice.at(code_uniform(coder_, index, lattice.size()));
        shape.along = point.along;
        shape.across = point.across;
    }

    Coder& coder_;
    Part& part_;
    const Surroundings& surroundings_;
    const Steps& steps_;
    Log least_sigma_;
    Directions directions_;
    Histogram<32> aspects_;
    std::array<Histogram<16>, 4> angles_;
};

}  // namespace gsfit::codec

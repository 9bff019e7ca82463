#pragma once

// Pass 0: how many Gaussians each cell has, and the class of their area.

#include "codec/models.h"
#include "codec/part.h"

namespace gsfit::codec {

/// What predicts the areas of a cell: the spacing of Gaussians around it, and the mean area of cells before it.
using AreaFeatures = std::array<std::int64_t, 2>;

class AreaContext {
public:
    explicit AreaContext(const Part& part);

    /// When all cells before have been added.
    [[nodiscard]] AreaFeatures features(int cell) const;
    void add(int cell);

private:
    [[nodiscard]] int count(int cell) const { return part_.first[cell + 1] - part_.first[cell]; }
    /// visit(cell, squared distance in cells)
    template <class Visit>
    void around(int cell, int last_row, const Visit& visit) const;

    const Part& part_;
    std::vector<std::int64_t> means_;  // of log2 of the area, of each cell
};

template <class Coder>
class CountPass {
public:
    CountPass(Coder& coder, Part& part) : coder_(coder), part_(part) {}

    /// `size` is the number of all. Throws Damage when it is another.
    void run(int size) {
        std::vector<int> counts(part_.grid.cells());
        int sum = 0;
        if constexpr (!Coder::decodes) {
            for (int cell = 0; cell < part_.grid.cells(); ++cell) {
                counts[cell] = part_.first[cell + 1] - part_.first[cell];
            }
        }
        for (int cell = 0; cell < part_.grid.cells(); ++cell) {
            counts[cell] = count(counts[cell], density(counts, cell), size - sum);
            sum += counts[cell];
        }
        if (sum != size) throw Damage("a part holds fewer Gaussians than its index says");
        if constexpr (Coder::decodes) fill(counts, size);
    }

private:
    /// By how many there are in six cells before.
    int density(const std::vector<int>& counts, int cell) const {
        const int columns = part_.grid.columns;
        const int column = cell % columns;
        const auto at = [&](int dx, int dy) {
            const bool inside = column + dx >= 0 && column + dx < columns && cell + dy * columns >= 0;
            return inside ? counts[cell + dy * columns + dx] : 0;
        };
        const int sum = 3 * (at(-1, 0) + at(0, -1)) + 2 * (at(-1, -1) + at(1, -1)) + at(-2, 0) + at(0, -2);
        constexpr std::array<int, 9> bounds{1, 3, 5, 8, 12, 18, 27, 40, 60};
        return static_cast<int>(std::upper_bound(bounds.begin(), bounds.end(), sum) - bounds.begin());
    }

    int count(int value, int context, int most) {
        int counted = 0;
        while (code_bit(coder_, counted < value, more_[context][std::min(counted, 7)])) {
            if (++counted > most) throw Damage("a part holds more Gaussians than its index says");
        }
        return counted;
    }

    void fill(const std::vector<int>& counts, int size) {
        part_.resize(size);
        part_.first.assign(counts.size() + 1, 0);
        for (std::size_t cell = 0; cell < counts.size(); ++cell) {
            part_.first[cell + 1] = part_.first[cell] + counts[cell];
            std::fill_n(part_.cell.begin() + part_.first[cell], counts[cell], static_cast<int>(cell));
        }
    }

    Coder& coder_;
    Part& part_;
    std::array<std::array<AdaptiveBit, 8>, 10> more_;
};

/// The largest of the n that are left in a cell has the distribution of one to the power n: so no bits are spent on
/// their order.
template <class Coder>
class AreaPass {
public:
    AreaPass(Coder& coder, Part& part, const Models& models) : coder_(coder), part_(part), models_(models) {}

    void run() {
        AreaContext context(part_);
        for (int cell = 0; cell < part_.grid.cells(); ++cell) {
            if (part_.first[cell] == part_.first[cell + 1]) continue;
            mean_ = static_cast<Log>(regress(models_.area_mean, context.features(cell), log_bits));
            code(cell);
            context.add(cell);
        }
    }

private:
    void code(int cell) {
        const int end = part_.first[cell + 1];
        int most = most_areas - 1;
        for (int i = part_.first[cell]; i < end; ++i) {
            const std::int64_t all = std::max<std::int64_t>(chance_below(most + 1), 1);
            most = part_.area[i] = code_symbol(coder_, part_.area[i], 0, most, [&](int area) {
                return power(std::min((chance_below(area) << chance_bits) / all, std::int64_t{1} << chance_bits),
                             end - i);
            });
        }
        for (int i = part_.first[cell]; i < end; ++i) areas_.add(place_of(part_.area[i] * area_step + area_step / 2));
    }

    /// Where log2 of an area stands in the distribution that is expected.
    [[nodiscard]] std::int32_t place_of(Log area) const {
        return logistic((area - mean_) * exp2_fixed(-scale(), log_bits) >> log_bits);
    }
    [[nodiscard]] std::int64_t chance_below(int area) const { return areas_.below(place_of(area * area_step)); }
    [[nodiscard]] Log scale() const {
        return std::clamp(models_.area_scale[0] * (octave >> coefficient_bits), -8 * octave, 8 * octave);
    }

    static std::int64_t power(std::int64_t chance, int exponent) {
        std::int64_t product = std::int64_t{1} << chance_bits;
        for (; exponent > 0; exponent /= 2, chance = chance * chance >> chance_bits) {
            if (exponent % 2 != 0) product = product * chance >> chance_bits;
        }
        return product;
    }

    Coder& coder_;
    Part& part_;
    const Models& models_;
    Log mean_ = 0;
    Histogram<16> areas_;
};

}  // namespace gsfit::codec

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace gsfit::codec {

/// Fits target = sum of coefficient x feature, whose first is 1, in the least squares.
template <std::size_t count>
class LeastSquares {
public:
    using Row = std::array<double, count>;

    void add(const Row& features, double target) {
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t j = 0; j < count; ++j) matrix_[i][j] += features[i] * features[j];
            matrix_[i][count] += features[i] * target;
        }
        squares_ += target * target;
        rows_ += 1;
    }

    [[nodiscard]] Row solve() const {
        auto m = matrix_;
        for (std::size_t i = 0; i < count; ++i) m[i][i] += 1e-6 * rows_ + 1e-12;
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t row = 0; row < count; ++row) {
                if (row == i) continue;
                const double factor = m[row][i] / m[i][i];
                for (std::size_t k = i; k <= count; ++k) m[row][k] -= factor * m[i][k];
            }
        }
        Row solution;
        for (std::size_t i = 0; i < count; ++i) solution[i] = m[i][count] / m[i][i];
        return solution;
    }

    /// Mean squared error of a solution.
    [[nodiscard]] double variance(const Row& solution) const {
        double sum = squares_;
        for (std::size_t i = 0; i < count; ++i) {
            sum -= 2 * solution[i] * matrix_[i][count];
            for (std::size_t j = 0; j < count; ++j) sum += solution[i] * solution[j] * matrix_[i][j];
        }
        return rows_ > 0 ? std::max(sum / rows_, 0.0) : 0.0;
    }

private:
    std::array<std::array<double, count + 1>, count> matrix_{};
    double squares_ = 0;
    double rows_ = 0;
};

}  // namespace gsfit::codec

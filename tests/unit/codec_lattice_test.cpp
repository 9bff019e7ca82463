#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "codec/lattice.h"

namespace gsfit::codec {
namespace {

struct Case {
    int cell;
    std::int32_t angle;
    Log along, across;
};

std::vector<Case> cases() {
    std::vector<Case> all{{8, 0, 0, 0}, {8, half_turn / 2, 0, -octave}, {1, 7, 20 * octave, -20 * octave}};
    std::mt19937 random(3);
    for (int i = 0; i < 40; ++i) {
        const Log along = static_cast<Log>(random() % (4 * octave)) - 2 * octave;
        all.push_back({5 + static_cast<int>(random() % 20), static_cast<std::int32_t>(random() % half_turn), along,
                       along - static_cast<Log>(random() % (2 * octave))});
    }
    return all;
}

double distance(const Lattice& lattice, const Lattice::Point& point, double x, double y) {
    return std::hypot(static_cast<double>(lattice.x(point)) - x, static_cast<double>(lattice.y(point)) - y);
}

TEST(CodecLattice, CountsTheCellsPoints) {
    for (const Case& one : cases()) {
        const Lattice lattice(one.cell, one.angle, one.along, one.across);
        ASSERT_GE(lattice.size(), 1);
        for (int i = 0; i < lattice.size(); ++i) {
            const Lattice::Point point = lattice.at(i);
            ASSERT_EQ(lattice.index_of(point), i);
            ASSERT_TRUE(lattice.x(point) >= -Lattice::half && lattice.x(point) < Lattice::half);
            ASSERT_TRUE(lattice.y(point) >= -Lattice::half && lattice.y(point) < Lattice::half);
        }
        // Points of a cell's area, give or take its border.
        const double side = std::log2(one.cell) * octave;
        const double area = std::exp2((2 * side - one.along - one.across) / octave);
        const double border = 4 * std::exp2((side - std::min(one.along, one.across)) / octave) + 4;
        if (one.along < 10 * octave) {
            EXPECT_NEAR(lattice.size(), area, border);
        }
    }
}

TEST(CodecLattice, FindsTheNearestPoint) {
    std::mt19937 random(5);
    for (int i = 0; i < 200; ++i) {
        const Log step = -octave;
        const Lattice square(8, static_cast<std::int32_t>(random() % half_turn), step, step);
        const double x = static_cast<double>(random() % 65536) - 32768;
        const double y = static_cast<double>(random() % 65536) - 32768;
        const double found = distance(square, square.nearest(x, y), x, y);
        for (int k = 0; k < square.size(); ++k) ASSERT_LE(found, distance(square, square.at(k), x, y) + 4);
    }
}

TEST(CodecLattice, LargeStepsLeaveTheCentre) {
    const Lattice lattice(8, 300, 6 * octave, 6 * octave);
    EXPECT_EQ(lattice.size(), 1);
    EXPECT_EQ(lattice.x(lattice.nearest(30000, -30000)), 0);
}

}  // namespace
}  // namespace gsfit::codec

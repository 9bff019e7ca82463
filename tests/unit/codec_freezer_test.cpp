#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "codec/plan.h"
#include "unit/codec_fields.h"

namespace gsfit::codec {
namespace {

constexpr double q = 1e-3;
const Description description{.width = 300, .height = 200, .channels = 3, .blending = {}};

/// A step of training that goes anywhere.
void shake(Gaussians& field, std::mt19937& random) {
    const auto change = [&] { return static_cast<float>(random() % 2001) / 1000 - 1; };
    for (float& x : field.position) x += 0.01F * change();
    for (float& x : field.inv_scale) x *= 1 + 0.1F * change();
    for (float& x : field.rotation) x += 0.1F * change();
    for (float& x : field.feature) x += 0.02F * change();
}

std::size_t unchanged(const std::vector<float>& a, const std::vector<float>& b) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < a.size(); ++i) count += a[i] == b[i] ? 1 : 0;
    return count;
}

TEST(CodecFreezer, EndsAtWhatTheFileSays) {
    Freezer freezer(scattered(500, description), description, q);
    Gaussians now = freezer.start();
    std::mt19937 random(2);
    for (int stage = 0; stage < Freezer::stages; ++stage) {
        shake(now, random);
        freezer.hold(now);
        freezer.freeze(now);
    }
    shake(now, random);
    freezer.hold(now);
    EXPECT_EQ(decoded(freezer.file()), now);
}

TEST(CodecFreezer, FreezesAQuarterOfAKindAtATime) {
    Freezer freezer(scattered(800, description), description, q);
    Gaussians now = freezer.start();
    std::mt19937 random(3);
    for (int stage = 0; stage < Freezer::stages; ++stage) {
        freezer.freeze(now);
        freezer.hold(now);
        const Gaussians before = now;
        shake(now, random);
        freezer.hold(now);
        const auto share = [&](int kind) { return std::clamp((stage + 1 - 4 * kind) / 4.0, 0.0, 1.0); };
        constexpr double tolerance = 0.06;
        const auto size = static_cast<double>(now.size());
        EXPECT_NEAR(static_cast<double>(unchanged(before.feature, now.feature)), 3 * size * share(0),
                    3 * size * tolerance);
        EXPECT_NEAR(static_cast<double>(unchanged(before.inv_scale, now.inv_scale)), 2 * size * share(1),
                    2 * size * tolerance);
        EXPECT_NEAR(static_cast<double>(unchanged(before.rotation, now.rotation)), size * share(1), size * tolerance);
        EXPECT_NEAR(static_cast<double>(unchanged(before.position, now.position)), 2 * size * share(2),
                    2 * size * tolerance);
        now = before;
    }
}

TEST(CodecFreezer, HoldsWhatIsFreeInItsCellAndClass) {
    const Gaussians field = scattered(500, description);
    const Freezer freezer(field, description, q);
    Gaussians now = freezer.start();
    std::mt19937 random(4);
    for (float& x : now.position) x += 0.1F * (static_cast<float>(random() % 2001) / 1000 - 1);
    for (float& x : now.inv_scale) x *= static_cast<float>(random() % 1000 + 500) / 1000;
    const Gaussians free = now;
    freezer.hold(now);
    const std::vector<Item> items = items_of(now, description);
    std::size_t k = 0;
    int moved = 0;
    for (const PlannedPart& planned : plan_of(items_of(field, description), description).parts) {
        const Grid& grid = planned.part.grid;
        for (int i = 0; i < planned.part.size(); ++i, ++k) {
            const int column = planned.part.cell[i] % grid.columns;
            const auto column_of = [&](const Gaussians& gaussians) {
                return std::floor((gaussians.position[2 * k] * 300.0 - static_cast<double>(grid.left)) / grid.cell);
            };
            EXPECT_EQ(column_of(now), column);
            if (column_of(free) == column) {
                EXPECT_NEAR(now.position[2 * k], free.position[2 * k], 1e-5);  // as far as it has to go, no further
            } else {
                ++moved;
            }
            EXPECT_EQ(grid.cell_at(items[k].x, items[k].y), planned.part.cell[i]);
            const double area = (std::log2(items[k].major) + std::log2(items[k].minor)) / 2;
            EXPECT_EQ(std::floor(2 * (area + 2)), planned.part.area[i]);
        }
    }
    EXPECT_GT(moved, 100);
}

TEST(CodecFreezer, OfAStillFieldIsTheEncoders) {
    const Gaussians field = scattered(500, description);
    Freezer freezer(field, description, q);
    for (int stage = 0; stage < Freezer::stages; ++stage) freezer.freeze(freezer.start());
    EXPECT_EQ(freezer.file(), Encoder(field, description).encode(q));
}

}  // namespace
}  // namespace gsfit::codec

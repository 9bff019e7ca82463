// removal_costs() against what the reference draws with and without a splat.

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gsfit/bin.h"
#include "gsfit/core/error.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

/// Of the largest cost. A sum over some hundred samples of weights that are good to 1e-5; a sample at the cutoff that
/// float32 decides otherwise adds 1e-3 of its share.
constexpr double tolerance = 1e-3;

constexpr std::int64_t size = 40;

double squared_error(const reference::Splats& splats, const PackedView& target, const Lattice& lattice,
                     const Blending& blending) {
    const auto seen = reference::blended(splats, lattice, blending);
    const double mean =
        reference::pixel_loss(reference::rasterize(splats, seen, lattice, blending), target, lattice, {0, 1});
    return mean * static_cast<double>(lattice.samples() * target.channels);
}

Splats without(const Splats& splats, std::int64_t i) {
    const auto others = [&](const at::Tensor& tensor) {
        return at::cat({tensor.narrow(0, 0, i), tensor.narrow(0, i + 1, tensor.size(0) - i - 1)}).contiguous();
    };
    return {others(splats.center), others(splats.conic), others(splats.det), others(splats.feature)};
}

struct Scene {
    Blend blend = Blend::norm;
    Support support = Support::ellipse;
    int channels = 3;
    int bits = 8;
    Lattice lattice;
};

class RemovalCosts : public testing::TestWithParam<Scene> {
protected:
    RemovalCosts() {
        blending_.blend = GetParam().blend;
        blending_.support = GetParam().support;
    }

    [[nodiscard]] at::Tensor costs_of(const Rows& rows) const {
        return removal_costs(splats_, bin(splats_, lattice_.width, rows, blending_), blending_, target_.view(),
                             lattice_);
    }

    const Lattice lattice_ = GetParam().lattice;
    Blending blending_;
    const reference::Target target_{lattice_.raster_width, lattice_.raster_height, GetParam().channels, GetParam().bits,
                                    4};
    const Splats splats_ =
        project(reference::awkward_field(size, GetParam().channels, lattice_.raster_width, lattice_.raster_height, 3),
                lattice_);
};

TEST_P(RemovalCosts, AreHowMuchTheErrorGrows) {
    const double all = squared_error(reference::to_double(splats_), target_.view(), lattice_, blending_);
    std::vector<double> truth;
    for (std::int64_t i = 0; i < size; ++i) {
        truth.push_back(squared_error(reference::to_double(without(splats_, i)), target_.view(), lattice_, blending_) -
                        all);
    }
    const at::Tensor costs = costs_of({0, lattice_.height});
    EXPECT_EQ(costs.sizes(), at::IntArrayRef({size}));
    EXPECT_LT(reference::relative_error(costs.unsqueeze(1), truth), tolerance);
}

TEST_P(RemovalCosts, OfBandsAddUp) {
    const at::Tensor whole = costs_of({0, lattice_.height});
    at::Tensor sum = at::zeros_like(whole);
    for (std::int64_t first = 0; first < lattice_.height; first += 37) {
        sum += costs_of({first, std::min<std::int64_t>(37, lattice_.height - first)});
    }
    EXPECT_LT(reference::relative_error(sum.unsqueeze(1), reference::to_double(whole)), 1e-5);
}

const Lattice whole = Lattice::whole(131, 90);
INSTANTIATE_TEST_SUITE_P(, RemovalCosts,
                         testing::Values(Scene{.lattice = whole}, Scene{.blend = Blend::sum, .lattice = whole},
                                         Scene{.support = Support::tile16, .lattice = whole},
                                         Scene{.channels = 1, .bits = 16, .lattice = whole},
                                         Scene{.blend = Blend::sum, .channels = 6, .lattice = whole},
                                         Scene{.channels = 7, .lattice = Lattice::phase(400, 301, 3, 1, 2)}),
                         [](const auto& test) {
                             const Scene& scene = test.param;
                             return std::string(scene.blend == Blend::sum ? "sum" : "norm") +
                                    (scene.support == Support::tile16 ? "_tile16_" : "_") +
                                    std::to_string(scene.channels) + "_" + std::to_string(scene.bits) + "bit";
                         });

TEST(RemovalCostsOf, TopkAreRefused) {
    const Splats splats = project(reference::random_field(5, 3, 40, 30, 1), Lattice::whole(40, 30));
    const reference::Target target(40, 30, 3, 8, 2);
    const Blending blending{.blend = Blend::topk_norm};
    EXPECT_THROW(
        (void)removal_costs(splats, bin(splats, 40, 30, blending), blending, target.view(), Lattice::whole(40, 30)),
        Error);
}

}  // namespace
}  // namespace gsfit

// Splats of a whole lattice drawn band by band.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "gsfit/bin.h"
#include "gsfit/core/parallel.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

/// Sums over samples are taken in another order.
constexpr double tolerance = 1e-5;

struct Scene {
    Splats splats;
    reference::Target target;
    Lattice lattice;
    Blending blending;

    Scene(const Blending& how, int channels, const Lattice& samples)
        : splats(
              project(reference::random_field(400, channels, samples.raster_width, samples.raster_height, 1), samples)),
          target(samples.raster_width, samples.raster_height, channels, 8, 2),
          lattice(samples),
          blending(how) {
        const auto bins = bin(splats, lattice.width, lattice.height, blending);
        target.keep_away(reference::to_double(rasterize(splats, bins, blending)), lattice);
    }
};

struct Results {
    double loss = 0;
    at::Tensor center, conic, feature;
};

template <class Draw>
void for_each_band(std::int64_t height, std::int64_t bands, const Draw& draw) {
    const std::int64_t rows = (height + bands - 1) / bands;
    for (std::int64_t first = 0; first < height; first += rows) draw(Rows{first, std::min(rows, height - first)});
}

Results results_of(const Scene& scene, std::int64_t bands) {
    const Splats leaves = reference::leaves(scene.splats);
    Results sum;
    for_each_band(scene.lattice.height, bands, [&](const Rows& rows) {
        const auto bins = bin(leaves, scene.lattice.width, rows, scene.blending);
        const at::Tensor loss =
            rasterize_loss(leaves, bins, scene.blending, scene.target.view(), scene.lattice, {0.7F, 0.5F});
        loss.backward();
        sum.loss += loss.item<double>();
    });
    sum.center = leaves.center.grad();
    sum.conic = leaves.conic.grad();
    sum.feature = leaves.feature.grad();
    return sum;
}

class RasterBands : public testing::TestWithParam<std::tuple<Blending, int, Lattice>> {
protected:
    const Scene scene_{std::get<0>(GetParam()), std::get<1>(GetParam()), std::get<2>(GetParam())};
};

TEST_P(RasterBands, LossesAndGradientsAddUp) {
    const Results whole = results_of(scene_, 1);
    for (const std::int64_t bands : {2, 7}) {
        SCOPED_TRACE(testing::Message() << bands << " bands");
        const Results sum = results_of(scene_, bands);
        EXPECT_NEAR(sum.loss, whole.loss, tolerance * whole.loss);
        EXPECT_LT(reference::relative_error(sum.center, reference::to_double(whole.center)), tolerance);
        EXPECT_LT(reference::relative_error(sum.conic, reference::to_double(whole.conic)), tolerance);
        EXPECT_LT(reference::relative_error(sum.feature, reference::to_double(whole.feature)), tolerance);
    }
}

TEST_P(RasterBands, GiveTheSameBitsEveryTime) {
    for (const std::int64_t bands : {1, 2, 7}) {
        set_threads(1);
        const Results alone = results_of(scene_, bands);
        for (const int count : {1, 3}) {
            SCOPED_TRACE(testing::Message() << bands << " bands, " << count << " threads");
            set_threads(count);
            const Results again = results_of(scene_, bands);
            EXPECT_EQ(again.loss, alone.loss);
            EXPECT_TRUE(reference::identical(again.center, alone.center));
            EXPECT_TRUE(reference::identical(again.conic, alone.conic));
            EXPECT_TRUE(reference::identical(again.feature, alone.feature));
        }
    }
}

/// A sample's value does not depend on the band, down to the last bit.
TEST_P(RasterBands, ImagesAreTheRowsOfTheImage) {
    const auto image_of = [&](const Rows& rows) {
        return rasterize(scene_.splats, bin(scene_.splats, scene_.lattice.width, rows, scene_.blending),
                         scene_.blending);
    };
    const at::Tensor whole = image_of({0, scene_.lattice.height});
    for_each_band(scene_.lattice.height, 7, [&](const Rows& rows) {
        const at::Tensor expected = whole.slice(1, rows.first, rows.first + rows.count);
        EXPECT_TRUE(reference::identical(image_of(rows), expected.contiguous())) << "from row " << rows.first;
    });
}

std::string name_of(const testing::TestParamInfo<RasterBands::ParamType>& test) {
    const auto& [blending, channels, lattice] = test.param;
    return reference::name_of(blending) + "_" + std::to_string(channels) + "_stride" + std::to_string(lattice.stride);
}

INSTANTIATE_TEST_SUITE_P(, RasterBands,
                         testing::Combine(testing::ValuesIn(reference::blendings()), testing::Values(1, 3, 5),
                                          testing::Values(Lattice::whole(170, 199), Lattice::phase(500, 601, 3, 1, 2))),
                         name_of);

}  // namespace
}  // namespace gsfit

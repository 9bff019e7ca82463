// The rooms on a GPU against the reference.

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <cmath>

#include "gpu/device.h"
#include "gsfit/bin.h"
#include "gsfit/densify.h"
#include "gsfit/eval.h"
#include "gsfit/gaussians.h"
#include "gsfit/loss.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"
#include "gsfit/render.h"
#include "reference/compare.h"
#include "unit/loss_images.h"
#include "unit/numbered.h"

namespace gsfit {
namespace {

using reference::relative_error;
using reference::Target;
using reference::to_double;

const std::vector<Lattice> lattices{Lattice::whole(130, 97), Lattice::phase(130, 97, 3, 2, 1),
                                    Lattice{130, 97, 31, 17, 66, 45, 1}, Lattice{260, 194, 11, 5, 33, 40, 3}};

class ProjectOnGpu : public OnGpu {
protected:
    /// project() and its gradients, of a field whose first `skipped` Gaussians no gradient reaches.
    static void expect_reference(const Field& field, const Lattice& lattice, std::int64_t skipped = 0) {
        const at::Tensor to_center = reference::random_tensor({field.size(), 2}, 21);
        const at::Tensor to_conic = reference::random_tensor({field.size(), 3}, 22);
        to_center.slice(0, 0, skipped).zero_();
        to_conic.slice(0, 0, skipped).zero_();
        const Field leaves = reference::leaves(put(field));
        const Splats splats = project(leaves, lattice);
        splats.center.backward(put(to_center), /*retain_graph=*/true);
        splats.conic.backward(put(to_conic));

        const auto truth = reference::project(to_double(field), lattice);
        if (skipped == 0) {
            EXPECT_LT(relative_error(splats.center, truth.center), 2e-6);
            EXPECT_LT(relative_error(splats.conic, truth.conic), 2e-6);
        }
        const auto gradient =
            reference::project_backward(to_double(field), lattice, {to_double(to_center), to_double(to_conic), {}});
        EXPECT_LT(relative_error(leaves.position.grad(), gradient.position), 1e-5);
        EXPECT_LT(relative_error(leaves.inv_scale.grad(), gradient.inv_scale), 1e-5);
        EXPECT_LT(relative_error(leaves.rotation.grad(), gradient.rotation), 1e-5);
    }
};

TEST_F(ProjectOnGpu, EqualsTheReferenceOnEveryLattice) {
    for (const Lattice& lattice : lattices) {
        SCOPED_TRACE(testing::Message() << "stride " << lattice.stride << ", from " << lattice.x << ", " << lattice.y);
        expect_reference(reference::random_field(301, 3, 130, 97, 1), lattice);
    }
}

TEST_F(ProjectOnGpu, PassesDegenerateGaussiansBy) {
    expect_reference(reference::degenerate_field(50, 3, 64, 48, 2), Lattice::whole(64, 48),
                     reference::degenerate_count());
}

/// A field on a lattice, its splats as the GPU makes them, and the truth about those.
class Drawing {
public:
    Drawing(const Field& field, const Lattice& lattice, const Blending& blending)
        : lattice_(lattice),
          blending_(blending),
          splats_(reference::leaves(project(field, lattice))),
          truth_(to_double(splats_)),
          seen_(reference::blended(truth_, lattice, blending)),
          image_(reference::rasterize(truth_, seen_, lattice, blending)) {}

    [[nodiscard]] const Splats& splats() const { return splats_; }
    [[nodiscard]] const reference::Image& image() const { return image_; }
    [[nodiscard]] std::shared_ptr<const Bins> bins() const {
        return bin(splats_, lattice_.width, lattice_.height, blending_);
    }

    void expect_image(const at::Tensor& image, double allowed) const {
        const auto open = reference::undecided(truth_, lattice_, blending_, 10 * allowed);
        EXPECT_LE(reference::excess(image, image_, open), allowed * reference::largest(image_));
    }

    /// A gradient of the image that is 0 where float32 may blend other splats.
    [[nodiscard]] at::Tensor upstream(double margin) const {
        at::Tensor result = reference::random_tensor({truth_.channels, lattice_.height, lattice_.width}, 31);
        const auto tied = reference::nearly_tied(truth_, lattice_, blending_, margin);
        const at::Tensor samples = result.view({truth_.channels, lattice_.samples()});
        for (std::int64_t i = 0; i < lattice_.samples(); ++i) {
            if (tied[i]) samples.select(1, i).zero_();
        }
        EXPECT_LE(std::count(tied.begin(), tied.end(), true), lattice_.samples() / 8);
        return result;
    }

    /// Of the splats, which have recorded those of an image with this gradient.
    void expect_gradients(const reference::Image& of_image, double allowed) const {
        const auto gradient = reference::rasterize_backward(truth_, seen_, lattice_, blending_, of_image);
        EXPECT_LT(relative_error(splats_.center.grad(), gradient.center), allowed);
        EXPECT_LT(relative_error(splats_.conic.grad(), gradient.conic), allowed);
        EXPECT_LT(relative_error(splats_.feature.grad(), gradient.feature), allowed);
    }

private:
    Lattice lattice_;
    Blending blending_;
    Splats splats_;
    reference::Splats truth_;
    reference::Support seen_;
    reference::Image image_;
};

class RasterOnGpu : public OnGpu, public testing::WithParamInterface<Blending> {
protected:
    static void expect_image(const Field& field, const Lattice& lattice, double image_allowed = 5e-5,
                             double gradient_allowed = 2e-4) {
        const Drawing drawing(put(field), lattice, blending());
        const at::Tensor image = rasterize(drawing.splats(), drawing.bins(), blending());
        drawing.expect_image(image, image_allowed);
        const at::Tensor upstream = drawing.upstream(10 * gradient_allowed);
        image.backward(put(upstream));
        drawing.expect_gradients(to_double(upstream), gradient_allowed);
    }

    static void expect_loss(const Field& field, const Lattice& lattice, const PixelLoss& loss, int bits) {
        const Drawing drawing(put(field), lattice, blending());
        Target target(lattice.raster_width, lattice.raster_height, field.channels(), bits, 32);
        target.keep_away(drawing.image(), lattice);
        const PackedImage there = put(target);
        const at::Tensor value =
            rasterize_loss(drawing.splats(), drawing.bins(), blending(), there.view(), lattice, loss);
        value.mul(-3).backward();
        const double expected = reference::pixel_loss(drawing.image(), target.view(), lattice, loss);
        EXPECT_NEAR(value.item<float>(), expected, 3e-5 * expected);
        auto of_image = reference::pixel_loss_backward(drawing.image(), target.view(), lattice, loss);
        for (double& gradient : of_image) gradient *= -3;
        drawing.expect_gradients(of_image, 2e-4);
    }

    [[nodiscard]] static Blending blending() { return GetParam(); }
};

TEST_P(RasterOnGpu, EqualsTheReferenceForEveryNumberOfChannels) {
    for (const int channels : {1, 3, 4, 16}) {
        SCOPED_TRACE(channels);
        const Field field = reference::decided_field(60, channels, Lattice::whole(70, 40), blending(), 3);
        expect_image(field, Lattice::whole(70, 40));
        expect_loss(field, Lattice::whole(70, 40), {0.7F, 0.5F}, 8);
    }
}

TEST_P(RasterOnGpu, EqualsTheReferenceOnEveryLattice) {
    for (const Lattice& lattice : lattices) {
        SCOPED_TRACE(testing::Message() << "stride " << lattice.stride << ", from " << lattice.x << ", " << lattice.y);
        const Field field = reference::decided_field(150, 3, lattice, blending(), 4);
        expect_image(field, lattice);
        expect_loss(field, lattice, {0, 1}, 16);
    }
}

TEST_P(RasterOnGpu, EqualsTheReferenceForAwkwardGaussians) {
    expect_image(reference::awkward_field(80, 3, 130, 97, 5), Lattice::whole(130, 97), 1e-3, 1e-3);
    expect_image(reference::degenerate_field(60, 3, 70, 40, 6), Lattice::whole(70, 40));
}

TEST_P(RasterOnGpu, BandsAreTheRowsOfTheImage) {
    const Lattice lattice = Lattice::whole(130, 97);
    const Splats splats = project(put(reference::random_field(150, 3, 130, 97, 7)), lattice);
    const Target here(130, 97, 3, 8, 8);
    const PackedImage target = put(here);
    const auto loss = [&](const Rows& rows) {
        return render_rows_loss(splats, lattice, rows, blending(), target.view(), {0.7F, 0.5F}).item<double>();
    };
    const at::Tensor whole = render_rows(splats, lattice, {0, 97}, blending());
    double sum = 0;
    for (const Rows& rows : {Rows{0, 1}, Rows{1, 40}, Rows{41, 56}}) {
        const at::Tensor band = render_rows(splats, lattice, rows, blending());
        EXPECT_LT(reference::difference(band, whole.narrow(1, rows.first, rows.count)), 5e-5);
        sum += loss(rows);
    }
    EXPECT_NEAR(sum, loss({0, 97}), 1e-5 * sum);
}

TEST_P(RasterOnGpu, GivesTheSameBitsEveryTime) {
    const Field field = put(reference::random_field(800, 3, 130, 97, 9));
    const Target here(130, 97, 3, 8, 10);
    const PackedImage target = put(here);
    const auto step = [&] {
        const Field leaves = reference::leaves(field);
        render_loss(leaves, Lattice::whole(130, 97), blending(), target.view(), {0.7F, 0.5F}).backward();
        return leaves;
    };
    const Field once = step();
    const Field again = step();
    EXPECT_TRUE(reference::identical(once.position.grad(), again.position.grad()));
    EXPECT_TRUE(reference::identical(once.inv_scale.grad(), again.inv_scale.grad()));
    EXPECT_TRUE(reference::identical(once.rotation.grad(), again.rotation.grad()));
    EXPECT_TRUE(reference::identical(once.feature.grad(), again.feature.grad()));
}

INSTANTIATE_TEST_SUITE_P(, RasterOnGpu, testing::ValuesIn(reference::blendings()),
                         [](const auto& test) { return reference::name_of(test.param); });

class LossOnGpu : public OnGpu {
protected:
    const Lattice lattice = Lattice::phase(151, 97, 2, 1, 0);
    const ImageLoss mixed{.pixel = {0.7F, 0.4F}, .ssim = 0.3F};
};

TEST_F(LossOnGpu, PixelTermsEqualTheReference) {
    for (const auto& [channels, bits] : {std::pair{1, 8}, {3, 16}, {16, 8}}) {
        SCOPED_TRACE(testing::Message() << channels << " channels, " << bits << " bits");
        const Target target(151, 97, channels, bits, 1);
        const PackedImage there = put(target);
        const at::Tensor image = noisy(target.view(), lattice, 0.3F);
        const LossResult result = whole_loss(put(image), there.view(), lattice, {.pixel = mixed.pixel}, -3);
        const double expected = reference::pixel_loss(to_double(image), target.view(), lattice, mixed.pixel);
        auto gradient = reference::pixel_loss_backward(to_double(image), target.view(), lattice, mixed.pixel);
        for (double& g : gradient) g *= -3;
        EXPECT_NEAR(result.value, expected, 1e-6 * expected);
        EXPECT_LT(relative_error(result.gradient.view({-1, 1}), gradient), 1e-6);
    }
}

TEST_F(LossOnGpu, SsimEqualsTheReference) {
    const Target target(151, 97, 3, 8, 2);
    const PackedImage there = put(target);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const double expected = reference::ssim(to_double(image), target.view(), lattice);
    EXPECT_NEAR(whole_loss(put(image), there.view(), lattice, only_ssim).value, 1 - expected, 1e-6);
    const double sum = ssim_sum(put(image), there.view(), lattice, {0, lattice.height});
    EXPECT_NEAR(sum / static_cast<double>(image.numel()), expected, 1e-6);
}

/// A half image is read exactly, and its gradient is the float one rounded once, after it was scaled.
TEST_F(LossOnGpu, InHalfRoundsTheScaledGradientOnce) {
    const Target target(151, 97, 3, 8, 3);
    const PackedImage there = put(target);
    const at::Tensor half = put(noisy(target.view(), lattice, 0.3F).to(at::kHalf));
    for (const double scale : {1.0, 65536.0, -0x1p40}) {
        const LossResult result = whole_loss(half, there.view(), lattice, mixed, scale);
        const LossResult expected = whole_loss(half.to(at::kFloat), there.view(), lattice, mixed, scale);
        EXPECT_EQ(result.value, expected.value);
        EXPECT_TRUE(reference::identical(result.gradient, expected.gradient.to(at::kHalf)));
    }
}

/// The copy there holds the same pixels: an image that is the target's misses it by nothing.
TEST_F(LossOnGpu, SeesTheTargetsPixels) {
    for (const auto& [channels, bits] : {std::pair{1, 8}, {3, 8}, {3, 16}, {4, 16}}) {
        SCOPED_TRACE(testing::Message() << channels << " channels, " << bits << " bits");
        const Target target(151, 600, channels, bits, 4);  // more rows than are copied at a time
        const PackedImage there = put(target);
        const Lattice whole = Lattice::whole(151, 600);
        const at::Tensor image = put(noisy(target.view(), whole, 0));
        EXPECT_LT(squared_error(image, there.view(), whole), 1e-12 * static_cast<double>(image.numel()));
        EXPECT_NEAR(squared_error(image.add(0.5), there.view(), whole), 0.25 * static_cast<double>(image.numel()), 1);
    }
}

TEST_F(LossOnGpu, EvaluationEqualsTheReference) {
    const Target target(70, 300, 3, 8, 5);  // two bands
    const Lattice whole = Lattice::whole(70, 300);
    const Field field = put(reference::random_field(200, 3, 70, 300, 6));
    const at::Tensor image = render(field, whole, {}).clamp(0, 1).cpu();
    double squared = 0;
    for (const double g : to_double(image.sub(noisy(target.view(), whole, 0)))) squared += g * g;
    const double expected = 10 * std::log10(static_cast<double>(image.numel()) / squared);
    const Quality quality = evaluate(field, {}, put(target));
    EXPECT_NEAR(quality.psnr, expected, 1e-4);
    EXPECT_NEAR(quality.ssim, reference::ssim(to_double(image), target.view(), whole), 1e-6);
    EXPECT_NEAR(evaluate_psnr(field, {}, put(target)), expected, 1e-4);
}

class GrowthOnGpu : public OnGpu {
protected:
    /// A field whose Gaussians are numbered, on the device.
    static Numbered numbered(std::int64_t size) {
        Numbered result(size);
        result.field = put(result.field);
        result.moments = {put(result.moments.first), put(result.moments.second), put(result.moments.products),
                          put(result.moments.age)};
        return result;
    }

    /// Sorted, and the moments are where their Gaussians are; those of age 0 are new and have none.
    static void expect_order(const Numbered& numbered, std::int64_t old) {
        const at::Tensor order = morton_order(numbered.field.position).cpu();
        EXPECT_TRUE(order.equal(at::arange(order.size(0))));
        const at::Tensor age = numbered.moments.age.cpu().unsqueeze(1);
        const at::Tensor known = age.ne(0);
        EXPECT_EQ(known.sum().item<std::int64_t>(), old);
        EXPECT_TRUE(numbered.moments.first.cpu().eq(age).all().item<bool>());
        EXPECT_TRUE(numbered.moments.second.cpu().eq(age).all().item<bool>());
        EXPECT_TRUE(numbered.moments.products.cpu().eq(age).all().item<bool>());
        EXPECT_TRUE(numbered.field.rotation.cpu().eq(age).masked_select(known).all().item<bool>());
    }
};

TEST_F(GrowthOnGpu, SortKeepsFieldAndMomentsTogether) {
    Numbered some = numbered(1000);
    sort(some.field, some.moments);
    expect_order(some, 1000);
}

TEST_F(GrowthOnGpu, AddsGaussiansWhereTheResidualIs) {
    const std::vector<std::byte> black(static_cast<std::size_t>(64 * 600 * 3));
    const PackedImage target = PackedImage({black.data(), 64, 600, 3, 8, 64 * 3}, nullptr).on_device(device());
    at::Tensor image = at::full({3, 600, 64}, 0.0);
    image.slice(1, 300, 320).slice(2, 30, 45).fill_(0.8);
    const at::Tensor there = put(image);
    const RenderRows rows = [&](const Rows& band) { return there.narrow(1, band.first, band.count).contiguous(); };
    Numbered some = numbered(50);
    some.field.raster_height = 600;
    Random random(3);
    grow(some.field, some.moments, rows, target.view(), Lattice::whole(64, 600),
         {.count = 60, .sigma = 1.5F, .pitch = 6}, random);
    ASSERT_EQ(some.field.size(), 110);
    expect_order(some, 50);
    const at::Tensor added = some.moments.age.cpu().eq(0).nonzero().squeeze(1);
    const auto centres = to_double(some.field.position.cpu().index_select(0, added));
    for (std::size_t i = 0; i < centres.size(); i += 2) {  // the blur reaches one pixel further
        EXPECT_TRUE(64 * centres[i] > 29 && 64 * centres[i] < 46) << 64 * centres[i];
        EXPECT_TRUE(600 * centres[i + 1] > 299 && 600 * centres[i + 1] < 321) << 600 * centres[i + 1];
    }
    const auto inverses = to_double(some.field.inv_scale.cpu().index_select(0, added));
    for (const double inverse : inverses) EXPECT_NEAR(1 / inverse, 1.5, 1e-5);
}

TEST_F(GrowthOnGpu, AddsAtMostHalfAsManyAsThereAreSamples) {
    const Target here(64, 48, 3, 8, 7);
    const PackedImage target = put(here);
    const at::Tensor grey = put(at::full({3, 48, 64}, 0.5));
    const RenderRows rows = [&](const Rows& band) { return grey.narrow(1, band.first, band.count).contiguous(); };
    Numbered some = numbered(50);
    Random random(5);
    grow(some.field, some.moments, rows, target.view(), Lattice::whole(64, 48), {.count = 5000, .pitch = 6}, random);
    EXPECT_EQ(some.field.size(), 50 + 64 * 48 / 2);
    expect_order(some, 50);
}

}  // namespace
}  // namespace gsfit

// Growth: kernels against the CPU backend and plain loops.

#include "cuda/densify/densify.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "cuda/densify/sampling.h"
#include "gsfit/densify.h"
#include "gsfit/gaussians.h"
#include "gsfit/gaussians/sampling.h"
#include "loss/compare.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "unit/loss_images.h"

namespace gsfit {
namespace {

using reference::Target;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/// Weights of a band.
std::vector<float> band_weights(const at::Tensor& image, const PackedView& target, const Lattice& lattice,
                                const Rows& band) {
    const at::Tensor held = image.narrow(1, band.first, band.count).clone();
    std::vector<float> weights(static_cast<std::size_t>(band.count * lattice.width), -1.0F);
    gpu::growth_weights(compare("test", held, target, lattice, band), weights.data(), nullptr);
    return weights;
}

/// The definition: the residual to the power of 2.5.
double weight_at(const at::Tensor& image, const PackedView& target, const Lattice& lattice, std::int64_t row,
                 std::int64_t column) {
    const auto values = image.accessor<float, 3>();
    double squares = 0;
    for (int k = 0; k < target.channels; ++k) {
        squares += std::pow(target.value(lattice.x + column * lattice.stride, lattice.y + row * lattice.stride, k) -
                                static_cast<double>(values[k][row][column]),
                            2);
    }
    return std::pow(squares, 1.25);
}

void expect_weights(const Target& target, const Lattice& lattice, std::int64_t band_height) {
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    for (std::int64_t first = 0; first < lattice.height; first += band_height) {
        const Rows band{first, std::min(band_height, lattice.height - first)};
        const auto weights = band_weights(image, target.view(), lattice, band);
        for (std::int64_t i = 0; i < static_cast<std::int64_t>(weights.size()); ++i) {
            const double expected =
                weight_at(image, target.view(), lattice, first + i / lattice.width, i % lattice.width);
            ASSERT_NEAR(weights[static_cast<std::size_t>(i)], expected, 1e-5 * expected)
                << i << " of rows from " << first << " of " << lattice.width << " x " << lattice.height;
        }
    }
}

TEST(GrowthWeights, ArePowersOfResiduals) {
    expect_weights(Target(1, 1, 1, 8, 1), Lattice::whole(1, 1), 1);
    expect_weights(Target(16, 16, 3, 8, 1), Lattice::whole(16, 16), 16);
    expect_weights(Target(33, 17, 4, 16, 1), Lattice::whole(33, 17), 17);
    expect_weights(Target(100, 70, 3, 8, 1), Lattice::whole(100, 70), 70);
    for (const std::int64_t band_height : {1, 9, 30}) {
        expect_weights(Target(40, 37, 16, 8, 1), Lattice::whole(40, 37), band_height);
    }
    expect_weights(Target(101, 67, 3, 16, 3), Lattice::phase(101, 67, 3, 2, 1), 8);
    expect_weights(Target(101, 67, 3, 8, 3), Lattice{101, 67, 20, 11, 53, 41, 1}, 41);
}

TEST(GrowthWeights, OfHalfImagesAreThoseOfTheSameNumbers) {
    const Target target(33, 17, 3, 8, 1);
    const Lattice lattice = Lattice::whole(33, 17);
    const at::Tensor half = noisy(target.view(), lattice, 0.3F).to(at::kHalf);
    EXPECT_EQ(band_weights(half, target.view(), lattice, {3, 9}),
              band_weights(half.to(at::kFloat), target.view(), lattice, {3, 9}));
}

TEST(GrowthWeights, AreNotFiniteWhereTheImageIsNot) {
    const Target target(16, 16, 3, 8, 1);
    const Lattice lattice = Lattice::whole(16, 16);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    image[1][8][5] = nan;
    image[0][0][15] = -infinity;
    const auto weights = band_weights(image, target.view(), lattice, {0, 16});
    for (int i = 0; i < 256; ++i) {
        const bool finite = i != 8 * 16 + 5 && i != 15;
        EXPECT_EQ(std::isfinite(weights[static_cast<std::size_t>(i)]), finite) << i;
    }
}

/// 53 bits of splitmix64, as the kernels use them.
std::uint64_t hash(std::uint64_t seed, std::uint64_t i) {
    std::uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) >> 11;
}

/// A sampler with its memory, which is no larger than it asks for.
class Draw {
public:
    Draw(std::int64_t count, std::uint64_t seed)
        : count_(count),
          memory_(gpu::WeightedSampler::bytes(count)),
          sampler_(count, seed, {memory_.data(), memory_.size()}) {}

    void add(std::int64_t first, const std::vector<float>& weights) {
        const auto size = static_cast<std::int64_t>(weights.size());
        std::vector<std::byte> workspace(gpu::WeightedSampler::workspace_bytes(count_, size));
        sampler_.add(first, weights.data(), size, {workspace.data(), workspace.size()}, nullptr);
    }
    [[nodiscard]] std::vector<std::int64_t> drawn() const {
        const std::int64_t* indices = sampler_.drawn();
        return {indices, indices + count_};
    }
    [[nodiscard]] std::vector<std::byte>& memory() { return memory_; }

private:
    std::int64_t count_;
    std::vector<std::byte> memory_;
    gpu::WeightedSampler sampler_;
};

/// What the CPU draws of these weights, and whether the device draws the same of them in bands.
void expect_cpu_draw(const std::vector<float>& weights, std::int64_t count, std::size_t band) {
    SCOPED_TRACE(testing::Message() << count << " of " << weights.size() << " in bands of " << band);
    WeightedSampler cpu(count, 42);
    cpu.add(0, weights);
    Draw draw(count, 42);
    for (std::size_t first = 0; first < weights.size(); first += band) {
        const auto begin = weights.begin() + static_cast<std::ptrdiff_t>(first);
        const std::size_t size = std::min(band, weights.size() - first);
        draw.add(static_cast<std::int64_t>(first), {begin, begin + static_cast<std::ptrdiff_t>(size)});
    }
    EXPECT_EQ(draw.drawn(), cpu.take());
}

std::vector<float> random_weights(std::size_t size) {
    Random random(9);
    std::vector<float> weights(size);
    for (float& weight : weights) weight = static_cast<float>(std::pow(random.uniform(), 8));
    return weights;
}

TEST(Sampling, DrawsWhatTheCpuDraws) {
    const auto weights = random_weights(1500);
    for (const std::int64_t count : {0, 1, 7, 256, 700, 1499, 1500}) {
        for (const std::size_t band : {100, 513, 1500}) expect_cpu_draw(weights, count, band);
    }
    expect_cpu_draw(random_weights(1), 1, 1);
}

TEST(Sampling, DrawsFromWeightsThatAreEqual) {
    expect_cpu_draw(std::vector<float>(600, 0.25F), 80, 200);
    expect_cpu_draw(std::vector<float>(600, 0.0F), 80, 200);
    expect_cpu_draw(std::vector<float>(600, nan), 600, 200);
    expect_cpu_draw(std::vector<float>(600, std::numeric_limits<float>::max()), 300, 600);
}

TEST(Sampling, TakesWhatIsNoWeightForTheLeast) {
    auto weights = random_weights(600);
    const float odd[] = {0.0F, -1.0F, nan, infinity, -infinity, 1e-45F, std::numeric_limits<float>::min()};
    for (std::size_t i = 0; i < 300; ++i) weights[i] = odd[i % std::size(odd)];
    for (const std::int64_t count : {200, 300, 310, 600}) expect_cpu_draw(weights, count, 250);
}

TEST(Sampling, FindsTheFewThatWeigh) {
    std::vector<float> weights(3000, 0.0F);
    for (const std::size_t heavy : {0, 255, 256, 1023, 2999}) weights[heavy] = 1;
    Draw draw(5, 3);
    draw.add(0, weights);
    EXPECT_EQ(draw.drawn(), (std::vector<std::int64_t>{0, 255, 256, 1023, 2999}));
}

TEST(Sampling, OfKeysThatAreEqualTakesTheFirst) {
    const std::vector<float> heavy(1, 1.0F);
    Draw one(1, 4);
    one.add(1000, heavy);
    const std::uint64_t key = *reinterpret_cast<const std::uint64_t*>(one.memory().data() + sizeof(key));

    Draw draw(300, 4);
    draw.add(0, std::vector<float>(300, 1.0F));
    // A sampler's memory begins with two times 300 keys. Now all are those of the place that comes, but for the last.
    auto* const keys = reinterpret_cast<std::uint64_t*>(draw.memory().data());
    std::fill(keys, keys + 600, key);
    keys[299] = keys[599] = key - 1;
    draw.add(1000, heavy);
    std::vector<std::int64_t> expected(300);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(draw.drawn(), expected);

    // Now two come, one of them smaller than all.
    keys[299] = keys[599] = key;
    draw.add(1001, {1e30F});
    expected.back() = 1001;
    EXPECT_EQ(draw.drawn(), expected);
}

/// A place that wins by 1 in 100,000 is not lost to the bound, which hardly differs from the key where that is small.
TEST(Sampling, TellsNearlyEqualKeysApart) {
    const auto exponential = [](std::int64_t i) {
        return -std::log1p(-0x1.0p-53 * static_cast<double>(hash(6, static_cast<std::uint64_t>(i))));
    };
    std::int64_t place = 1;
    while (exponential(place) > 1e-4) ++place;
    const double same = exponential(place) / exponential(0);  // the weight with which its key is that of place 0
    for (const double advantage : {1e-5, -1e-5}) {
        Draw draw(1, 6);
        draw.add(0, {1});
        draw.add(place, {static_cast<float>(same * (1 + advantage))});
        EXPECT_EQ(draw.drawn().front(), advantage > 0 ? place : 0);
    }
}

TEST(Sampling, RefusesWhatItCannotDo) {
    std::vector<std::byte> memory(gpu::WeightedSampler::bytes(5));
    EXPECT_THROW(gpu::WeightedSampler(-1, 0, {memory.data(), memory.size()}), std::invalid_argument);
    EXPECT_THROW(gpu::WeightedSampler(6, 0, {memory.data(), memory.size()}), std::invalid_argument);
    Draw draw(5, 0);
    draw.add(10, {1, 1, 1});
    EXPECT_THROW(draw.add(12, {1}), std::invalid_argument);
    EXPECT_THROW(draw.drawn(), std::invalid_argument);
    gpu::WeightedSampler sampler(5, 0, {memory.data(), memory.size()});
    const float weight = 1;
    EXPECT_THROW(sampler.add(0, &weight, 1, {memory.data(), 8}, nullptr), std::invalid_argument);
}

gpu::FieldView view_of(Field& field) {
    return {field.position.data_ptr<float>(), field.inv_scale.data_ptr<float>(), field.rotation.data_ptr<float>(),
            field.feature.data_ptr<float>()};
}

/// Of numbers that are no larger than 2.
void expect_close(const at::Tensor& value, const at::Tensor& truth) {
    EXPECT_LT(reference::difference(value, truth), 1e-5);
}

/// Gaussians added behind two that are there are those of gaussians_at() at the samples.
void expect_gaussians(const Target& target, const Lattice& lattice, std::int64_t count, double pitch) {
    SCOPED_TRACE(testing::Message() << target.view().channels << " channels, stride " << lattice.stride);
    std::vector<std::int64_t> samples;
    std::vector<Site> sites;
    for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t sample = i * (lattice.samples() - 1) / std::max<std::int64_t>(1, count - 1);
        samples.push_back(sample);
        sites.push_back({lattice.x + sample % lattice.width * lattice.stride,
                         lattice.y + sample / lattice.width * lattice.stride, 1.5F});
    }
    const Field expected = gaussians_at(target.view(), sites, pitch);
    Field field = reference::random_field(count + 3, target.view().channels, 64, 48, 1);
    const Field before = reference::random_field(count + 3, target.view().channels, 64, 48, 1);
    gpu::add_gaussians(target.view(), lattice, samples.data(), {count, 1.5F, pitch}, view_of(field), 2, nullptr);

    const auto compare_rows = [&](const at::Tensor& rows, const at::Tensor& truth, const at::Tensor& old) {
        expect_close(rows.narrow(0, 2, count), truth);
        EXPECT_TRUE(rows.narrow(0, 0, 2).equal(old.narrow(0, 0, 2)));
        EXPECT_TRUE(rows.narrow(0, count + 2, 1).equal(old.narrow(0, count + 2, 1)));
    };
    compare_rows(field.position, expected.position, before.position);
    compare_rows(field.inv_scale, expected.inv_scale, before.inv_scale);
    compare_rows(field.rotation, expected.rotation, before.rotation);
    compare_rows(field.feature, expected.feature, before.feature);
}

TEST(AddGaussians, AreThoseOfTheCpu) {
    expect_gaussians(Target(1, 1, 1, 8, 1), Lattice::whole(1, 1), 1, 1);
    for (const int channels : {1, 3, 4, 16}) {
        expect_gaussians(Target(64, 48, channels, channels == 4 ? 16 : 8, 1), Lattice::whole(64, 48), 65, 30);
    }
    const Target target(64, 48, 3, 8, 1);
    for (const std::int64_t stride : {2, 3, 7}) {
        expect_gaussians(target, Lattice::phase(64, 48, stride, stride - 1, 0), 60, 12);
    }
    expect_gaussians(target, Lattice{64, 48, 20, 11, 30, 20, 1}, 60, 12);
    expect_gaussians(target, Lattice::whole(64, 48), 0, 12);
}

TEST(MortonCodes, SortAsTheCpuDoes) {
    at::Tensor position = reference::random_field(300, 1, 64, 48, 2).position;
    const float odd[] = {0, 1, -1, 2, nan, infinity, -infinity, 0.5F, 65534.99F / 65535, 1e-30F};
    for (std::int64_t i = 0; i < 10; ++i) {
        for (std::int64_t j = 0; j < 10; ++j) {
            position[10 * i + j] = at::tensor({odd[i], odd[j]});
        }
    }
    std::vector<std::uint32_t> codes(300);
    gpu::morton_codes(position.data_ptr<float>(), 300, codes.data(), nullptr);
    std::vector<std::int64_t> order(300);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
        return codes[static_cast<std::size_t>(a)] < codes[static_cast<std::size_t>(b)];
    });
    EXPECT_TRUE(at::tensor(order).equal(morton_order(position)));
}

/// All of it, in bands.
TEST(Growth, IsThatOfTheCpu) {
    const Target target(20, 300, 3, 8, 1);
    const Lattice lattice = Lattice::whole(20, 300);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    Field expected = reference::random_field(0, 3, 20, 300, 4);
    Moments moments = Moments::zeros(0, 3);
    Random random(5);
    grow(
        expected, moments, [&](const Rows& rows) { return image.narrow(1, rows.first, rows.count).contiguous(); },
        target.view(), lattice, {.count = 500, .sigma = 1.5F, .pitch = 6}, random);

    Draw draw(500, Random(5).bits());
    for (const Rows& band : {Rows{0, 130}, Rows{130, 130}, Rows{260, 40}}) {
        draw.add(band.first * 20, band_weights(image, target.view(), lattice, band));
    }
    Field field = reference::random_field(500, 3, 20, 300, 4);
    gpu::add_gaussians(target.view(), lattice, draw.drawn().data(), {500, 1.5F, 6}, view_of(field), 0, nullptr);
    const Field sorted = select(field, morton_order(field.position));
    expect_close(sorted.position, expected.position);
    expect_close(sorted.inv_scale, expected.inv_scale);
    expect_close(sorted.rotation, expected.rotation);
    expect_close(sorted.feature, expected.feature);
}

}  // namespace
}  // namespace gsfit

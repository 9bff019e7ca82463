// libgsfit_decode against the program's own renderer.

#include <ATen/ops/from_blob.h>
#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <cstring>
#include <thread>

#include "gsfit/codec.h"
#include "gsfit/render.h"
#include "gsfit_decode.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

constexpr std::int64_t width = 1300;
constexpr std::int64_t height = 700;
constexpr gsfit_view whole{0, 0, 0, 0, width, height};

template <class Value>
std::vector<Value> values_of(const at::Tensor& tensor) {
    const at::Tensor all = tensor.contiguous();
    return {all.const_data_ptr<Value>(), all.const_data_ptr<Value>() + all.numel()};
}

/// The file of a field of random Gaussians.
std::vector<std::byte> example(int channels, const ImageMaps& maps = {}, const Blending& blending = {},
                               std::int64_t size = 1500) {
    const Field field = reference::random_field(size, channels, width, height, 7);
    const codec::Gaussians gaussians{.position = values_of<float>(field.position),
                                     .inv_scale = values_of<float>(field.inv_scale),
                                     .rotation = values_of<float>(field.rotation),
                                     .feature = values_of<float>(field.feature.sigmoid())};
    return codec::Encoder(gaussians,
                          {.width = width, .height = height, .channels = channels, .blending = blending, .maps = maps})
        .encode(1e-5);
}

codec::Reader::Read from(const std::vector<std::byte>& bytes) {
    return [&bytes](std::uint64_t offset, std::span<std::byte> target) {
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), target.size(), target.begin());
        return target.size();
    };
}

/// [C,h,w] as the program draws what the file holds.
at::Tensor drawn(const std::vector<std::byte>& bytes, const Lattice& lattice) {
    const codec::Reader reader(from(bytes), bytes.size(), "example");
    codec::Gaussians gaussians = reader.decode();
    const auto tensor = [&](std::vector<float>& values, std::int64_t columns) {
        return at::from_blob(values.data(), {gaussians.size(), columns}, at::kFloat).clone();
    };
    const Field field{.position = tensor(gaussians.position, 2),
                      .inv_scale = tensor(gaussians.inv_scale, 2),
                      .rotation = tensor(gaussians.rotation, 1),
                      .feature = tensor(gaussians.feature, reader.description().channels),
                      .raster_width = reader.description().width,
                      .raster_height = reader.description().height};
    return render(field, lattice, reader.description().blending);
}

using File = std::unique_ptr<gsfit_file, decltype(&gsfit_close)>;
File opened(std::vector<std::byte>&&) = delete;  // they must stay
File opened(const std::vector<std::byte>& bytes) {
    File file(gsfit_open_memory(bytes.data(), bytes.size()), gsfit_close);
    EXPECT_NE(file, nullptr) << gsfit_error();
    return file;
}

/// [h,w,C] of a map.
template <class Value>
std::vector<Value> pixels(const File& file, const gsfit_view& view, std::int32_t map = 0) {
    const int channels = gsfit_get_map(file.get(), map).channels;
    std::vector<Value> result(static_cast<std::size_t>(view.width * view.height * channels));
    const auto type = static_cast<gsfit_type>(sizeof(Value));
    EXPECT_EQ(gsfit_render(file.get(), map, &view, type, result.data(),
                           sizeof(Value) * static_cast<std::size_t>(view.width * channels)),
              0)
        << gsfit_error();
    return result;
}

TEST(Decode, DrawsWhatTheProgramDraws) {
    for (const Blending& blending : reference::blendings()) {
        const std::vector<std::byte> bytes = example(3, {}, blending);
        const File file = opened(bytes);
        const std::vector<float> own = pixels<float>(file, whole);
        const std::vector<float> want =
            values_of<float>(drawn(bytes, Lattice::whole(width, height)).clamp(0, 1).permute({1, 2, 0}));
        for (std::size_t i = 0; i < own.size(); ++i) {
            ASSERT_NEAR(std::clamp(own[i], 0.0F, 1.0F), want[i], 2e-6) << reference::name_of(blending) << i;
        }
        const std::vector<std::uint8_t> bytes8 = pixels<std::uint8_t>(file, whole);
        const std::vector<std::uint16_t> bytes16 = pixels<std::uint16_t>(file, whole);
        for (std::size_t i = 0; i < own.size(); ++i) {
            ASSERT_NEAR(bytes8[i], want[i] * 255, 0.51);
            ASSERT_NEAR(bytes16[i], want[i] * 65535, 0.7);
        }
    }
}

TEST(Decode, TellsWhatIsInAFile) {
    const std::vector<std::byte> bytes = example(3);
    const File file = opened(bytes);
    const gsfit_info info = gsfit_get_info(file.get());
    EXPECT_EQ(info.width, width);
    EXPECT_EQ(info.height, height);
    EXPECT_EQ(info.channels, 3);
    EXPECT_EQ(info.maps, 1);
    EXPECT_GT(info.gaussians, 1000);
    EXPECT_EQ(gsfit_get_map(file.get(), 0).channels, 3);
    EXPECT_EQ(gsfit_get_map(file.get(), 0).bits, 8);
    EXPECT_EQ(gsfit_get_map(file.get(), 1).channels, 0);
    EXPECT_EQ(gsfit_get_map(file.get(), -1).channels, 0);
}

TEST(Decode, ACropIsThatPartOfThePicture) {
    const std::vector<std::byte> bytes = example(3, {}, {}, 8000);  // small ones, which are seen in few chunks
    const File file = opened(bytes);
    const gsfit_view crop{3 * width, 3 * height, 500, 77, 90, 130};
    const std::uint64_t opening = gsfit_bytes_read(file.get());
    const std::vector<float> part = pixels<float>(file, crop);
    EXPECT_GT(gsfit_bytes_read(file.get()), opening);
    EXPECT_LT(gsfit_bytes_read(file.get()), bytes.size() / 2);
    const Lattice lattice{3 * width, 3 * height, 500, 77, 90, 130, 1};
    const std::vector<float> want = values_of<float>(drawn(bytes, lattice).permute({1, 2, 0}));
    for (std::size_t i = 0; i < part.size(); ++i) ASSERT_NEAR(part[i], std::clamp(want[i], 0.0F, 1.0F), 2e-6) << i;
}

TEST(Decode, MapsAreThoseOfTheirFiles) {
    const ImageMaps maps{
        {.name = "albedo", .first = 0, .channels = 4, .alpha = true, .bits = 8, .gamma = 2.0F},
        {.name = "height", .first = 4, .channels = 1, .bits = 32, .low = -10, .high = 30, .profile = {std::byte{9}}}};
    const std::vector<std::byte> bytes = example(5, maps);
    const File file = opened(bytes);
    EXPECT_STREQ(gsfit_get_map(file.get(), 0).name, "albedo");
    EXPECT_EQ(gsfit_get_map(file.get(), 0).has_alpha, 1);
    EXPECT_EQ(gsfit_get_map(file.get(), 1).profile_bytes, 1U);
    const std::vector<float> albedo = pixels<float>(file, whole, 0);
    const std::vector<float> heights = pixels<float>(file, whole, 1);
    const std::vector<std::uint8_t> heights8 = pixels<std::uint8_t>(file, whole, 1);
    const at::Tensor image = drawn(bytes, Lattice::whole(width, height)).contiguous();
    const float* fitted = image.const_data_ptr<float>();
    constexpr std::int64_t plane = width * height;
    for (std::int64_t i = 0; i < plane; ++i) {
        const float alpha = std::sqrt(std::clamp(fitted[3 * plane + i], 0.0F, 1.0F));
        const float red = std::sqrt(std::clamp(fitted[i], 0.0F, 1.0F));
        ASSERT_NEAR(albedo[static_cast<std::size_t>(4 * i + 3)], alpha, 1e-5);
        if (alpha > 0.1F) {
            ASSERT_NEAR(albedo[static_cast<std::size_t>(4 * i)], red / alpha, 1e-4);
        }
        const float value = -10 + 40 * fitted[4 * plane + i];
        ASSERT_NEAR(heights[static_cast<std::size_t>(i)], value, 1e-3);
        ASSERT_NEAR(heights8[static_cast<std::size_t>(i)], std::clamp(fitted[4 * plane + i], 0.0F, 1.0F) * 255, 0.51);
    }
}

TEST(Decode, ThreadsMayShareAFile) {
    const std::vector<std::byte> bytes = example(3);
    const File file = opened(bytes);
    const std::vector<float> want = pixels<float>(file, whole);
    std::vector<std::vector<float>> got(4);
    std::vector<std::thread> workers;
    for (auto& own : got) workers.emplace_back([&] { own = pixels<float>(file, whole); });
    for (std::thread& worker : workers) worker.join();
    for (const auto& own : got) EXPECT_TRUE(own == want);
}

TEST(Decode, SaysWhatIsWrong) {
    const std::vector<std::byte> bytes = example(3);
    EXPECT_EQ(gsfit_open("/nowhere/a.gsf"), nullptr);
    EXPECT_NE(std::strstr(gsfit_error(), "/nowhere/a.gsf"), nullptr) << gsfit_error();
    EXPECT_EQ(gsfit_open_memory(bytes.data(), bytes.size() - 1), nullptr);
    EXPECT_NE(std::strstr(gsfit_error(), "ends early"), nullptr) << gsfit_error();
    EXPECT_EQ(gsfit_open_memory("not this", 8), nullptr);
    const File file = opened(bytes);
    std::vector<float> out(static_cast<std::size_t>(width * height * 3));
    const auto refused = [&](std::int32_t map, const gsfit_view& view, int type, void* to, std::size_t row_bytes,
                             const char* why) {
        EXPECT_EQ(gsfit_render(file.get(), map, &view, static_cast<gsfit_type>(type), to, row_bytes), -1) << why;
        EXPECT_NE(std::strstr(gsfit_error(), why), nullptr) << gsfit_error();
    };
    constexpr std::size_t row = sizeof(float) * 3 * width;
    refused(1, whole, GSFIT_FLOAT, out.data(), row, "no map 1");
    refused(0, whole, 3, out.data(), row, "type");
    refused(0, whole, GSFIT_FLOAT, nullptr, row, "memory");
    refused(0, whole, GSFIT_FLOAT, out.data(), row - 4, "rows");
    refused(0, whole, GSFIT_FLOAT, out.data(), row + 1, "rows");
    refused(0, {width, 0, 0, 0, 0, 0}, GSFIT_FLOAT, out.data(), row, "raster");
    refused(0, {0, 0, -1, 0, 0, 0}, GSFIT_FLOAT, out.data(), row, "outside");
    refused(0, {0, 0, 1, 0, width, 1}, GSFIT_FLOAT, out.data(), row, "within");
    refused(0, {0, 0, 0, 0, 5, 0}, GSFIT_FLOAT, out.data(), row, "within");
    gsfit_close(nullptr);
}

TEST(Decode, LeavesTheFloatingPointModeAsItWas) {
    const std::vector<std::byte> bytes = example(1);
    const File file = opened(bytes);
    std::fesetenv(FE_DFL_ENV);
    pixels<float>(file, whole);
    volatile float smallest = 1e-38F;
    EXPECT_GT(smallest / 16, 0);
}

}  // namespace
}  // namespace gsfit

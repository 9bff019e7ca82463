// Kept streams decode to the same Gaussians everywhere and for ever.

#include <gtest/gtest.h>

#include "codec/bytes.h"
#include "gsfit/core/file.h"
#include "unit/codec_fields.h"

namespace gsfit::codec {
namespace {

struct Kept {
    const char* name;
    std::int64_t gaussians;
    std::uint32_t crc;  ///< of their floats, array by array
};

class CodecCorpus : public testing::TestWithParam<Kept> {};

TEST_P(CodecCorpus, DecodesToTheSameBits) {
    const auto path = std::filesystem::path(GSFIT_CODEC_CORPUS) / (std::string(GetParam().name) + ".gsf");
    const Gaussians gaussians = decoded(read_file(path, 1 << 20));
    ByteWriter floats;
    for (const auto* numbers : {&gaussians.position, &gaussians.inv_scale, &gaussians.rotation, &gaussians.feature}) {
        for (const float number : *numbers) floats.real(number);
    }
    EXPECT_EQ(gaussians.size(), GetParam().gaussians);
    EXPECT_EQ(crc32(floats.bytes()), GetParam().crc);
}

INSTANTIATE_TEST_SUITE_P(Kept, CodecCorpus,
                         testing::Values(Kept{"color", 150, 0x71333DB0U}, Kept{"coarse", 90, 0xBDA61242U},
                                         Kept{"fine", 40, 0xB5B53C7AU}, Kept{"empty", 0, 0U},
                                         Kept{"grey", 60, 0x89A93C1DU}, Kept{"stack", 50, 0xA9C95DFEU},
                                         Kept{"chunks", 2300, 0xDC24087DU}, Kept{"parts", 120, 0x3400FEA9U}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace gsfit::codec

// Files that are cut, damaged or made to harm: each gives a sentence or a field, never a crash.

#include <gtest/gtest.h>

#include "codec/bytes.h"
#include "codec/code.h"
#include "codec/file.h"
#include "codec/index.h"
#include "gsfit/core/error.h"
#include "unit/codec_fields.h"
#include "unit/mutator.h"
#include "unit/sentences.h"

namespace gsfit::codec {
namespace {

Description raster() {
    return {.width = 900, .height = 620, .channels = 3, .blending = {}, .maps = {{.name = "a", .channels = 3}}};
}

std::vector<std::byte> small_file() { return Encoder(scattered(60, raster()), raster()).encode(0.01); }

/// The number of Gaussians, or -1 for a file that is refused.
std::int64_t size_or_refusal(const std::vector<std::byte>& file) {
    try {
        return decoded(file).size();
    } catch (const InputError& error) {
        expect_contains(error.what(), "'field.gsf' is ");
        return -1;
    }
}

std::size_t head_size(std::span<const std::byte> file) { return ByteReader(file.subspan(4)).word(); }

/// With the checksum of the head as it should be, so that what is in it gets read.
std::vector<std::byte> with_checksum(std::vector<std::byte> file) {
    const std::size_t end = prefix_bytes + head_size(file);
    if (file.size() < prefix_bytes || end < prefix_bytes + crc_bytes || end > file.size()) return file;
    ByteWriter checksum;
    checksum.word(crc32(std::span(file).first(end - crc_bytes).subspan(prefix_bytes)));
    std::copy(checksum.bytes().begin(), checksum.bytes().end(),
              file.begin() + static_cast<std::ptrdiff_t>(end - crc_bytes));
    return file;
}

TEST(CodecDamage, EveryTruncationIsTold) {
    const std::vector<std::byte> file = small_file();
    ASSERT_EQ(size_or_refusal(file), 60);
    for (std::size_t size = 0; size < file.size(); ++size) {
        EXPECT_EQ(size_or_refusal({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)}), -1) << size;
    }
    std::vector<std::byte> longer = file;
    longer.push_back(std::byte(0));
    EXPECT_EQ(size_or_refusal(longer), -1);
}

TEST(CodecDamage, EveryFlippedBitIsTold) {
    const std::vector<std::byte> file = small_file();
    for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
        std::vector<std::byte> damaged = file;
        damaged[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        ASSERT_EQ(size_or_refusal(damaged), -1) << bit;
    }
}

TEST(CodecDamage, HeadsWithTheirChecksumPutRightAreReadSafely) {
    const std::vector<std::byte> file = small_file();
    const auto end_of_head = file.begin() + static_cast<std::ptrdiff_t>(prefix_bytes + head_size(file));
    Mutator mutate;
    int accepted = 0;
    for (int i = 0; i < 4000; ++i) {
        std::vector<std::byte> head = mutate({file.begin() + prefix_bytes, end_of_head});
        ByteWriter size;
        size.word(static_cast<std::uint32_t>(head.size()));
        std::vector<std::byte> damaged{file.begin(), file.begin() + 4};
        damaged.insert(damaged.end(), size.bytes().begin(), size.bytes().end());
        damaged.insert(damaged.end(), head.begin(), head.end());
        damaged.insert(damaged.end(), end_of_head, file.end());
        accepted += size_or_refusal(with_checksum(damaged)) >= 0 ? 1 : 0;
    }
    EXPECT_GT(accepted, 100);  // some changes are another picture
    EXPECT_LT(accepted, 3900);
}

TEST(CodecDamage, PartsOfAnyBytesAreDecodedSafely) {
    Header header;
    header.description = raster();
    header.margin = 2;
    header.error = -8 * octave;
    header.models = Models::usual(3);
    const Layout layout(header);
    std::mt19937 random(11);
    int refused = 0;
    for (int i = 0; i < 600; ++i) {
        std::vector<std::byte> bytes(random() % 300);
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
        int gaussians = 0;
        header.models.each([&](Coefficient& coefficient) {
            if (random() % 8 == 0) coefficient = static_cast<int>(random() % 32768) - 16384;
        });
        Part part;
        part.grid = layout.grid(1);
        part.channels = 3;
        try {
            RangeDecoder decoder(bytes);
            code_part(decoder, header, gaussians = 1 + static_cast<int>(random() % 1000), part);
            EXPECT_EQ(part.size(), gaussians);
        } catch (const Damage&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 300);
}

TEST(CodecDamage, SaysWhatIsWrong) {
    std::vector<std::byte> file = small_file();
    const auto sentence = [&] { return sentence_of<InputError>([&] { decoded(file); }); };
    file[3] = std::byte(2);
    EXPECT_EQ(sentence(),
              "'field.gsf' is a .gsf file of version 2, and this program knows version 1 only; take a newer program");
    file = small_file();
    file[0] = std::byte('X');
    EXPECT_EQ(sentence(), "'field.gsf' is no sound .gsf file: it does not begin as one; get it anew");
    file = small_file();
    file.back() ^= std::byte(1);
    EXPECT_EQ(sentence(), "'field.gsf' is no sound .gsf file: a part of it is damaged; get it anew");
}

TEST(CodecDamage, DescriptionsThatCannotBeAreRefused) {
    const auto refused = [](const auto& change) {
        Description description = raster();
        change(description);
        const std::vector<std::byte> file = Encoder(scattered(5, raster()), description).encode(0.01);
        expect_contains(sentence_of<InputError>([&] { decoded(file); }), "that cannot be");
    };
    for (const float gamma : {0.05F, 11.0F}) refused([&](Description& d) { d.maps[0].gamma = gamma; });
    refused([](Description& d) { d.maps[0].bits = 9; });
    refused([](Description& d) { d.maps[0].low = d.maps[0].high; });
    for (const float cutoff : {0.5F, 7.0F}) refused([&](Description& d) { d.blending.cutoff = cutoff; });
    for (const float eps : {0.0F, 2.0F}) refused([&](Description& d) { d.blending.eps = eps; });
}

TEST(CodecDamage, AHeadThatIsTooLongIsTold) {
    std::vector<std::byte> file = small_file();
    file.insert(file.begin() + static_cast<std::ptrdiff_t>(prefix_bytes + head_size(file) - crc_bytes), std::byte(0));
    file[4] = std::byte(std::to_integer<int>(file[4]) + 1);
    expect_contains(sentence_of<InputError>([&] { decoded(with_checksum(file)); }), "its header is too long");
}

TEST(CodecDamage, MoreGaussiansThanBytesCanHoldAreRefused) {
    ByteWriter writer;
    write(writer, std::vector<IndexEntry>{{.bytes = 100, .gaussians = 400}});
    ByteReader sound(writer.bytes());
    EXPECT_EQ(read_index(sound, 1)[0].gaussians, 400);
    ByteWriter greedy;
    write(greedy, std::vector<IndexEntry>{{.bytes = 100, .gaussians = 401}});
    ByteReader reader(greedy.bytes());
    expect_contains(sentence_of<Damage>([&] { read_index(reader, 1); }), "out of range");
    ByteReader again(greedy.bytes());
    expect_contains(sentence_of<Damage>([&] { read_index(again, 1'000'000'000'000); }),
                    "shorter than its image asks for");
}

}  // namespace
}  // namespace gsfit::codec

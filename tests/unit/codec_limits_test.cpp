// What the format holds at most, and what it keeps apart at its bounds.

#include <gtest/gtest.h>

#include <cmath>

#include "codec/code.h"
#include "codec/floats.h"
#include "codec/index.h"
#include "codec/plan.h"
#include "gsfit/core/error.h"
#include "unit/codec_fields.h"
#include "unit/sentences.h"

namespace gsfit::codec {
namespace {

/// A part whose cells have so many Gaussians each, all of class 0.
Part part_of(const std::vector<int>& counts, int columns) {
    Part part;
    part.grid = {.cell = 8, .columns = columns, .rows = static_cast<int>(counts.size()) / columns};
    part.first = {0};
    for (std::size_t cell = 0; cell < counts.size(); ++cell) {
        for (int i = 0; i < counts[cell]; ++i) part.cell.push_back(static_cast<int>(cell));
        part.first.push_back(static_cast<int>(part.cell.size()));
    }
    part.resize(part.size());
    return part;
}

TEST(CodecLimits, ALayerHasAtMost192CellsOnASide) {
    Header header;
    header.description = {.width = 1920, .height = 100, .channels = 1, .blending = {}};
    header.layer_cell = 10;
    EXPECT_EQ(Layout(header).grid(0).columns, 192);
    header.description.width = 1921;
    expect_contains(sentence_of<Damage>([&] { Layout{header}; }), "more cells than there may be");
    header.description = {.width = 100, .height = 1900, .channels = 1, .blending = {}};
    header.cell = 10;
    header.margin = 1;
    EXPECT_EQ(Layout(header).grid(0).rows, 192);
    header.margin = 2;
    expect_contains(sentence_of<Damage>([&] { Layout{header}; }), "more cells than there may be");
}

TEST(CodecLimits, AChunkHoldsAtMost2To18Gaussians) {
    const Description description{.width = 64, .height = 64, .channels = 1, .blending = {}};
    const Item item{.x = 1,
                    .y = 1,
                    .major = 1,
                    .minor = 1,
                    .angle = 0,
                    .half_width = 4,
                    .half_height = 4,
                    .index = 0,
                    .values = {0.5}};
    const std::vector<Item> items((1 << 18) + 1, item);
    expect_contains(sentence_of<UsageError>([&] { plan_of(items, description); }), "more than 262144 Gaussians");
    for (const int gaussians : {1 << 18, (1 << 18) + 1}) {
        ByteWriter writer;
        write(writer, std::vector<IndexEntry>{{.bytes = 1 << 18, .gaussians = gaussians}});
        ByteReader reader(writer.bytes());
        if (gaussians == 1 << 18) {
            EXPECT_EQ(read_index(reader, 1)[0].gaussians, gaussians);
        } else {
            expect_contains(sentence_of<Damage>([&] { read_index(reader, 1); }), "out of range");
        }
    }
}

TEST(CodecLimits, ADecoderOfBytesThatNoEncoderWritesStaysWithinTheTotal) {
    const std::vector<std::byte> ones(7, std::byte(255));
    for (const std::uint32_t total : {3U, 1000U, 99999U}) {
        RangeDecoder decoder(ones);
        EXPECT_EQ(decoder.place(total), total - 1);
    }
}

TEST(CodecLimits, AreasOfCellsBeforeCountByDistance) {
    // Around the middle of 5 x 5: its left neighbour, the cell two above, and one that comes later.
    std::vector<int> counts(25, 0);
    counts[11] = 2;
    counts[2] = 1;
    counts[12] = 3;
    counts[13] = 4;
    Part part = part_of(counts, 5);
    part.area[part.first[11]] = part.area[part.first[11] + 1] = 6;
    part.area[part.first[2]] = 20;
    AreaContext context(part);
    context.add(2);
    context.add(11);
    const std::int64_t near = 6 * area_step + area_step / 2;
    const std::int64_t far = 20 * area_step + area_step / 2;
    EXPECT_EQ(context.features(12)[1], (2 * 45 * near + 18 * far) / (2 * 45 + 18));
}

TEST(CodecLimits, DirectionsCohereByTheirLength) {
    Directions directions(2);
    const std::vector<Neighbour> neighbours{{.gaussian = 1, .weight = 1000}};
    const auto coherence = [&](Log aspect) {
        directions.set(1, aspect, 0);
        return directions.mean(neighbours).coherence;
    };
    // log2 of the aspect in octaves: -5000, -900 and 1500 of 4096ths.
    EXPECT_EQ(coherence(1757), 0);
    EXPECT_EQ(coherence(1758), 1);
    EXPECT_EQ(coherence(3517), 1);
    EXPECT_EQ(coherence(3518), 2);
    EXPECT_EQ(coherence(5279), 2);
    EXPECT_EQ(coherence(5280), 3);
    EXPECT_EQ(directions.mean({}).coherence, 0);
    EXPECT_EQ(directions.mean({}).angle, half_turn / 2);
}

TEST(CodecLimits, NoSigmaIsBelowTheLeast) {
    Part part = part_of({1}, 1);
    part.area[0] = 4;  // half an octave from a pixel on
    const Surroundings surroundings(part);
    const Models models = Models::usual(1);
    const Steps steps(part, surroundings, -20 * octave, models);
    const auto geometry = [&](Log least, int aspect) {
        const ShapeScale scale(part, steps, least, 0);
        return scale.geometry({.aspect = aspect});
    };
    const int most = ShapeScale(part, steps, 0, 0).most_aspect();
    EXPECT_LT(geometry(-20 * octave, most).minor, -2 * octave);
    EXPECT_EQ(geometry(-octave, most).minor, -octave);
    EXPECT_EQ(geometry(-octave, most).major, geometry(-20 * octave, most).major);
    EXPECT_EQ(geometry(octave, 0).major, octave);
}

/// The inverse of sigma has 40 bits after its binary point, which shows where sigma is large.
TEST(CodecLimits, InverseSigmasHave40Bits) {
    Part part = part_of({1}, 1);
    part.geometry[0].major = 20 * octave + octave / 2;
    part.geometry[0].minor = 30 * octave + 1000;
    Gaussians gaussians;
    append(gaussians, part, {.width = 8, .height = 8, .channels = 1, .blending = {}});
    EXPECT_EQ(gaussians.inv_scale[0], std::round(0x1p40 * std::exp2(-20.5)) / 0x1p40);
    EXPECT_EQ(gaussians.inv_scale[1], std::round(0x1p40 * std::exp2(-30 - 1000 / 4096.0)) / 0x1p40);
}

}  // namespace
}  // namespace gsfit::codec

// Fields stored as packed codes.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "checkpoint/packed_codes.h"
#include "checkpoint/safetensors.h"
#include "checkpoint/state_format.h"
#include "gsfit/checkpoint.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "unit/edited.h"
#include "unit/mutator.h"
#include "unit/sentences.h"
#include "unit/temporary_directory.h"
#include "unit/train_states.h"

namespace gsfit {
namespace {

using Bytes = std::vector<std::byte>;

TEST(PackedCodes, ComeBackForEveryNumberOfBits) {
    std::mt19937 random(3);
    for (int bits = 1; bits <= 32; ++bits) {
        for (std::size_t count = 0; count < 20; ++count) {
            std::vector<std::uint32_t> codes(count);
            for (std::uint32_t& code : codes) code = static_cast<std::uint32_t>(random()) >> (32 - bits);
            const Bytes bytes = pack_codes(codes, bits);
            EXPECT_EQ(bytes.size(), packed_size(count, bits));
            EXPECT_EQ(bytes.size(), (count * static_cast<std::size_t>(bits) + 7) / 8);
            EXPECT_EQ(unpack_codes(bytes, count, bits), codes) << bits << " " << count;
        }
    }
}

TEST(PackedCodes, LieLowestBitFirst) {
    const std::vector<std::uint32_t> codes{0b10110, 0b00001, 0b11111, 0b01000};
    const Bytes bytes = pack_codes(codes, 5);
    EXPECT_EQ(bytes, (Bytes{std::byte{0b00110110}, std::byte{0b01111100}, std::byte{0b00000100}}));
}

TrainState quantised_state(std::int64_t size = 50, std::int64_t channels = 3) {
    TrainState state = example_state(size, channels);
    state.quantisation = {.position = 5, .scale = 11, .rotation = 4, .feature = 32};
    return state;
}

std::string bytes_of(const at::Tensor& tensor) {
    return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

void expect_same_bits(const Field& a, const Field& b) {
    EXPECT_EQ(bytes_of(a.position), bytes_of(b.position));
    EXPECT_EQ(bytes_of(a.inv_scale), bytes_of(b.inv_scale));
    EXPECT_EQ(bytes_of(a.rotation), bytes_of(b.rotation));
    EXPECT_EQ(bytes_of(a.feature), bytes_of(b.feature));
    EXPECT_EQ(a.position.sizes(), b.position.sizes());
    EXPECT_EQ(a.feature.sizes(), b.feature.sizes());
    EXPECT_EQ(a.raster_width, b.raster_width);
    EXPECT_EQ(a.raster_height, b.raster_height);
}

TEST(PackedField, IsWhatTheStateLooksLikeBitForBit) {
    const TemporaryDirectory folder;
    for (const std::int64_t channels : {1, 3, 16}) {
        for (const int bits : {4, 8, 13, 31, 32}) {
            TrainState state = quantised_state(50, channels);
            state.quantisation = {.position = bits, .scale = bits, .rotation = bits, .feature = bits};
            save_packed(folder / "packed.safetensors", state);
            const SavedField saved = load_field(folder / "packed.safetensors");
            expect_same_bits(saved.field, drawn_field(state));
            EXPECT_EQ(saved.quantisation, state.quantisation);
            EXPECT_EQ(saved.blending.blend, state.blending.blend);
            EXPECT_EQ(saved.blending.cutoff, state.blending.cutoff);
        }
    }
}

TEST(PackedField, IsAsSmallAsItsBits) {
    const TrainState state = quantised_state(10000);
    const auto codes = static_cast<std::size_t>(10000 * state.quantisation->of_gaussian(3) / 8);
    const std::size_t size = encode_packed(state).size();
    EXPECT_GE(size, codes);
    EXPECT_LT(size, codes + 1200) << "the header";
}

TEST(PackedField, ACheckpointGivesTheSameFieldAndKeepsItsOwn) {
    const TrainState state = quantised_state();
    const Bytes checkpoint = encode_state(state);
    const TrainState back = decode_state(checkpoint, "file");
    expect_same_bits(back.field, state.field);
    EXPECT_EQ(back.quantisation, state.quantisation);
    EXPECT_EQ(encode_state(back), checkpoint);
    expect_same_bits(decode_field(checkpoint, "file").field, drawn_field(state));
    EXPECT_EQ(decode_state(encode_state(example_state()), "file").quantisation, std::nullopt);
}

TEST(PackedField, NeedsBitsAndFiniteNumbers) {
    EXPECT_THROW(encode_packed(example_state()), Error);
    TrainState state = quantised_state();
    state.field.feature[3][1] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THROW(encode_packed(state), Error);
    state = quantised_state();
    state.field.inv_scale[3][1] = 0;
    EXPECT_THROW(encode_packed(state), Error);
}

/// The packed example after `edit` has changed its parts.
template <class Edit>
Bytes edited_packed(const Edit& edit) {
    return edited(encode_packed(quantised_state()), edit);
}

void expect_refused(const Bytes& bytes, const std::string& why) {
    const std::string sentence = sentence_of<InputError>([&] { decode_field(bytes, "some.file"); });
    expect_contains(sentence, "cannot use 'some.file': ");
    expect_contains(sentence, why);
}

TEST(PackedField, IsNoStateToGoOnFrom) {
    const std::string sentence =
        sentence_of<InputError>([] { decode_state(encode_packed(quantised_state()), "some.file"); });
    expect_contains(sentence, "cannot use 'some.file': it is a packed field, which no run can go on from");
}

TEST(PackedField, RefusesBadMetadata) {
    const std::map<std::string, std::vector<std::string>> bad{
        {"storage", {"zip"}},
        {"position_bits", {"3", "33", "-5", "5.5", "", "x"}},
        {"scale_bits", {"0", "64"}},
        {"rotation_bits", {"3"}},
        {"feature_bits", {"99999999999999999999"}},
        {"gaussians", {"0", "-1", "268435457", "9223372036854775807", "51", "49"}},
        {"channels", {"0", "65", "2"}},
        {"position_min", {"nan", "-inf", "1e39", "x"}},
        {"feature_max", {"inf", "-1e6"}},
        {"raster_width", {"0"}},
        {"blend", {"mean"}},
    };
    for (const auto& [key, values] : bad) {
        for (const std::string& value : values) {
            const bool size = (key == "gaussians" && value.size() == 2 && value[0] != '-') || value == "2";
            expect_refused(edited_packed([&](auto& file) { file.metadata[key] = value; }),
                           size ? "has not the bytes that its codes need" : key);
        }
        if (key != "storage")
            expect_refused(edited_packed([&](auto& file) { file.metadata.erase(key); }), "lack '" + key);
    }
    for (const char* low : {"-3", "0"}) {
        expect_refused(edited_packed([&](auto& file) { file.metadata["scale_min"] = low; }), "not positive");
    }
}

TEST(PackedField, RefusesTensorsThatDoNotFit) {
    for (const char* name : {"position", "scale", "rotation", "feature"}) {
        const auto with_entry = [&](const auto& edit) {
            return edited_packed(
                [&](auto& file) { edit(*std::ranges::find(file.entries, name, &safetensors::Entry::name)); });
        };
        const auto shortened = [](auto& entry) {
            entry.bytes = entry.bytes.first(entry.bytes.size() - 1);
            entry.shape = {static_cast<std::int64_t>(entry.bytes.size())};
        };
        expect_refused(with_entry(shortened), "has not the bytes that its codes need");
        expect_refused(with_entry([](auto& entry) { entry.dtype = "I8"; }), "must have the type U8");
        expect_refused(
            edited_packed([&](auto& file) { std::erase_if(file.entries, [&](auto& e) { return e.name == name; }); }),
            std::string("no tensor '") + name);
    }
}

TEST(PackedField, RefusesAFileCutAnywhere) {
    const Bytes bytes = encode_packed(quantised_state(3, 1));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_THROW(decode_field(std::span(bytes).first(size), "file"), InputError) << size;
    }
}

/// A damaged file is refused, or what it holds passes the checks; nothing else happens.
TEST(PackedField, HandlesRandomMutations) {
    const Bytes original = encode_packed(quantised_state(2, 1));
    Mutator mutator;
    for (int round = 0; round < 20000; ++round) {
        try {
            const SavedField saved = decode_field(mutator(original), "file");
            EXPECT_TRUE(saved.field.inv_scale.gt(0).all().item<bool>());
            EXPECT_TRUE(saved.field.feature.isfinite().all().item<bool>());
        } catch (const InputError&) {
            SUCCEED();
        }
    }
}

}  // namespace
}  // namespace gsfit

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

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

std::string bytes_of(const at::Tensor& tensor) {
    return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

void expect_same_bits(const at::Tensor& a, const at::Tensor& b) {
    EXPECT_EQ(a.sizes(), b.sizes());
    EXPECT_EQ(a.scalar_type(), b.scalar_type());
    EXPECT_TRUE(b.is_contiguous());
    EXPECT_EQ(bytes_of(a), bytes_of(b));
}

template <class Value>
void expect_same_bits(Value a, Value b) {
    EXPECT_EQ(std::memcmp(&a, &b, sizeof(Value)), 0) << a << " " << b;
}

void expect_same_fields(const Field& a, const Field& b) {
    expect_same_bits(a.position, b.position);
    expect_same_bits(a.inv_scale, b.inv_scale);
    expect_same_bits(a.rotation, b.rotation);
    expect_same_bits(a.feature, b.feature);
    EXPECT_EQ(a.raster_width, b.raster_width);
    EXPECT_EQ(a.raster_height, b.raster_height);
}

void expect_same_states(const TrainState& a, const TrainState& b) {
    expect_same_fields(a.field, b.field);
    EXPECT_TRUE(a.maps == b.maps);
    EXPECT_EQ(a.blending.blend, b.blending.blend);
    expect_same_bits(a.blending.cutoff, b.blending.cutoff);
    expect_same_bits(a.blending.eps, b.blending.eps);
    EXPECT_EQ(a.blending.topk, b.blending.topk);
    EXPECT_EQ(a.blending.support, b.blending.support);
    expect_same_bits(a.moments.first, b.moments.first);
    expect_same_bits(a.moments.second, b.moments.second);
    expect_same_bits(a.moments.products, b.moments.products);
    expect_same_bits(a.moments.age, b.moments.age);
    EXPECT_EQ(a.step, b.step);
    expect_same_bits(a.progress, b.progress);
    expect_same_bits(a.seconds, b.seconds);
    EXPECT_EQ(a.initial_gaussians, b.initial_gaussians);
    EXPECT_EQ(a.growths, b.growths);
    EXPECT_EQ(a.random, b.random);
    EXPECT_EQ(a.phase_stride, b.phase_stride);
    EXPECT_EQ(a.phases, b.phases);
    expect_same_bits(a.loss_scale.scale, b.loss_scale.scale);
    EXPECT_EQ(a.loss_scale.good_steps, b.loss_scale.good_steps);
    EXPECT_EQ(a.skipped_steps, b.skipped_steps);
    expect_same_bits(a.plateau.best_psnr, b.plateau.best_psnr);
    expect_same_bits(a.plateau.best_ssim, b.plateau.best_ssim);
    EXPECT_EQ(a.plateau.idle_steps, b.plateau.idle_steps);
    EXPECT_EQ(a.plateau.decays, b.plateau.decays);
}

/// The example state's file after `edit` has changed its parts.
template <class Edit>
Bytes edited_state(const Edit& edit) {
    return edited(encode_state(example_state()), edit);
}

safetensors::Entry& entry(safetensors::File& file, const std::string& name) {
    return *std::ranges::find(file.entries, name, &safetensors::Entry::name);
}

void expect_refused(const Bytes& bytes, const std::string& why) {
    const std::string sentence = sentence_of<InputError>([&] { decode_state(bytes, "some.file"); });
    expect_contains(sentence, "cannot use 'some.file': ");
    expect_contains(sentence, why);
}

TEST(CheckpointState, SurvivesAFileBitForBit) {
    const TemporaryDirectory folder;
    const TrainState state = example_state();
    save_checkpoint(folder / "state.safetensors", state);
    const TrainState back = load_checkpoint(folder / "state.safetensors");
    expect_same_states(state, back);
    EXPECT_EQ(encode_state(state), encode_state(back));
    const SavedField saved = load_field(folder / "state.safetensors");
    expect_same_fields(state.field, saved.field);
    EXPECT_EQ(saved.metadata.at("step"), "1023456789");
    EXPECT_EQ(saved.blending.blend, Blend::sum);
}

TEST(CheckpointState, SurvivesWithEveryNumberOfChannelsAndNoPhases) {
    for (std::int64_t channels = 1; channels <= max_channels; ++channels) {
        TrainState state = example_state(1, channels);
        state.blending = Blending{};
        state.phase_stride = 0;
        state.phases.clear();
        expect_same_states(state, decode_state(encode_state(state), "file"));
    }
}

/// An RGB image with alpha and a colour profile, and a height map of floating point.
ImageMaps example_maps() {
    return {{.name = "albedo",
             .channels = 4,
             .alpha = true,
             .bits = 16,
             .gamma = 2.2F,
             .profile = std::vector<std::byte>(1000, std::byte{7})},
            {.name = "h\"o\\he \xC3\xA4", .first = 4, .bits = 32, .low = -1.0F / 3.0F, .high = 1e30F}};
}

TEST(CheckpointState, SurvivesWithItsMaps) {
    TrainState state = example_state(2, 5);
    state.maps = example_maps();
    const Bytes bytes = encode_state(state);
    expect_same_states(state, decode_state(bytes, "file"));
    EXPECT_TRUE(decode_field(bytes, "file").maps == state.maps);
}

TEST(CheckpointState, FilesFromBeforeThereWereMapsHaveOne) {
    const auto without_maps = [](int channels) {
        TrainState state = example_state(1, channels);
        state.maps.clear();
        return decode_state(encode_state(state), "file").maps;
    };
    EXPECT_TRUE(without_maps(3) == (ImageMaps{{.channels = 3}}));
    EXPECT_EQ(without_maps(5).size(), 5);
}

TEST(CheckpointState, RefusesMapsThatDoNotFit) {
    TrainState state = example_state(2, 5);
    const auto expect_fault = [&](const auto& change) {
        state.maps = example_maps();
        change(state.maps);
        expect_refused(encode_state(state), "'maps'");
    };
    expect_fault([](ImageMaps& maps) { maps.pop_back(); });
    expect_fault([](ImageMaps& maps) { maps[1].channels = 3; });
    expect_fault([](ImageMaps& maps) { maps[0].channels = 5; });
    expect_fault([](ImageMaps& maps) { maps[0].alpha = false; });
    expect_fault([](ImageMaps& maps) { maps[0].name = "../../albedo"; });
    expect_fault([](ImageMaps& maps) { maps[0].name = maps[1].name; });
    expect_fault([](ImageMaps& maps) { maps[0].name = std::string(300, 'a'); });
    expect_fault([](ImageMaps& maps) { maps[0].bits = 12; });
    expect_fault([](ImageMaps& maps) { maps[1].high = maps[1].low; });
    expect_fault([](ImageMaps& maps) { maps[1].low = std::numeric_limits<float>::quiet_NaN(); });
    expect_fault([](ImageMaps& maps) { maps[1].high = std::numeric_limits<float>::infinity(); });
    expect_fault([](ImageMaps& maps) { maps[0].gamma = 0; });
    for (const char* text : {"", "{}", "[1]", "[{}]", "[[[[", R"([{"name":1}])"}) {
        const Bytes bytes = edited_state([text](safetensors::File& file) { file.metadata["maps"] = text; });
        expect_refused(bytes, "'maps'");
    }
}

TEST(CheckpointState, SurvivesWithTensorsThatAreNotContiguous) {
    TrainState state = example_state(2);
    state.field.position = counting({2, 2}, 0.1F, 0.2F).t();
    const TrainState back = decode_state(encode_state(state), "file");
    expect_same_bits(state.field.position.contiguous(), back.field.position);
}

TEST(CheckpointState, AFieldNeedsNoTrainingState) {
    const Bytes bytes = edited_state([](safetensors::File& file) {
        std::erase_if(file.entries, [](const auto& e) {
            return e.name.ends_with("moment") || e.name == "age" || e.name == "phases";
        });
        for (const char* key : {"step", "progress", "seconds", "growths", "random_state", "phase_stride"}) {
            file.metadata.erase(key);
        }
    });
    expect_same_fields(decode_field(bytes, "file").field, example_state().field);
    expect_refused(bytes, "no tensor 'first_moment'");
}

TEST(CheckpointState, RefusesOtherKinds) {
    expect_refused(edited_state([](auto& file) { file.metadata.clear(); }), "no checkpoint of gsfit");
    expect_refused(edited_state([](auto& file) { file.metadata["format"] = "pt"; }), "no checkpoint of gsfit");
    expect_refused(edited_state([](auto& file) { file.metadata["version"] = "2"; }), "version '2'");
}

TEST(CheckpointState, RefusesNoGaussians) {
    expect_refused(edited_state([](auto& file) {
                       entry(file, "feature") = {"feature", "F32", {0, 3}, {}};
                   }),
                   "no Gaussian");
    expect_refused(edited_state([](auto& file) { entry(file, "feature").shape = {9}; }), "no Gaussian");
    expect_refused(edited_state([](auto& file) {
                       entry(file, "feature") = {"feature", "F32", {3, 0}, {}};
                   }),
                   "1 to 64 channels");
}

TEST(CheckpointState, ReadsFilesFromBeforeThereWereProducts) {
    const auto bytes = edited_state(
        [](auto& file) { std::erase_if(file.entries, [](auto& e) { return e.name == "moment_products"; }); });
    TrainState expected = example_state();
    expected.moments.products.zero_();
    expect_same_states(decode_state(bytes, "old"), expected);
}

TEST(CheckpointState, RefusesTensorsThatDoNotFit) {
    for (const char* name : {"position", "inv_scale", "rotation", "first_moment", "second_moment", "age"}) {
        expect_refused(
            edited_state([&](auto& file) { entry(file, name).shape.insert(entry(file, name).shape.begin(), 1); }),
            name);
        expect_refused(edited_state([&](auto& file) { entry(file, name).dtype = "U32"; }), "must have the type");
        expect_refused(
            edited_state([&](auto& file) { std::erase_if(file.entries, [&](auto& e) { return e.name == name; }); }),
            std::string("no tensor '") + name);
    }
}

TEST(CheckpointState, RefusesValuesOutOfRange) {
    const auto with_value = [](const std::string& name, float value) {
        return edited_state([&](auto& file) {
            const auto& bytes = entry(file, name).bytes;
            std::memcpy(const_cast<std::byte*>(bytes.data()), &value, sizeof value);
        });
    };
    for (const char* name :
         {"position", "inv_scale", "rotation", "feature", "first_moment", "second_moment", "moment_products"}) {
        expect_refused(with_value(name, std::nanf("")), "not finite");
        expect_refused(with_value(name, -HUGE_VALF), "not finite");
    }
    expect_refused(with_value("inv_scale", 0), "not positive");
    expect_refused(with_value("second_moment", -1), "negative");
    for (const std::int32_t age : {-1, std::numeric_limits<std::int32_t>::max()}) {
        expect_refused(with_value("age", std::bit_cast<float>(age)), "no number of steps");
    }
}

TEST(CheckpointState, RefusesBadMetadata) {
    const std::map<std::string, std::vector<std::string>> bad{
        {"raster_width", {"0", "-1", "16777217", "", "4x", " 4", "4 ", "99999999999999999999"}},
        {"raster_height", {"0", "1.5"}},
        {"blend", {"topk", ""}},
        {"blend_eps", {"-1", "nan", "inf", "1e39"}},
        {"cutoff", {"0", "-4", "6.5", "nan", "inf"}},
        {"step", {"-1", "x", "9223372036854775807"}},
        {"progress", {"-0.1", "1.1", "nan"}},
        {"seconds", {"-1", "inf"}},
        {"growths", {"-1"}},
        {"random_state", {"", "1 2 3", "1 2 3 4 5", "0 0 0 0", "1 2 3 x", "1  2 3 4", "-1 2 3 4"}},
        {"phase_stride", {"-1", "1048577", "1"}},
    };
    for (const auto& [key, values] : bad) {
        for (const std::string& value : values) {
            expect_refused(edited_state([&](auto& file) { file.metadata[key] = value; }),
                           key == "phase_stride" && value == "1" ? "does not fit its stride" : key);
        }
        expect_refused(edited_state([&](auto& file) { file.metadata.erase(key); }), "lack '" + key + "'");
    }
}

TEST(CheckpointState, SurvivesWithEveryBlend) {
    for (const Blend blend : {Blend::norm, Blend::sum, Blend::topk_norm}) {
        TrainState state = example_state();
        state.blending.blend = blend;
        expect_same_states(state, decode_state(encode_state(state), "file"));
    }
}

TEST(CheckpointState, FilesFromBeforeOtherSupportsAreOfEllipses) {
    const TrainState state = decode_state(edited_state([](auto& file) {
                                              file.metadata.erase("support");
                                              file.metadata.erase("topk");
                                          }),
                                          "file");
    EXPECT_EQ(state.blending.support, Support::ellipse);
    EXPECT_EQ(state.blending.topk, 10);
}

TEST(CheckpointState, RefusesBadSupportsAndTopk) {
    const std::map<std::string, std::vector<std::string>> bad{{"support", {"", "tile", "Ellipse"}},
                                                              {"topk", {"0", "33", "-1", "1.5", ""}}};
    for (const auto& [key, values] : bad) {
        for (const std::string& value : values) {
            expect_refused(edited_state([&](auto& file) { file.metadata[key] = value; }), key);
        }
    }
    for (const char* blend : {"norm", "topk_norm"}) {
        expect_refused(edited_state([&](auto& file) {
                           file.metadata["blend"] = blend;
                           file.metadata["blend_eps"] = "0";
                       }),
                       "blend_eps");
    }
}

TEST(CheckpointState, FilesFromBeforeLossScalingHaveItsDefaults) {
    const TrainState state =
        decode_state(edited_state([](auto& file) {
                         for (const char* key : {"loss_scale", "loss_scale_good_steps", "skipped_steps"}) {
                             file.metadata.erase(key);
                         }
                     }),
                     "file");
    EXPECT_EQ(state.loss_scale.scale, 65536);
    EXPECT_EQ(state.loss_scale.good_steps, 0);
    EXPECT_EQ(state.skipped_steps, 0);
}

TEST(CheckpointState, RefusesBadLossScaling) {
    const std::map<std::string, std::vector<std::string>> bad{
        {"loss_scale", {"0", "-1", "nan", "inf", "-inf", "1e39", "1e-39", "", "x", "1 "}},
        {"loss_scale_good_steps", {"-1", "2000", "1.5", ""}},
        {"skipped_steps", {"-1", "x", "9223372036854775807"}},
    };
    for (const auto& [key, values] : bad) {
        for (const std::string& value : values) {
            expect_refused(edited_state([&](auto& file) { file.metadata[key] = value; }), key);
        }
    }
}

TEST(CheckpointState, KnowsHowManyGaussiansTheRunBeganWith) {
    const auto with = [](const std::string& value) {
        return edited_state([&](auto& file) { file.metadata["initial_gaussians"] = value; });
    };
    EXPECT_EQ(decode_state(with("3"), "file").initial_gaussians, 3);
    for (const char* value : {"-1", "4", "x", ""}) expect_refused(with(value), "initial_gaussians");
    const Bytes before = edited_state([](auto& file) { file.metadata.erase("initial_gaussians"); });
    EXPECT_EQ(decode_state(before, "file").initial_gaussians, 0) << "a file from before a run could start from a field";
}

/// As tools/convert_image_gs.py writes it: compact JSON padded with blanks to 8 bytes, metadata first.
TEST(CheckpointState, OpensAConvertedFieldOfImageGs) {
    std::string header =
        R"({"__metadata__":{"format":"gsfit-checkpoint","version":"1","raster_width":"75","raster_height":"58",)"
        R"("blend":"topk_norm","blend_eps":"0.0001","cutoff":"4.2919321","support":"tile16","topk":"10"},)"
        R"("feature":{"dtype":"F32","shape":[1,3],"data_offsets":[0,12]},)"
        R"("inv_scale":{"dtype":"F32","shape":[1,2],"data_offsets":[12,20]},)"
        R"("position":{"dtype":"F32","shape":[1,2],"data_offsets":[20,28]},)"
        R"("rotation":{"dtype":"F32","shape":[1,1],"data_offsets":[28,32]}})";
    header.resize((header.size() + 7) / 8 * 8, ' ');
    const std::uint64_t length = header.size();
    const std::array<float, 8> values{0.1F, 0.2F, 0.3F, 0.25F, 0.5F, 0.75F, 0.125F, -2};
    Bytes bytes(sizeof length + header.size() + sizeof values);
    std::memcpy(bytes.data(), &length, sizeof length);
    std::memcpy(bytes.data() + sizeof length, header.data(), header.size());
    std::memcpy(bytes.data() + sizeof length + header.size(), values.data(), sizeof values);
    const SavedField saved = decode_field(bytes, "converted");
    EXPECT_EQ(saved.blending.blend, Blend::topk_norm);
    EXPECT_EQ(saved.blending.support, Support::tile16);
    EXPECT_EQ(saved.blending.eps, 1e-4F);
    EXPECT_EQ(saved.field.raster_width, 75);
    EXPECT_EQ(saved.field.feature.const_data_ptr<float>()[2], 0.3F);
    EXPECT_EQ(saved.field.inv_scale.const_data_ptr<float>()[1], 0.5F);
    EXPECT_EQ(saved.field.position.const_data_ptr<float>()[0], 0.75F);
    EXPECT_EQ(saved.field.rotation.const_data_ptr<float>()[0], -2);
}

TEST(CheckpointState, RefusesPhasesThatDoNotFit) {
    for (const std::vector<std::int64_t>& phases : {std::vector<std::int64_t>{16}, {-1}}) {
        expect_refused(edited_state([&](auto& file) {
                           entry(file, "phases") = {"phases", "I64", {1}, std::as_bytes(std::span(phases))};
                       }),
                       "does not fit its stride");
    }
}

TEST(CheckpointState, RefusesAFileCutAnywhere) {
    const Bytes bytes = encode_state(example_state(1, 1));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_THROW(decode_state(std::span(bytes).first(size), "file"), InputError) << size;
    }
}

/// A damaged file is refused, or what it holds passes the checks; nothing else happens.
void expect_handled(const Bytes& bytes) {
    try {
        const TrainState state = decode_state(bytes, "file");
        EXPECT_GE(state.field.size(), 1);
    } catch (const InputError&) {
        SUCCEED();
    }
}

TEST(CheckpointState, HandlesRandomMutations) {
    const Bytes original = encode_state(example_state(2, 1));
    Mutator mutator;
    for (int round = 0; round < 20000; ++round) expect_handled(mutator(original));
}

}  // namespace
}  // namespace gsfit

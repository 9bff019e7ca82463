#include "checkpoint/safetensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "gsfit/core/error.h"
#include "unit/mutator.h"
#include "unit/sentences.h"

namespace gsfit::safetensors {
namespace {

using Bytes = std::vector<std::byte>;

Bytes file_of(const std::string& header, std::size_t data_size, std::uint64_t claimed_length) {
    Bytes bytes(8 + header.size() + data_size);
    std::memcpy(bytes.data(), &claimed_length, 8);
    std::memcpy(bytes.data() + 8, header.data(), header.size());
    return bytes;
}

Bytes file_of(const std::string& header, std::size_t data_size = 0) {
    return file_of(header, data_size, header.size());
}

std::string tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

void expect_refused(const Bytes& bytes, const std::string& why) {
    const std::string sentence = sentence_of<InputError>([&] { read(bytes, "some.file"); });
    expect_contains(sentence, "'some.file' is damaged or no safetensors file: ");
    expect_contains(sentence, why);
}

TEST(Safetensors, ReadsWhatItWrites) {
    const std::vector<float> floats{1.5F, -2.0F, 3.0F};
    const std::vector<std::int64_t> integers{7, -8};
    const File file{{{"f", "F32", {3, 1}, std::as_bytes(std::span(floats))},
                     {"i", "I64", {2}, std::as_bytes(std::span(integers))},
                     {"none", "F32", {0, 4}, {}}},
                    {{"key", "value \"quoted\" \u00e4"}, {"format", "x"}}};
    const Bytes bytes = write(file);
    const File back = read(bytes, "file");
    EXPECT_EQ(back.metadata, file.metadata);
    ASSERT_EQ(back.entries.size(), 3U);
    EXPECT_EQ(back.entries[0].name, "i");  // the widest type first
    EXPECT_TRUE(std::ranges::equal(back.entries[0].bytes, file.entries[1].bytes));
    EXPECT_EQ(back.entries[1].name, "f");
    EXPECT_EQ(back.entries[1].shape, file.entries[0].shape);
    EXPECT_TRUE(std::ranges::equal(back.entries[1].bytes, file.entries[0].bytes));
    EXPECT_EQ(back.entries[2].name, "none");
    EXPECT_EQ(write(back), bytes);
    for (const Entry& entry : back.entries) EXPECT_EQ((entry.bytes.data() - bytes.data()) % 4, 0);
}

TEST(Safetensors, OrderOfEntriesDoesNotChangeTheBytes) {
    const std::vector<float> floats{1, 2};
    const Entry a{"a", "F32", {2}, std::as_bytes(std::span(floats))};
    const Entry b{"b", "F32", {1}, std::as_bytes(std::span(floats)).first(4)};
    EXPECT_EQ(write({{a, b}, {}}), write({{b, a}, {}}));
}

TEST(Safetensors, TakesForeignFiles) {
    EXPECT_TRUE(read(file_of("{}"), "file").entries.empty());
    EXPECT_TRUE(read(file_of("{ }   "), "file").metadata.empty());
    const std::string header = R"({"b":)" + tensor("U8", "[2,1]", "[4,6]") + R"(,"a":)" + tensor("F32", "[]", "[0,4]") +
                               R"(,"__metadata__":{"k":"v"}})";
    const File file = read(file_of(header, 6), "file");
    EXPECT_EQ(file.entries.at(0).name, "a");
    EXPECT_EQ(file.entries.at(1).shape, (std::vector<std::int64_t>{2, 1}));
    EXPECT_EQ(file.metadata.at("k"), "v");
}

TEST(Safetensors, RefusesABadHeader) {
    expect_refused({}, "ends before the length");
    expect_refused(Bytes(7), "ends before the length");
    expect_refused(Bytes(8), "no JSON object");
    expect_refused(file_of("{}", 0, 3), "ends within its header");
    expect_refused(file_of("{}", 0, UINT64_MAX), "claims to be 18446744073709551615 bytes");
    expect_refused(file_of(std::string(header_limit + 1, ' ')), "claims to be");
    expect_refused(file_of("[]"), "no JSON object");
    expect_refused(file_of(" {}"), "no JSON object");
    expect_refused(file_of("{"), "no JSON text");
    expect_refused(file_of("{}{}"), "no JSON text");
    expect_refused(file_of(std::string("{}\0x", 4)), "no JSON text");
    expect_refused(file_of("{\"\xff\":{}}"), "no JSON text");
    expect_refused(file_of(R"({"a":1e999})"), "no JSON text");
    expect_refused(file_of("{\"a\":" + std::string(500000, '[')), "nested too deeply");
}

TEST(Safetensors, RefusesDuplicates) {
    const std::string a = R"("a":)" + tensor("U8", "[1]", "[0,1]");
    expect_refused(file_of("{" + a + "," + a + "}", 1), "has 'a' twice");
    expect_refused(file_of(R"({"__metadata__":{},"__metadata__":{}})"), "has '__metadata__' twice");
    expect_refused(file_of(R"({"__metadata__":{"k":"1","\u006b":"2"}})"), "has 'k' twice");
    expect_refused(file_of(R"({"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}})", 1), "twice");
}

TEST(Safetensors, RefusesBadMetadata) {
    expect_refused(file_of(R"({"__metadata__":[]})"), "metadata is no JSON object");
    expect_refused(file_of(R"({"__metadata__":{"k":1}})"), "metadata 'k' is no text");
    expect_refused(file_of(R"({"__metadata__":{"k":null}})"), "metadata 'k' is no text");
    expect_refused(file_of(R"({"__metadata__":{"k":{"l":"m"}}})"), "metadata 'k' is no text");
}

TEST(Safetensors, RefusesABadTensor) {
    const auto expect_tensor_refused = [](const std::string& json, const std::string& why) {
        expect_refused(file_of(R"({"a":)" + json + "}", 8), why);
    };
    expect_tensor_refused("7", "no JSON object");
    expect_tensor_refused("{}", "other members");
    expect_tensor_refused(R"({"dtype":"U8","shape":[8],"offsets":[0,8]})", "no data_offsets");
    expect_tensor_refused(R"({"dtype":1,"shape":[8],"data_offsets":[0,8]})", "type that is no text");
    expect_tensor_refused(tensor("F33", "[2]", "[0,8]"), "unknown type 'F33'");
    expect_tensor_refused(tensor("F32", "2", "[0,8]"), "no list");
    expect_tensor_refused(tensor("F32", "[-2]", "[0,8]"), "bad number");
    expect_tensor_refused(tensor("F32", "[2.0]", "[0,8]"), "bad number");
    expect_tensor_refused(tensor("F32", "[\"2\"]", "[0,8]"), "bad number");
    expect_tensor_refused(tensor("F32", "[18446744073709551615]", "[0,8]"), "bad number");
    expect_tensor_refused(tensor("F32", "[4611686018427387904,4]", "[0,8]"), "too large");
    expect_tensor_refused(tensor("F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]"), "too many dimensions");
    expect_tensor_refused(tensor("F32", "[2]", "[0]"), "no valid place");
    expect_tensor_refused(tensor("F32", "[2]", "[0,8,8]"), "no valid place");
    expect_tensor_refused(tensor("F32", "[2]", "[8,0]"), "no valid place");
    expect_tensor_refused(tensor("F32", "[2]", "[-8,0]"), "bad number");
    expect_tensor_refused(tensor("F32", "[3]", "[0,12]"), "ends within tensor 'a'");
    expect_tensor_refused(tensor("F32", "[1]", "[0,8]"), "not the bytes");
    expect_tensor_refused(tensor("F32", "[2]", "[1,8]"), "not the bytes");
}

TEST(Safetensors, RefusesHolesOverlapsAndMisalignment) {
    const auto pair = [](const std::string& a, const std::string& b) { return R"({"a":)" + a + R"(,"b":)" + b + "}"; };
    expect_refused(file_of(pair(tensor("U8", "[2]", "[0,2]"), tensor("U8", "[2]", "[1,3]")), 3), "overlaps");
    expect_refused(file_of(pair(tensor("U8", "[2]", "[0,2]"), tensor("U8", "[2]", "[0,2]")), 2), "overlaps");
    expect_refused(file_of(pair(tensor("U8", "[1]", "[0,1]"), tensor("U8", "[1]", "[2,3]")), 3), "belong to none");
    expect_refused(file_of(R"({"a":)" + tensor("U8", "[1]", "[1,2]") + "}", 2), "belong to none");
    expect_refused(file_of(R"({"a":)" + tensor("U8", "[1]", "[0,1]") + "}", 2), "after its last tensor");
    expect_refused(file_of("{}", 1), "after its last tensor");
    expect_refused(file_of(pair(tensor("U8", "[1]", "[0,1]"), tensor("F32", "[1]", "[1,5]")), 5), "not aligned");
}

TEST(Safetensors, MessagesStayOnOneShortLine) {
    const std::string name = "\\n" + std::string(5000, 'x');
    const Bytes bytes = file_of("{\"" + name + "\":0}");
    const std::string sentence = sentence_of<InputError>([&] { read(bytes, "f"); });
    EXPECT_LT(sentence.size(), 300U);
    EXPECT_EQ(sentence.find('\n'), std::string::npos);
}

Bytes small_file() {
    const std::vector<float> floats{1, 2};
    return write({{{"a", "F32", {2}, std::as_bytes(std::span(floats))}, {"b", "U8", {0}, {}}}, {{"k", "v"}}});
}

/// A damaged file is refused, or what it holds lies within it; nothing else happens.
void expect_handled(const Bytes& bytes) {
    try {
        for (const Entry& entry : read(bytes, "file").entries) {
            ASSERT_TRUE(entry.bytes.empty() ||
                        (entry.bytes.data() >= bytes.data() + 8 &&
                         entry.bytes.data() + entry.bytes.size() <= bytes.data() + bytes.size()));
        }
    } catch (const InputError&) {
        SUCCEED();
    }
}

TEST(Safetensors, RefusesAFileCutAnywhere) {
    const Bytes bytes = small_file();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_THROW(read(std::span(bytes).first(size), "file"), InputError) << size;
    }
}

TEST(Safetensors, HandlesEveryValueOfEveryByte) {
    Bytes bytes = small_file();
    for (std::byte& byte : bytes) {
        const std::byte kept = byte;
        for (int value = 0; value < 256; ++value) {
            byte = static_cast<std::byte>(value);
            expect_handled(bytes);
        }
        byte = kept;
    }
}

TEST(Safetensors, HandlesRandomMutations) {
    const Bytes original = small_file();
    Mutator mutator;
    for (int round = 0; round < 100000; ++round) expect_handled(mutator(original));
}

}  // namespace
}  // namespace gsfit::safetensors

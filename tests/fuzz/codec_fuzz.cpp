// The reader of compact files takes any bytes: it refuses them with an InputError or decodes them. Checksums are put
// right first, or nearly nothing would come past them.

#include <cstdint>
#include <cstring>

#include "codec/bytes.h"
#include "codec/file.h"
#include "codec/header.h"
#include "codec/index.h"
#include "codec/layout.h"
#include "gsfit/core/error.h"

namespace codec = gsfit::codec;

namespace {

std::vector<std::byte> bytes_of(std::uint32_t word) {
    codec::ByteWriter bytes;
    bytes.word(word);
    return bytes.bytes();
}

/// The file with the checksums of its parts and its head as they should be, as far as it can be read.
std::vector<std::byte> with_checksums(std::vector<std::byte> file) {
    try {
        const std::size_t size = codec::ByteReader(std::span<const std::byte>(file).subspan(4)).word();
        if (size < codec::crc_bytes || size > file.size() - codec::prefix_bytes) return file;
        const std::span<const std::byte> head = std::span(file).subspan(codec::prefix_bytes, size - codec::crc_bytes);
        codec::ByteReader reader(head);
        const codec::Header header = codec::read_header(reader);
        const std::size_t before = head.size() - reader.left();
        auto index = codec::read_index(reader, codec::Layout(header).parts());
        std::span<const std::byte> payload = std::span(file).subspan(codec::prefix_bytes + size);
        for (codec::IndexEntry& entry : index) {
            if (entry.bytes > payload.size()) return file;
            entry.crc = codec::crc32(payload.first(entry.bytes));
            payload = payload.subspan(entry.bytes);
        }
        codec::ByteWriter written;
        codec::write(written, index);
        std::vector<std::byte> fixed(file.begin(), file.begin() + 4);
        const auto append = [&](std::span<const std::byte> bytes) {
            fixed.insert(fixed.end(), bytes.begin(), bytes.end());
        };
        append(bytes_of(static_cast<std::uint32_t>(before + written.bytes().size() + codec::crc_bytes)));
        append(head.first(before));
        append(written.bytes());
        append(bytes_of(codec::crc32(std::span<const std::byte>(fixed).subspan(codec::prefix_bytes))));
        append(std::span(file).subspan(codec::prefix_bytes + size));
        return fixed;
    } catch (const codec::Damage&) {
        return file;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < codec::prefix_bytes) return 0;
    const auto input = std::as_bytes(std::span(data, size));
    const std::vector<std::byte> file = with_checksums({input.begin(), input.end()});
    try {
        const codec::Reader reader(
            [&](std::uint64_t offset, std::span<std::byte> target) {
                std::memcpy(target.data(), file.data() + offset, target.size());
                return target.size();
            },
            file.size(), "input");
        reader.decode({10, 10, 20, 20});
        reader.decode();
    } catch (const gsfit::InputError&) {  // that is what it is for
    }
    return 0;
}

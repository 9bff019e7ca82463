// A mutated compact file with its checksums put right: without that nearly nothing would come past them.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "codec/bytes.h"
#include "codec/file.h"
#include "codec/header.h"
#include "codec/index.h"
#include "codec/layout.h"

namespace gsfit::codec {

/// The file with the checksums of its parts and its head as they should be, as far as it can be read.
inline std::vector<std::byte> with_checksums(std::vector<std::byte> file) {
    if (file.size() < prefix_bytes) return file;
    try {
        const std::size_t size = ByteReader(std::span<const std::byte>(file).subspan(4)).word();
        if (size < crc_bytes || size > file.size() - prefix_bytes) return file;
        const std::span<const std::byte> head = std::span(file).subspan(prefix_bytes, size - crc_bytes);
        ByteReader reader(head);
        const Header header = read_header(reader);
        const std::size_t before = head.size() - reader.left();
        auto index = read_index(reader, Layout(header).parts());
        std::span<const std::byte> payload = std::span(file).subspan(prefix_bytes + size);
        for (IndexEntry& entry : index) {
            if (entry.bytes > payload.size()) return file;
            entry.crc = crc32(payload.first(entry.bytes));
            payload = payload.subspan(entry.bytes);
        }
        ByteWriter written;
        write(written, index);
        std::vector<std::byte> fixed(file.begin(), file.begin() + 4);
        const auto append = [&](std::span<const std::byte> bytes) {
            fixed.insert(fixed.end(), bytes.begin(), bytes.end());
        };
        const auto append_word = [&](std::uint32_t word) {
            ByteWriter bytes;
            bytes.word(word);
            append(bytes.bytes());
        };
        append_word(static_cast<std::uint32_t>(before + written.bytes().size() + crc_bytes));
        append(head.first(before));
        append(written.bytes());
        append_word(crc32(std::span<const std::byte>(fixed).subspan(prefix_bytes)));
        append(std::span(file).subspan(prefix_bytes + size));
        return fixed;
    } catch (const Damage&) {
        return file;
    }
}

}  // namespace gsfit::codec

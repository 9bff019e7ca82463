#pragma once

// The safetensors format, without tensors: 8 bytes of header length, a JSON header that names every tensor's type,
// shape and place, then the bytes (https://github.com/huggingface/safetensors).

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace gsfit::safetensors {

/// A tensor in a file. `bytes` belongs to the caller: read() points into the file's bytes, write() copies.
struct Entry {
    std::string name;
    std::string dtype;                 ///< "F32", "I64", ...: a type that the format knows
    std::vector<std::int64_t> shape;   ///< each 0 or more
    std::span<const std::byte> bytes;  ///< product of shape x size of the type, little endian, row-major
};

struct File {
    std::vector<Entry> entries;  ///< in the order of their bytes
    std::map<std::string, std::string> metadata;
};

/// Longest header that read() takes [bytes].
constexpr std::size_t header_limit = std::size_t{1} << 20;

/// Checks everything before it is used: no malformed file gets through. `name` is what messages call the file.
/// Throws InputError.
File read(std::span<const std::byte> bytes, const std::string& name);

/// The bytes of a file. The order is the widest type first, then by name, so every tensor is aligned to its type and
/// the same content gives the same bytes.
std::vector<std::byte> write(const File& file);

}  // namespace gsfit::safetensors

#include "checkpoint/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "gsfit/core/error.h"

namespace gsfit::safetensors {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors are little endian");

constexpr std::size_t prefix_size = 8;
constexpr std::size_t max_rank = 8;
constexpr int max_depth = 3;  // header, tensor, shape
constexpr const char* metadata_key = "__metadata__";

constexpr std::array<std::pair<std::string_view, std::size_t>, 15> type_sizes{{{"BOOL", 1},
                                                                               {"U8", 1},
                                                                               {"I8", 1},
                                                                               {"F8_E5M2", 1},
                                                                               {"F8_E4M3", 1},
                                                                               {"I16", 2},
                                                                               {"U16", 2},
                                                                               {"F16", 2},
                                                                               {"BF16", 2},
                                                                               {"I32", 4},
                                                                               {"U32", 4},
                                                                               {"F32", 4},
                                                                               {"F64", 8},
                                                                               {"I64", 8},
                                                                               {"U64", 8}}};

/// Bytes per element; 0 for a type that the format does not know.
std::size_t type_size(std::string_view dtype) {
    const auto* found = std::ranges::find(type_sizes, dtype, &std::pair<std::string_view, std::size_t>::first);
    return found == type_sizes.end() ? 0 : found->second;
}

/// A name from the file in a message: short, on one line.
std::string shown(const std::string& text) {
    std::string result;
    for (const char c : text.substr(0, 60)) {
        result += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    }
    return "'" + result + "'";
}

/// What is wrong; read() makes a sentence of it.
struct Malformed {
    std::string what;
};

void require(bool holds, const std::string& what) {
    if (!holds) {
        throw Malformed{what};
    }
}

std::string_view header_of(std::span<const std::byte> bytes) {
    require(bytes.size() >= prefix_size, "it ends before the length of its header");
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), prefix_size);
    require(length <= header_limit, "its header claims to be " + std::to_string(length) + " bytes long");
    require(length <= bytes.size() - prefix_size, "it ends within its header");
    const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + prefix_size, length);
    require(header.starts_with('{'), "its header is no JSON object");
    // The parser would take a zero byte for the end of the text.
    require(header.find('\0') == std::string_view::npos, "its header is no JSON text");
    return header;
}

/// The parser alone keeps the last of equal keys and knows no limit of depth.
json parse_header(std::string_view header) {
    std::array<std::set<std::string>, max_depth + 1> keys;
    const auto check = [&keys](int depth, json::parse_event_t event, const json& parsed) {
        const auto level = static_cast<std::size_t>(depth);
        if (event == json::parse_event_t::object_start || event == json::parse_event_t::array_start) {
            require(depth < max_depth, "its header is nested too deeply");
            keys.at(level + 1).clear();
        } else if (event == json::parse_event_t::key) {
            const auto key = parsed.get<std::string>();
            require(keys.at(level).insert(key).second, "its header has " + shown(key) + " twice");
        }
        return true;
    };
    try {
        return json::parse(header, check);
    } catch (const json::exception&) {
        throw Malformed{"its header is no JSON text"};
    }
}

std::map<std::string, std::string> read_metadata(const json& object) {
    require(object.is_object(), "its metadata is no JSON object");
    std::map<std::string, std::string> metadata;
    for (const auto& [key, value] : object.items()) {
        require(value.is_string(), "the metadata " + shown(key) + " is no text");
        metadata[key] = value.get<std::string>();
    }
    return metadata;
}

const json& member(const json& tensor, const char* key, const std::string& name) {
    const auto found = tensor.find(key);
    require(found != tensor.end(), "tensor " + shown(name) + " has no " + key);
    return *found;
}

/// Non-negative integers below 2^63.
std::vector<std::int64_t> read_integers(const json& array, const std::string& what) {
    require(array.is_array(), what + " is no list");
    std::vector<std::int64_t> values;
    for (const json& item : array) {
        require(item.is_number_unsigned() && item.get<std::uint64_t>() <= INT64_MAX, what + " has a bad number");
        values.push_back(item.get<std::int64_t>());
    }
    return values;
}

/// Bytes that the type and the shape ask for.
std::size_t expected_size(const Entry& entry) {
    std::size_t size = type_size(entry.dtype);
    require(size > 0, "tensor " + shown(entry.name) + " has the unknown type " + shown(entry.dtype));
    for (const std::int64_t extent : entry.shape) {
        require(!__builtin_mul_overflow(size, static_cast<std::size_t>(extent), &size),
                "tensor " + shown(entry.name) + " is too large");
    }
    return size;
}

Entry read_entry(const std::string& name, const json& tensor, std::span<const std::byte> data) {
    require(tensor.is_object(), "tensor " + shown(name) + " is no JSON object");
    require(tensor.size() == 3, "tensor " + shown(name) + " has other members than dtype, shape and data_offsets");
    const json& dtype = member(tensor, "dtype", name);
    require(dtype.is_string(), "tensor " + shown(name) + " has a type that is no text");
    Entry entry{
        name, dtype.get<std::string>(), read_integers(member(tensor, "shape", name), "shape of " + shown(name)), {}};
    require(entry.shape.size() <= max_rank, "tensor " + shown(name) + " has too many dimensions");
    const auto offsets = read_integers(member(tensor, "data_offsets", name), "place of " + shown(name));
    require(offsets.size() == 2 && offsets[0] <= offsets[1], "tensor " + shown(name) + " has no valid place");
    const auto begin = static_cast<std::size_t>(offsets[0]);
    const auto end = static_cast<std::size_t>(offsets[1]);
    require(end <= data.size(), "it ends within tensor " + shown(name));
    require(end - begin == expected_size(entry), "tensor " + shown(name) + " has not the bytes that its shape needs");
    require(begin % type_size(entry.dtype) == 0, "tensor " + shown(name) + " is not aligned");
    entry.bytes = data.subspan(begin, end - begin);
    return entry;
}

/// Every byte after the header belongs to exactly one tensor.
void check_coverage(const std::vector<Entry>& sorted, std::span<const std::byte> data) {
    const std::byte* next = data.data();
    for (const Entry& entry : sorted) {
        require(entry.bytes.data() >= next, "tensor " + shown(entry.name) + " overlaps another");
        require(entry.bytes.data() == next, "bytes before tensor " + shown(entry.name) + " belong to none");
        next += entry.bytes.size();
    }
    require(next == data.data() + data.size(), "it has bytes after its last tensor");
}

File read_checked(std::span<const std::byte> bytes) {
    const std::string_view text = header_of(bytes);
    const std::span<const std::byte> data = bytes.subspan(prefix_size + text.size());
    const json header = parse_header(text);
    File file;
    for (const auto& [name, value] : header.items()) {
        if (name == metadata_key) {
            file.metadata = read_metadata(value);
        } else {
            file.entries.push_back(read_entry(name, value, data));
        }
    }
    // An empty tensor begins where the next one does and stands before it.
    std::ranges::sort(file.entries, {},
                      [](const Entry& entry) { return std::pair(entry.bytes.data(), entry.bytes.size()); });
    check_coverage(file.entries, data);
    return file;
}

}  // namespace

File read(std::span<const std::byte> bytes, const std::string& name) {
    try {
        return read_checked(bytes);
    } catch (const Malformed& malformed) {
        throw InputError("'" + name + "' is damaged or no safetensors file: " + malformed.what +
                         "; use a file that gsfit has written");
    }
}

std::vector<std::byte> write(const File& file) {
    std::vector<Entry> entries = file.entries;
    std::ranges::sort(entries, {}, [](const Entry& entry) {
        return std::pair(-static_cast<int>(type_size(entry.dtype)), entry.name);
    });
    json header;
    header[metadata_key] = file.metadata;
    std::size_t offset = 0;
    for (const Entry& entry : entries) {
        const std::size_t end = offset + entry.bytes.size();
        header[entry.name] = {{"dtype", entry.dtype}, {"shape", entry.shape}, {"data_offsets", {offset, end}}};
        offset = end;
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data begin on 8 bytes
    const std::uint64_t length = text.size();

    std::vector<std::byte> bytes(prefix_size + text.size() + offset);
    auto next = std::ranges::copy(std::as_bytes(std::span(&length, 1)), bytes.begin()).out;
    next = std::ranges::copy(std::as_bytes(std::span(text)), next).out;
    for (const Entry& entry : entries) {
        next = std::ranges::copy(entry.bytes, next).out;
    }
    return bytes;
}

}  // namespace gsfit::safetensors

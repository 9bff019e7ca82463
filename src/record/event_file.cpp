#include "record/event_file.h"

#include <array>
#include <bit>

namespace gsfit {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
        table[i] = crc;
    }
    return table;
}();

// Protocol Buffers: a field is its key (number and wire type) and its value.

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, length = 2, fixed32 = 5 };

template <class T>
std::string little_endian(T value) {
    std::string bytes;
    for (std::size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>(value >> (8 * i));
    return bytes;
}

std::string varint(std::uint64_t value) {
    std::string bytes;
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
    return bytes + static_cast<char>(value);
}

std::string key(unsigned number, Wire wire) { return varint(number << 3 | static_cast<unsigned>(wire)); }

std::string integer_field(unsigned number, std::int64_t value) {
    return key(number, Wire::varint) + varint(static_cast<std::uint64_t>(value));
}
std::string double_field(unsigned number, double value) {
    return key(number, Wire::fixed64) + little_endian(std::bit_cast<std::uint64_t>(value));
}
std::string float_field(unsigned number, float value) {
    return key(number, Wire::fixed32) + little_endian(std::bit_cast<std::uint32_t>(value));
}
/// Texts and messages.
std::string bytes_field(unsigned number, const std::string& bytes) {
    return key(number, Wire::length) + varint(bytes.size()) + bytes;
}

// Numbers of fields in event.proto and summary.proto.
constexpr unsigned event_wall_time = 1;
constexpr unsigned event_step = 2;
constexpr unsigned event_file_version = 3;
constexpr unsigned event_summary = 5;
constexpr unsigned event_session_log = 7;
constexpr unsigned session_log_status = 1;
constexpr std::int64_t session_log_start = 1;
constexpr unsigned summary_value = 1;
constexpr unsigned value_tag = 1;
constexpr unsigned value_simple = 2;

/// A CRC of data that holds CRCs itself is masked, as record_writer.h says.
std::string masked_crc(const std::string& bytes) { return little_endian(std::rotr(crc32c(bytes), 15) + 0xA282EAD8U); }

std::string framed(const std::string& event) {
    const std::string length = little_endian(static_cast<std::uint64_t>(event.size()));
    return length + masked_crc(length) + event + masked_crc(event);
}

}  // namespace

std::uint32_t crc32c(const std::string& bytes) {
    std::uint32_t crc = ~0U;
    for (const char byte : bytes) crc = (crc >> 8) ^ crc_table[(crc ^ static_cast<unsigned char>(byte)) & 0xFFU];
    return ~crc;
}

std::string version_record(double wall_time) {
    return framed(double_field(event_wall_time, wall_time) + bytes_field(event_file_version, "brain.Event:2"));
}

std::string restart_record(double wall_time, std::int64_t step) {
    return framed(double_field(event_wall_time, wall_time) + integer_field(event_step, step) +
                  bytes_field(event_session_log, integer_field(session_log_status, session_log_start)));
}

std::string scalars_record(double wall_time, std::int64_t step,
                           const std::vector<std::pair<std::string, double>>& scalars) {
    std::string summary;
    for (const auto& [name, value] : scalars) {
        summary += bytes_field(summary_value,
                               bytes_field(value_tag, name) + float_field(value_simple, static_cast<float>(value)));
    }
    return framed(double_field(event_wall_time, wall_time) + integer_field(event_step, step) +
                  bytes_field(event_summary, summary));
}

}  // namespace gsfit

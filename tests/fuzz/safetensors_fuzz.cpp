// The safetensors reader takes any bytes: it refuses them with an InputError, or what it returns can be written, read
// and written again as the same bytes. So do those that make fields and states of what it reads.

#include <cstdint>
#include <cstdlib>
#include <optional>

#include "checkpoint/safetensors.h"
#include "checkpoint/state_format.h"
#include "gsfit/core/error.h"

namespace st = gsfit::safetensors;

namespace {

std::optional<st::File> read_or_refuse(std::span<const std::byte> bytes) {
    try {
        return st::read(bytes, "input");
    } catch (const gsfit::InputError&) {
        return std::nullopt;
    }
}

template <class Decode>
void decode_or_refuse(const Decode& decode) {
    try {
        decode();
    } catch (const gsfit::InputError&) {  // that is what it is for
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    if (const auto file = read_or_refuse(bytes)) {
        const std::vector<std::byte> written = st::write(*file);
        if (st::write(st::read(written, "written")) != written) std::abort();
    }
    decode_or_refuse([bytes] { gsfit::decode_field(bytes, "input"); });
    decode_or_refuse([bytes] { gsfit::decode_state(bytes, "input"); });
    return 0;
}

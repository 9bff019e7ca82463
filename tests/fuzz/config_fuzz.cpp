// Any bytes as a configuration: they are refused with one sentence, or read back from their own YAML unchanged.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gsfit/config.h"
#include "gsfit/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::string effective;
    try {
        effective = gsfit::Config::parse(text, "fuzz.yaml").to_yaml(false);
    } catch (const gsfit::UsageError& error) {
        if (std::string_view(error.what()).find('\n') != std::string_view::npos) {
            std::abort();
        }
        return 0;
    }
    if (gsfit::Config::parse(effective, "effective.yaml").to_yaml(false) != effective) {
        std::abort();
    }
    return 0;
}

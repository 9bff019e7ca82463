#pragma once

#include <stdexcept>
#include <string>

namespace gsfit {

/// Process exit codes, as documented in docs/commands.md.
enum class ExitCode {
    done = 0,
    failed = 1,
    usage = 2,
    input = 3,
    out_of_memory = 4,
    device = 5,
    output = 6,
    interrupted = 130,
    terminated = 143,
};

/// An error a person can act on. The message is one sentence: what was wrong, where, and what to do.
class Error : public std::runtime_error {
public:
    explicit Error(const std::string& sentence, ExitCode code = ExitCode::failed)
        : std::runtime_error(sentence), code_(code) {}
    [[nodiscard]] ExitCode code() const { return code_; }

private:
    ExitCode code_;
};

/// The command line or the configuration is wrong (exit code 2).
struct UsageError : Error {
    explicit UsageError(const std::string& sentence) : Error(sentence, ExitCode::usage) {}
};

/// A file from outside cannot be read or is damaged (exit code 3).
struct InputError : Error {
    explicit InputError(const std::string& sentence) : Error(sentence, ExitCode::input) {}
};

/// A result cannot be written (exit code 6).
struct OutputError : Error {
    explicit OutputError(const std::string& sentence) : Error(sentence, ExitCode::output) {}
};

/// Memory does not suffice, whatever is given up for it (exit code 4).
struct MemoryError : Error {
    explicit MemoryError(const std::string& sentence) : Error(sentence, ExitCode::out_of_memory) {}
};

/// The device that was asked for cannot be used (exit code 5).
struct DeviceError : Error {
    explicit DeviceError(const std::string& sentence) : Error(sentence, ExitCode::device) {}
};

}  // namespace gsfit

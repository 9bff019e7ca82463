#pragma once

#include <atomic>

#include "gsfit/core/error.h"

namespace gsfit::cli {

/// Ignores SIGXFSZ and SIGPIPE, so that a limit on files or a closed pipe becomes an error of the write that meets it.
void ignore_write_signals();

/// From now on SIGINT and SIGTERM ask for a stop instead of ending the process; a second signal, more
/// than half a second later, ends it.
void stop_on_signals();

/// True once a stop was asked for.
const std::atomic<bool>& stop_requested();

/// The signal that asked for it; 0 if none did.
int stop_signal();

/// Of a program that a signal stopped.
ExitCode exit_code_of_signal();

}  // namespace gsfit::cli

#pragma once

#include <atomic>

namespace gsfit::cli {

/// From now on SIGINT and SIGTERM ask for a stop instead of ending the process; a second signal ends it. SIGXFSZ and
/// SIGPIPE are ignored, so that a full disk or a closed pipe becomes an error of the write that meets it.
void install_signal_handlers();

/// True once a stop was asked for.
const std::atomic<bool>& stop_requested();

/// The signal that asked for it; 0 if none did.
int stop_signal();

}  // namespace gsfit::cli

#include "cli/signals.h"

#include <csignal>
#include <cstdint>
#include <ctime>

namespace gsfit::cli {
namespace {

std::atomic<bool> requested{false};
std::atomic<int> received{0};
std::atomic<std::int64_t> requested_at{0};  // [ms]
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free);

std::int64_t milliseconds_now() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

/// A second signal ends the process. One that comes at once after the first is the same, sent by two: a supervisor that
/// stops every process, and the batch that a run belongs to.
extern "C" void request_stop(int signal) {
    constexpr std::int64_t at_once = 500;  // [ms]
    const std::int64_t now = milliseconds_now();
    if (!requested) {
        received = signal;
        requested_at = now;
        requested = true;
    } else if (now - requested_at > at_once) {
        std::signal(signal, SIG_DFL);
        std::raise(signal);
    }
}

}  // namespace

void ignore_write_signals() {
    std::signal(SIGXFSZ, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
}

void stop_on_signals() {
    struct sigaction action {};
    action.sa_handler = request_stop;
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

const std::atomic<bool>& stop_requested() { return requested; }

int stop_signal() { return received; }

ExitCode exit_code_of_signal() { return received == SIGINT ? ExitCode::interrupted : ExitCode::terminated; }

}  // namespace gsfit::cli

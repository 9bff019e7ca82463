#include "cli/batch_children.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "cli/text.h"
#include "gsfit/core/error.h"

namespace gsfit::cli {
namespace {

[[noreturn]] void refuse(int error) {
    throw Error(text_of("cannot start a process for an image: ", std::strerror(error),
                        "; end others or allow more (ulimit -u, ulimit -n)"));
}

/// SIGINT and SIGTERM are held back while a process is made: one that arrives then must not be lost in handlers that
/// exec forgets.
class HeldSignals {
public:
    HeldSignals() {
        sigset_t held;
        sigemptyset(&held);
        sigaddset(&held, SIGINT);
        sigaddset(&held, SIGTERM);
        sigprocmask(SIG_BLOCK, &held, &before_);
    }
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;
    ~HeldSignals() { release(); }

    void release() const { sigprocmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

/// In the new process, where only what is safe in a signal handler may be called.
[[noreturn]] void become(char* const* words, int error_output, pid_t parent, const HeldSignals& held) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);
    setpgid(0, 0);
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    held.release();
    const int nothing = ::open("/dev/null", O_RDWR);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(error_output, STDERR_FILENO);
    execv("/proc/self/exe", words);
    _exit(1);
}

std::string last_line(const std::string& text) {
    const std::size_t last = text.find_last_not_of('\n');
    if (last == std::string::npos) return {};
    const std::size_t before = text.rfind('\n', last);
    return text.substr(before + 1, last - before);
}

}  // namespace

Children::~Children() {
    send(SIGTERM);
    while (count() > 0) wait();
}

void Children::start(std::size_t id, const std::vector<std::string>& words) {
    std::vector<std::string> texts = words;
    texts.insert(texts.begin(), "gsfit");
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);

    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) refuse(errno);
    const pid_t parent = getpid();
    const HeldSignals held;
    const pid_t process = fork();
    if (process == 0) become(pointers.data(), ends[1], parent, held);
    const int error = errno;
    close(ends[1]);
    if (process < 0) {
        close(ends[0]);
        refuse(error);
    }
    children_.push_back({.id = id, .process = process, .pipe = ends[0], .tail = {}});
}

void Children::read(Child& child) {
    constexpr std::size_t enough = 4096;  // for the sentence that a run ends with
    std::array<char, enough> bytes{};
    const ssize_t count = ::read(child.pipe, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) return;
    child.open = count > 0;
    if (count > 0) child.tail.append(bytes.data(), static_cast<std::size_t>(count));
    if (child.tail.size() > enough) child.tail.erase(0, child.tail.size() - enough);
}

std::vector<ChildEnd> Children::wait() {
    constexpr int patience = 100;  // [ms], for a signal that arrives just before poll
    std::vector<pollfd> pipes;
    for (const Child& child : children_) pipes.push_back({.fd = child.pipe, .events = POLLIN, .revents = 0});
    if (poll(pipes.data(), pipes.size(), patience) <= 0) return {};
    std::vector<ChildEnd> ended;
    for (std::size_t i = 0; i < children_.size(); ++i) {
        Child& child = children_[i];
        if (pipes[i].revents != 0) read(child);
        if (child.open) continue;
        close(child.pipe);
        int status = 0;
        while (waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
        }
        ended.push_back({.id = child.id,
                         .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                         .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                         .last_line = last_line(child.tail)});
    }
    std::erase_if(children_, [](const Child& child) { return !child.open; });
    return ended;
}

void Children::send(int signal) const {
    for (const Child& child : children_) kill(child.process, signal);
}

}  // namespace gsfit::cli

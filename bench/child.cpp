#include "bench/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "gsfit/core/error.h"

namespace gsfit::bench {
namespace {

std::string read_to_end(int file) {
    std::string text;
    char part[4096];
    for (;;) {
        const ssize_t size = read(file, part, sizeof part);
        if (size == 0) return text;
        if (size > 0) text.append(part, static_cast<std::size_t>(size));
        if (size < 0 && errno != EINTR) throw Error("the figures of a measurement could not be read.");
    }
}

pid_t spawn_self(const std::vector<std::string>& words, int output) {
    std::vector<std::string> arguments = words;
    arguments.insert(arguments.begin(), "gsfit_bench");
    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    pid_t child = 0;
    const int error = posix_spawn(&child, "/proc/self/exe", &actions, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw Error("this program could not be started once more to measure a row.");
    return child;
}

}  // namespace

std::string run_self(const std::vector<std::string>& words) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw Error("there is no pipe left for the figures of a measurement.");
    const pid_t child = spawn_self(words, ends[1]);
    close(ends[1]);
    std::string output = read_to_end(ends[0]);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        throw Error("a measurement was ended by signal " + std::to_string(WTERMSIG(status)) +
                    (WTERMSIG(status) == SIGKILL ? ", as happens when memory runs out." : "."));
    }
    if (WEXITSTATUS(status) != 0)
        throw Error("a measurement failed with exit code " + std::to_string(WEXITSTATUS(status)) + ".");
    return output;
}

}  // namespace gsfit::bench

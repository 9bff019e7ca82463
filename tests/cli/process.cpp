#include "cli/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace gsfit::test {
namespace {

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (std::string& string : strings) {
        result.push_back(string.data());
    }
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> merged_environment(const std::vector<std::string>& extra) {
    std::vector<std::string> result = extra;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        if (std::string(*entry).rfind("GSFIT_", 0) != 0) {
            result.emplace_back(*entry);
        }
    }
    return result;
}

/// Runs gsfit after `ulimit <limit>` in a shell.
Result gsfit_with_limit(const Workspace& workspace, const std::string& limit,
                        const std::vector<std::string>& arguments) {
    std::vector<std::string> words{"-c", "ulimit " + limit + "; exec \"$0\" \"$@\"", GSFIT_EXECUTABLE};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return Process(workspace, "sh", words, {}).wait();
}

}  // namespace

Workspace::Workspace() {
    std::string name = (std::filesystem::temp_directory_path() / "gsfit-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("no temporary folder");
    }
    path_ = name;
}

Workspace::~Workspace() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Process::Process(const Workspace& workspace, const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment)
    : Process(workspace, GSFIT_EXECUTABLE, arguments, environment) {}

Process::Process(const Workspace& workspace, const std::string& program, const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment)
    : out_(workspace / ".stdout"), err_(workspace / ".stderr") {
    std::vector<std::string> words = arguments;
    words.insert(words.begin(), program);
    std::vector<std::string> variables = merged_environment(environment);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, workspace.path().c_str());
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int error =
        posix_spawnp(&pid_, program.c_str(), &actions, nullptr, pointers(words).data(), pointers(variables).data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        throw std::runtime_error("cannot start " + program);
    }
}

Process::~Process() {
    if (!ended_ && pid_ > 0) {
        ::kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
}

void Process::send(int signal) const { ::kill(pid_, signal); }

bool Process::running() {
    if (!ended_ && waitpid(pid_, &status_, WNOHANG) == pid_) {
        ended_ = true;
    }
    return !ended_;
}

std::string Process::err() const { return read_text(err_); }

Result Process::wait() {
    if (!ended_) {
        waitpid(pid_, &status_, 0);
        ended_ = true;
    }
    Result result;
    if (WIFEXITED(status_)) {
        result.exit_code = WEXITSTATUS(status_);
    } else {
        result.signal = WTERMSIG(status_);
    }
    result.out = read_text(out_);
    result.err = err();
    return result;
}

Result gsfit(const Workspace& workspace, const std::vector<std::string>& arguments,
             const std::vector<std::string>& environment) {
    return Process(workspace, arguments, environment).wait();
}

Result gsfit_with_file_limit(const Workspace& workspace, std::size_t bytes, const std::vector<std::string>& arguments) {
    return gsfit_with_limit(workspace, "-f " + std::to_string(bytes / 512), arguments);  // POSIX: in units of 512 bytes
}

Result gsfit_with_memory_limit(const Workspace& workspace, std::int64_t bytes,
                               const std::vector<std::string>& arguments) {
    return gsfit_with_limit(workspace, "-v " + std::to_string(bytes / 1024), arguments);
}

std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void write_text(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
}

}  // namespace gsfit::test

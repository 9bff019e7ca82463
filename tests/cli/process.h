#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gsfit::test {

/// A folder of this test's own, removed at the end. It is the working directory of the programs started in it.
class Workspace {
public:
    Workspace();
    ~Workspace();
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

struct Result {
    int exit_code = -1;  ///< -1 when a signal ended the program
    int signal = 0;
    std::string out;
    std::string err;
};

/// The gsfit executable, running in a workspace.
class Process {
public:
    /// environment: NAME=value entries beside the test's own environment.
    Process(const Workspace& workspace, const std::vector<std::string>& arguments,
            const std::vector<std::string>& environment = {});
    /// Runs `program` with `arguments` instead.
    Process(const Workspace& workspace, const std::string& program, const std::vector<std::string>& arguments,
            const std::vector<std::string>& environment);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void send(int signal) const;
    [[nodiscard]] bool running();
    [[nodiscard]] std::string err() const;  ///< what it has said on stderr so far
    Result wait();

private:
    pid_t pid_ = -1;
    bool ended_ = false;
    int status_ = 0;
    std::filesystem::path out_;
    std::filesystem::path err_;
};

/// Starts gsfit and waits for its end.
Result gsfit(const Workspace& workspace, const std::vector<std::string>& arguments,
             const std::vector<std::string>& environment = {});

/// The same with files limited to `bytes`, as on a full disk.
Result gsfit_with_file_limit(const Workspace& workspace, std::size_t bytes, const std::vector<std::string>& arguments);

/// The same with the address space limited to `bytes`: what does not fit cannot be allocated.
Result gsfit_with_memory_limit(const Workspace& workspace, std::int64_t bytes,
                               const std::vector<std::string>& arguments);

std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, const std::string& text);

}  // namespace gsfit::test

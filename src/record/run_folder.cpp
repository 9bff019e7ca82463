#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/record.h"
#include "gsfit/record/frames.h"
#include "gsfit/record/pictures.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

constexpr const char* lock_name = ".gsfit.lock";
constexpr std::array run_names{"run.json",    "config.yaml", "metrics.csv",       "log.txt",
                               "checkpoints", "render.png",  "packed.safetensors"};
// What else a second run would overwrite or mix with.
constexpr std::array other_names{"video.mp4", "report.html", "frames", "pictures"};

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

bool has(const fs::path& path, const char* name) {
    std::error_code error;  // of a folder that cannot be searched; locking it fails too and says why
    return fs::exists(fs::symlink_status(path / name, error));
}

void refuse_run(const fs::path& path) {
    for (const char* name : run_names) {
        if (has(path, name)) {
            throw OutputError(quoted(path) + " already holds a run (it has " + name +
                              "); continue that one with --resume " + path.string() +
                              " or choose another folder with --output");
        }
    }
    for (const char* name : other_names) {
        if (has(path, name)) {
            throw OutputError(quoted(path) + " has " + name +
                              ", which a run would write; choose another folder with --output");
        }
    }
}

}  // namespace

bool holds_run(const fs::path& folder) {
    return std::ranges::any_of(run_names, [&](const char* name) { return is_there(folder / name); });
}

void discard_run(const fs::path& folder) {
    const RunFolder claim = RunFolder::reopen(folder);
    remove_frames(folder);  // and no file of others
    remove_pictures(folder);
    const auto remove = [&](const char* name) {
        std::error_code error;
        fs::remove_all(folder / name, error);
        if (error) {
            throw OutputError("cannot remove " + quoted(folder / name) + ": " + error.message() +
                              "; choose a folder that you may write to");
        }
    };
    for (const char* name : {"video.mp4", "report.html"}) remove(name);
    for (const char* name : run_names) remove(name);
}

RunFolder::RunFolder(const fs::path& path) : path_(path) {
    // The lock goes with the process, however that ends; the file stays, for removing it would let two processes in.
    lock_ = ::open((path / lock_name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock_ < 0) {
        throw OutputError("cannot write into " + quoted(path) + ": " + std::generic_category().message(errno) +
                          "; choose a folder that you may write to");
    }
    if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) {
        return;
    }
    const int error = errno;
    ::close(lock_);
    throw OutputError(error == EWOULDBLOCK
                          ? quoted(path) + " is being written to by another gsfit; wait for it or choose another folder"
                          : "cannot lock " + quoted(path) + ": " + std::generic_category().message(error) +
                                "; choose a folder on another file system");
}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

RunFolder::~RunFolder() {
    if (lock_ >= 0) {
        ::close(lock_);
    }
}

RunFolder RunFolder::create(const fs::path& path) {
    refuse_run(path);  // first of all, so that not even the lock is put beside another run
    gsfit::create_directories(path);
    RunFolder folder(path);
    refuse_run(path);  // one that began and ended just before the lock
    return folder;
}

RunFolder RunFolder::reopen(const fs::path& path) {
    if (!holds_run(path)) {
        throw InputError(quoted(path) + " holds no run to resume; name the folder of one");
    }
    RunFolder folder(path);
    remove_leftovers(path);
    if (is_folder(path / "checkpoints")) {
        remove_leftovers(path / "checkpoints");
    }
    return folder;
}

}  // namespace gsfit

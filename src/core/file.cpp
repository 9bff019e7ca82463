// Files read whole, and files written so that a reader never sees a part of one.

#include "gsfit/core/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "gsfit/core/error.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_prefix = ".gsfit-";
constexpr std::string_view temporary_suffix = ".tmp";

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

std::string reason(int error) { return std::generic_category().message(error); }

std::string advice(int error) {
    switch (error) {
        case ENOSPC:
        case EDQUOT:
            return "free some space or choose another place";
        case EFBIG:
            return "raise the limit on file sizes (ulimit -f) or choose another file system";
        case EACCES:
        case EPERM:
        case EROFS:
            return "choose a place that you may write to";
        case ENOENT:
        case ENOTDIR:
            return "make sure that its directory exists";
        case ENAMETOOLONG:
            return "choose a shorter name";
        default:
            return "check the disk or choose another place";
    }
}

[[noreturn]] void throw_output_error(const fs::path& path, int error) {
    throw OutputError("cannot write " + quoted(path) + ": " + reason(error) + "; " + advice(error));
}

/// open(2) until no signal interrupts it.
int open_file(const fs::path& path, int flags, mode_t mode = 0) {
    int descriptor = -1;
    do {
        descriptor = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    } while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

/// Owns an open file; the destructor closes it.
class Descriptor {
public:
    explicit Descriptor(int value) : value_(value) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (value_ >= 0) {
            ::close(value_);
        }
    }

    [[nodiscard]] int get() const { return value_; }
    void release() { value_ = -1; }
    /// Some file systems report a failed write only here. EINTR: the descriptor is closed all the same (Linux).
    [[nodiscard]] bool close() { return ::close(std::exchange(value_, -1)) == 0 || errno == EINTR; }

private:
    int value_;
};

void write_all(int descriptor, std::span<const std::byte> bytes, const fs::path& path) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) {
            throw_output_error(path, errno);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
}

/// pread(2) until `target` is full, the file has ended (errno is 0) or it cannot be read (errno says why).
std::size_t read_at(int descriptor, std::size_t offset, std::span<std::byte> target) noexcept {
    std::size_t done = 0;
    while (done < target.size()) {
        errno = 0;
        const ssize_t got =
            ::pread(descriptor, target.data() + done, target.size() - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        done += static_cast<std::size_t>(got);
    }
    return done;
}

fs::path directory_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

/// A new name in the directory of `path`: `create` is tried with names until one is free. It returns false with errno.
template <class Create>
fs::path create_temporary(const fs::path& path, const Create& create) {
    const std::string stem = std::string(temporary_prefix) + std::to_string(::getpid()) + "-";
    for (int attempt = 0;; ++attempt) {
        fs::path name = directory_of(path) / (stem + std::to_string(attempt) + std::string(temporary_suffix));
        if (create(name)) {
            return name;
        }
        if (errno != EEXIST) {
            throw_output_error(path, errno);
        }
    }
}

/// A new empty file in the directory of `path`, open for writing and reading as `descriptor`.
fs::path create_temporary_file(const fs::path& path, int& descriptor) {
    return create_temporary(path, [&descriptor](const fs::path& name) {
        descriptor = open_file(name, O_RDWR | O_CREAT | O_EXCL, 0666);
        return descriptor >= 0;
    });
}

/// A name that is removed again unless it was renamed.
class TemporaryName {
public:
    explicit TemporaryName(fs::path name) : name_(std::move(name)) {}
    TemporaryName(const TemporaryName&) = delete;
    TemporaryName& operator=(const TemporaryName&) = delete;
    ~TemporaryName() {
        if (!name_.empty()) {
            ::unlink(name_.c_str());
        }
    }

    void rename_to(const fs::path& path) {
        if (::rename(name_.c_str(), path.c_str()) != 0) {
            throw_output_error(path, errno);
        }
        name_.clear();
    }

private:
    fs::path name_;
};

/// Makes a rename in the directory of `path` last through a power failure.
void sync_directory(const fs::path& path) {
    const Descriptor directory(open_file(directory_of(path), O_RDONLY | O_DIRECTORY));
    // EINVAL: a file system that has nothing to sync for directories.
    if (directory.get() < 0 || (::fsync(directory.get()) != 0 && errno != EINVAL)) {
        throw_output_error(path, errno);
    }
}

/// Where the bytes for `path` go: links are followed; what is there must be a regular file.
fs::path regular_destination(const fs::path& path) {
    std::error_code error;
    fs::path destination = fs::is_symlink(path, error) ? fs::canonical(path, error) : path;
    if (error && error != std::errc::no_such_file_or_directory) {
        throw_output_error(path, error.value());
    }
    if (destination.empty()) {
        throw OutputError("cannot write " + quoted(path) +
                          ": it is a symbolic link to nothing; remove it or choose another name");
    }
    const fs::file_status status = fs::status(destination, error);
    if (fs::exists(status) && !fs::is_regular_file(status)) {
        throw OutputError("cannot write " + quoted(path) + ": it is " +
                          (fs::is_directory(status) ? "a directory" : "no regular file") + "; choose another name");
    }
    return destination;
}

std::size_t size_of_regular_file(int descriptor, const fs::path& path, std::size_t limit) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) {
        throw InputError("cannot read " + quoted(path) + ": " + reason(errno) + "; check the file");
    }
    if (!S_ISREG(status.st_mode)) {
        throw InputError("cannot read " + quoted(path) + ": it is " +
                         (S_ISDIR(status.st_mode) ? "a directory" : "no regular file") + "; name a file");
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size > limit) {
        throw InputError("cannot read " + quoted(path) + ": it has " + std::to_string(size) + " bytes and at most " +
                         std::to_string(limit) + " are taken; name a smaller file");
    }
    return size;
}

[[noreturn]] void throw_input_error(const fs::path& path, const std::error_code& error) {
    throw InputError("cannot read " + quoted(path) + ": " + error.message() + "; check the name and its permissions");
}

}  // namespace

// O_NONBLOCK: opening a pipe without a writer would wait for ever.
InputFile::InputFile(const fs::path& path, std::size_t limit) : descriptor_(open_file(path, O_RDONLY | O_NONBLOCK)) {
    if (descriptor_ < 0) {
        throw InputError("cannot read " + quoted(path) + ": " + reason(errno) + "; check the name and its permissions");
    }
    Descriptor opened(descriptor_);
    size_ = size_of_regular_file(descriptor_, path, limit);
    opened.release();
}

InputFile::~InputFile() { ::close(descriptor_); }

std::size_t InputFile::read(std::size_t offset, std::span<std::byte> target) const noexcept {
    return read_at(descriptor_, offset, target);
}

std::vector<std::byte> read_file(const fs::path& path, std::size_t limit) {
    const InputFile file(path, limit);
    std::vector<std::byte> bytes(file.size());
    if (file.read(0, bytes) < bytes.size()) {
        throw InputError("cannot read " + quoted(path) + ": " +
                         (errno == 0 ? "it became shorter meanwhile" : reason(errno)) + "; try again");
    }
    return bytes;
}

struct AtomicFile::State {
    explicit State(const fs::path& named)
        : path(named),
          destination(regular_destination(named)),
          temporary(create_temporary_file(destination, opened)),
          file(opened) {}

    fs::path path;         ///< as messages name it
    fs::path destination;  ///< the same without links
    int opened = -1;
    TemporaryName temporary;
    Descriptor file;
};

AtomicFile::AtomicFile(const fs::path& path) : state_(std::make_unique<State>(path)) {}

AtomicFile::~AtomicFile() = default;

void AtomicFile::write(std::span<const std::byte> bytes) { write_all(state_->file.get(), bytes, state_->path); }

void AtomicFile::seek(std::uint64_t position) {
    if (::lseek(state_->file.get(), static_cast<off_t>(position), SEEK_SET) < 0) {
        throw_output_error(state_->path, errno);
    }
}

std::size_t AtomicFile::read(std::size_t offset, std::span<std::byte> target) const noexcept {
    return read_at(state_->file.get(), offset, target);
}

const fs::path& AtomicFile::path() const { return state_->path; }

void AtomicFile::commit() {
    if (::fsync(state_->file.get()) != 0 || !state_->file.close()) {
        throw_output_error(state_->path, errno);
    }
    state_->temporary.rename_to(state_->destination);
    sync_directory(state_->destination);
}

void write_file_atomically(const fs::path& path, std::span<const std::byte> bytes) {
    AtomicFile file(path);
    file.write(bytes);
    file.commit();
}

void write_file_atomically(const fs::path& path, const std::string& text) {
    write_file_atomically(path, std::as_bytes(std::span(text)));
}

bool is_there(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(path, error);
    if (!fs::status_known(status)) {
        throw_input_error(path, error);
    }
    return fs::exists(status);
}

bool is_folder(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::status_known(status)) {
        throw_input_error(path, error);
    }
    return fs::is_directory(status);
}

std::uintmax_t size_of_file(const fs::path& path) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    if (error) {
        throw_input_error(path, error);
    }
    return size;
}

void append_to_file(const fs::path& path, const std::string& text) {
    Descriptor file(open_file(path, O_WRONLY | O_CREAT | O_APPEND, 0666));
    if (file.get() < 0) {
        throw_output_error(path, errno);
    }
    const off_t before = ::lseek(file.get(), 0, SEEK_END);
    try {
        write_all(file.get(), std::as_bytes(std::span(text)), path);
    } catch (const OutputError&) {
        static_cast<void>(::ftruncate(file.get(), before));  // the error to tell is that of the write
        throw;
    }
    if (!file.close()) {
        throw_output_error(path, errno);
    }
}

void write_symlink_atomically(const fs::path& path, const fs::path& target) {
    TemporaryName temporary(
        create_temporary(path, [&](const fs::path& name) { return ::symlink(target.c_str(), name.c_str()) == 0; }));
    temporary.rename_to(path);
    sync_directory(path);
}

void remove_file(const fs::path& path) {
    std::error_code error;
    fs::remove(path, error);
    if (error) {
        throw OutputError("cannot remove '" + path.string() + "': " + error.message() + "; check its permissions");
    }
}

void remove_leftovers(const fs::path& directory) {
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.starts_with(temporary_prefix) && name.ends_with(temporary_suffix)) {
            fs::remove(entry->path(), error);
        }
    }
    if (error) {
        throw_output_error(directory, error.value());
    }
}

void create_directories(const fs::path& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) {
        throw OutputError("cannot create the directory " + quoted(path) + ": " + reason(error.value()) + "; " +
                          advice(error.value()));
    }
}

}  // namespace gsfit

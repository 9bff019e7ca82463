#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gsfit {

/// A regular file that is read in pieces.
class InputFile {
public:
    /// Throws InputError when it is missing, no regular file, unreadable or larger than `limit` bytes.
    InputFile(const std::filesystem::path& path, std::size_t limit);
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;
    ~InputFile();

    /// When it was opened [bytes].
    [[nodiscard]] std::size_t size() const { return size_; }
    /// Fills `target` with the bytes from `offset` on and returns how many. Fewer than asked for: the file has ended
    /// (errno is 0) or cannot be read (errno says why).
    std::size_t read(std::size_t offset, std::span<std::byte> target) const noexcept;

private:
    int descriptor_;
    std::size_t size_ = 0;
};

/// The whole file. Throws InputError when it is missing, no regular file, unreadable or larger than `limit` bytes.
std::vector<std::byte> read_file(const std::filesystem::path& path, std::size_t limit);

/// A file that grows under a temporary name beside `path` until commit() gives it its own: a reader sees the old file
/// or the new one, never a part. Without a commit nothing is left behind. A symbolic link stays and its target is
/// replaced; anything but a regular file is refused. All throw OutputError (no space, no permission, ...).
class AtomicFile {
public:
    explicit AtomicFile(const std::filesystem::path& path);
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    ~AtomicFile();

    /// At the position, which moves on by as much.
    void write(std::span<const std::byte> bytes);
    /// [bytes] from the beginning, be it beyond the end.
    void seek(std::uint64_t position);
    /// Of what has been written, as InputFile::read; the position stays.
    std::size_t read(std::size_t offset, std::span<std::byte> target) const noexcept;
    /// Syncs and renames; nothing may follow.
    void commit();

    /// As it was given.
    [[nodiscard]] const std::filesystem::path& path() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// An AtomicFile of these bytes.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file_atomically(const std::filesystem::path& path, const std::string& text);

/// Whether the name is taken, be it by a symbolic link to nothing. Throws InputError when that cannot be told, as in a
/// directory that one may not search; so do the next two.
bool is_there(const std::filesystem::path& path);
/// Whether the name, links followed, is a directory.
bool is_folder(const std::filesystem::path& path);
/// [bytes]
std::uintmax_t size_of_file(const std::filesystem::path& path);

/// Adds `text` to the end of a file, in one write where the system takes it in one; all of it, or nothing and throws
/// OutputError.
void append_to_file(const std::filesystem::path& path, const std::string& text);

/// Makes `path` a symbolic link to `target` (relative to the link's directory), replacing what was there. Throws
/// OutputError.
void write_symlink_atomically(const std::filesystem::path& path, const std::filesystem::path& target);

/// Nothing when it is not there. Throws OutputError with the reason.
void remove_file(const std::filesystem::path& path);

/// Removes temporary files that a killed process left in the directory. Only for directories that no other process
/// writes to now. Throws OutputError.
void remove_leftovers(const std::filesystem::path& directory);

/// Creates the directory and its parents. Throws OutputError with the reason.
void create_directories(const std::filesystem::path& path);

}  // namespace gsfit

#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace gsfit {

/// The whole file. Throws InputError when it is missing, no regular file, unreadable or larger than `limit` bytes.
std::vector<std::byte> read_file(const std::filesystem::path& path, std::size_t limit);

/// Writes to a temporary name beside `path`, syncs, and renames: a reader sees the old file or the new one, never a
/// part. Throws OutputError (no space, no permission, ...) and leaves nothing behind.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file_atomically(const std::filesystem::path& path, const std::string& text);

/// Creates the directory and its parents. Throws OutputError with the reason.
void create_directories(const std::filesystem::path& path);

}  // namespace gsfit

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

#include "gsfit/memory.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

/// A count of bytes as the kernel writes it; nothing for words ("max", "unlimited") and for what no memory can hold.
std::optional<std::int64_t> parse_count(const std::string& text) {
    std::int64_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc() || rest != end || count < 0) return std::nullopt;
    return count;
}

/// The one number that a file holds.
std::optional<std::int64_t> read_count(const fs::path& path) {
    std::string word;
    std::ifstream(path) >> word;
    return parse_count(word);
}

/// The number after `name` in the first line that begins with it.
std::optional<std::int64_t> read_field(const fs::path& path, const std::string& name) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.rfind(name, 0) != 0) continue;
        const std::size_t start = std::min(line.find_first_not_of(" \t", name.size()), line.size());
        return parse_count(line.substr(start, line.find_first_of(" \t", start) - start));
    }
    return std::nullopt;
}

/// The same for a number of KiB [bytes].
std::optional<std::int64_t> read_kib(const fs::path& path, const std::string& name) {
    const auto kib = read_field(path, name);
    if (!kib || *kib > unlimited / 1024) return std::nullopt;
    return *kib * 1024;
}

std::int64_t left_of(std::optional<std::int64_t> limit, std::int64_t used) {
    return limit ? std::max<std::int64_t>(0, *limit - used) : unlimited;
}

/// The names that a version of control groups gives to the files of a group.
struct GroupFiles {
    const char* limit;
    const char* usage;
    const char* cache;  ///< the field of memory.stat that tells of page cache that can be dropped, whole subtree
};

constexpr GroupFiles version_1{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "};
constexpr GroupFiles version_2{"memory.max", "memory.current", "inactive_file "};

/// What one group leaves. A limit without a usage leaves what this process does not hold of it.
std::int64_t left_of_group(const fs::path& group, const GroupFiles& files, std::int64_t resident) {
    const auto limit = read_count(group / files.limit);
    if (!limit) return unlimited;
    const auto usage = read_count(group / files.usage);
    if (!usage) return left_of(limit, resident);
    return left_of(limit,
                   std::max<std::int64_t>(0, *usage - read_field(group / "memory.stat", files.cache).value_or(0)));
}

/// What the group at `path` below `mount` and all groups above it leave. In a container the path may be that of the
/// host: then the mount is the group itself, and folders below it are missing.
std::int64_t left_of_groups(const fs::path& mount, const fs::path& path, const GroupFiles& files,
                            std::int64_t resident) {
    std::int64_t least = unlimited;
    for (fs::path group = path.lexically_normal();; group = group.parent_path()) {
        least = std::min(least, left_of_group(mount / group.relative_path(), files, resident));
        if (!group.has_relative_path()) return least;
    }
}

/// What the groups leave that /proc/self/cgroup names, a line each: number:controllers:path.
std::int64_t left_of_control_groups(const fs::path& root, std::int64_t resident) {
    std::int64_t least = unlimited;
    std::ifstream file(root / "proc/self/cgroup");
    std::string number, controllers, path;
    while (std::getline(file, number, ':') && std::getline(file, controllers, ':') && std::getline(file, path)) {
        const fs::path mounts = root / "sys/fs/cgroup";
        if (controllers.empty()) {
            for (const fs::path& mount : {mounts, mounts / "unified"}) {
                least = std::min(least, left_of_groups(mount, path, version_2, resident));
            }
        } else if (("," + controllers + ",").find(",memory,") != std::string::npos) {
            least = std::min(least, left_of_groups(mounts / "memory", path, version_1, resident));
        }
    }
    return least;
}

/// What the limits of this process alone leave.
std::int64_t left_of_resource_limits(const fs::path& process) {
    const fs::path limits = process / "limits";
    const fs::path status = process / "status";
    return std::min(left_of(read_field(limits, "Max address space "), read_kib(status, "VmSize:").value_or(0)),
                    left_of(read_field(limits, "Max data size "), read_kib(status, "VmData:").value_or(0)));
}

}  // namespace

HostMemory host_memory(const fs::path& root) {
    const fs::path process = root / "proc/self";
    const std::int64_t resident = read_kib(process / "status", "VmRSS:").value_or(0);
    return {.resident = resident,
            .available = std::min({read_kib(root / "proc/meminfo", "MemAvailable:").value_or(unlimited),
                                   left_of_control_groups(root, resident), left_of_resource_limits(process)})};
}

std::int64_t resident_memory() noexcept {
    const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    std::array<char, 256> text{};
    const bool has_text = ::read(file, text.data(), text.size() - 1) > 0;
    ::close(file);
    std::int64_t pages = 0;
    const bool has_pages = has_text && std::sscanf(text.data(), "%*s %" SCNd64, &pages) == 1;
    return has_pages ? pages * sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace gsfit

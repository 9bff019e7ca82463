#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "gsfit/memory.h"
#include "unit/temporary_directory.h"

namespace gsfit {
namespace {

constexpr std::int64_t mib = 1 << 20;

/// A proc and a sys as the kernel would show them. At first: 1000 MiB available, 100 MiB resident, no limits.
class Host : public testing::Test {
protected:
    Host() {
        write("proc/meminfo", "MemTotal: 4096000 kB\nMemAvailable:    1024000 kB\n");
        write("proc/self/status",
              "VmPeak:\t  409600 kB\nVmSize:\t  307200 kB\nVmRSS:\t  102400 kB\nVmData:\t  204800 kB\n");
        write_limits("unlimited", "unlimited");
    }

    void write(const std::string& name, const std::string& text) const {
        const std::filesystem::path path = root_.path() / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }

    void write_limits(const std::string& address_space, const std::string& data) const {
        write("proc/self/limits",
              "Limit                     Soft Limit           Hard Limit           Units     \n"
              "Max data size             " +
                  data +
                  "            unlimited            bytes     \n"
                  "Max address space         " +
                  address_space + "            unlimited     bytes\n");
    }

    void write_group_v2(const std::string& name, const std::string& limit, std::int64_t usage,
                        std::int64_t cache) const {
        write(name + "/memory.max", limit + "\n");
        write(name + "/memory.current", std::to_string(usage) + "\n");
        write(name + "/memory.stat", "anon 7\nfile 99\nactive_file 3\ninactive_file " + std::to_string(cache) + "\n");
    }

    void write_group_v1(const std::string& name, const std::string& limit, std::int64_t usage,
                        std::int64_t cache) const {
        write(name + "/memory.limit_in_bytes", limit + "\n");
        write(name + "/memory.usage_in_bytes", std::to_string(usage) + "\n");
        write(name + "/memory.stat", "cache 5\ninactive_file 1\ntotal_inactive_file " + std::to_string(cache) + "\n");
    }

    [[nodiscard]] std::int64_t available() const { return host_memory(root_.path()).available; }

    TemporaryDirectory root_;
};

TEST_F(Host, TellsWhatTheMachineHas) {
    const HostMemory memory = host_memory(root_.path());
    EXPECT_EQ(memory.resident, 100 * mib);
    EXPECT_EQ(memory.available, 1000 * mib);
}

TEST_F(Host, KeepsToTheGroup) {
    write("proc/self/cgroup", "0::/user/fit\n");
    write_group_v2("sys/fs/cgroup/user/fit", std::to_string(500 * mib), 200 * mib, 50 * mib);
    EXPECT_EQ(available(), 350 * mib) << "inactive page cache can be dropped";
}

TEST_F(Host, KeepsToTheGroupsAbove) {
    write("proc/self/cgroup", "0::/user/fit\n");
    write_group_v2("sys/fs/cgroup/user/fit", "max", 200 * mib, 0);
    write_group_v2("sys/fs/cgroup/user", std::to_string(300 * mib), 250 * mib, 0);
    EXPECT_EQ(available(), 50 * mib);
    write_group_v2("sys/fs/cgroup", std::to_string(310 * mib), 300 * mib, 0);
    EXPECT_EQ(available(), 10 * mib) << "of the root as well: in a container it is the container's";
}

TEST_F(Host, KeepsToGroupsOfTheFirstVersion) {
    write("proc/self/cgroup", "5:cpu,memory:/a/b\n4:cpuset:/\n0::/\n");
    write_group_v1("sys/fs/cgroup/memory/a/b", "9223372036854771712", 200 * mib, 0);
    write_group_v1("sys/fs/cgroup/memory/a", std::to_string(600 * mib), 200 * mib, 30 * mib);
    EXPECT_EQ(available(), 430 * mib);
}

TEST_F(Host, KeepsToBothVersionsAtOnce) {
    write("proc/self/cgroup", "4:memory:/a\n0::/b\n");
    write_group_v1("sys/fs/cgroup/memory/a", std::to_string(600 * mib), 200 * mib, 0);
    write_group_v2("sys/fs/cgroup/unified/b", std::to_string(300 * mib), 200 * mib, 0);
    EXPECT_EQ(available(), 100 * mib);
}

TEST_F(Host, FindsTheGroupOfAContainer) {
    write("proc/self/cgroup", "4:memory:/docker/0123\n0::/../../other\n");
    write_group_v1("sys/fs/cgroup/memory", std::to_string(400 * mib), 200 * mib, 0);
    EXPECT_EQ(available(), 200 * mib) << "the host's path is not there";
    write_group_v2("sys/fs/cgroup/other", std::to_string(300 * mib), 200 * mib, 0);
    EXPECT_EQ(available(), 100 * mib) << "a path never leads out of the mount";
}

TEST_F(Host, LeavesNothingWhereMoreIsUsedThanAllowed) {
    write("proc/self/cgroup", "0::/\n");
    write_group_v2("sys/fs/cgroup", std::to_string(100 * mib), 200 * mib, 0);
    EXPECT_EQ(available(), 0);
    write_group_v2("sys/fs/cgroup", std::to_string(100 * mib), 20 * mib, 500 * mib);
    EXPECT_EQ(available(), 100 * mib) << "more cache than usage";
}

TEST_F(Host, TakesItsOwnSizeWhereAGroupTellsNoUsage) {
    write("proc/self/cgroup", "0::/\n");
    write("sys/fs/cgroup/memory.max", std::to_string(300 * mib));
    EXPECT_EQ(available(), 200 * mib);
}

TEST_F(Host, PassesOverWhatIsNoLimit) {
    write("proc/self/cgroup", "0::/\n");
    for (const char* text : {"", "max", "-1", "12x", "0x10", "18446744073709551616", "99999999999999999999999999"}) {
        write("sys/fs/cgroup/memory.max", text);
        EXPECT_EQ(available(), 1000 * mib) << text;
    }
    std::filesystem::remove(root_.path() / "sys/fs/cgroup/memory.max");
    std::filesystem::create_directory(root_.path() / "sys/fs/cgroup/memory.max");
    EXPECT_EQ(available(), 1000 * mib) << "unreadable";
    write("proc/self/cgroup", "0:\nnothing of the kind\n\n");
    EXPECT_EQ(available(), 1000 * mib);
}

TEST_F(Host, KeepsToTheLimitsOfTheProcess) {
    write_limits(std::to_string(400 * mib), "unlimited");
    EXPECT_EQ(available(), 100 * mib) << "300 MiB are mapped";
    write_limits(std::to_string(400 * mib), std::to_string(250 * mib));
    EXPECT_EQ(available(), 50 * mib) << "200 MiB are data";
    write_limits(std::to_string(mib), "unlimited");
    EXPECT_EQ(available(), 0);
}

TEST_F(Host, DoesWithoutWhatIsNotTold) {
    std::filesystem::remove_all(root_.path() / "proc");
    EXPECT_EQ(host_memory(root_.path()).resident, 0);
    EXPECT_EQ(available(), std::numeric_limits<std::int64_t>::max());
    write("proc/meminfo", "MemAvailable: 9223372036854775807 kB\n");
    EXPECT_EQ(available(), std::numeric_limits<std::int64_t>::max()) << "more than can be counted in bytes";
}

TEST(ThisHost, HasMemory) {
    const HostMemory memory = host_memory();
    EXPECT_GT(memory.resident, mib);
    EXPECT_GT(memory.available, mib);
    EXPECT_LT(memory.available, std::int64_t{1} << 50);
    EXPECT_NEAR(static_cast<double>(resident_memory()), static_cast<double>(host_memory().resident), 8.0 * mib);
}

}  // namespace
}  // namespace gsfit

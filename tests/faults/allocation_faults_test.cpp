#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "unit/temporary_directory.h"

namespace gsfit {
namespace {

class AllocationFaults : public testing::Test {
protected:
    /// Exit code of the program that allocates, with the library loaded; its count is in the file.
    [[nodiscard]] int run(const std::string& way, int at) const {
        const std::string command = "FAULT_BYTES=1048576 FAULT_AT=" + std::to_string(at) + " FAULT_COUNT_FILE='" +
                                    count_file() +
                                    "' LD_PRELOAD='" GSFIT_ALLOCATION_FAULTS "' '" GSFIT_ALLOCATIONS "' " + way;
        const int status = std::system(command.c_str());
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    [[nodiscard]] std::string count_file() const { return folder_ / "count"; }

    TemporaryDirectory folder_;
};

TEST_F(AllocationFaults, FailTheOneAskedFor) {
    EXPECT_EQ(run("each_way", 0), 0);
    for (int at = 1; at <= 6; ++at) EXPECT_EQ(run("each_way", at), 1 << (at - 1)) << at;
    EXPECT_EQ(run("each_way", 7), 0);
}

TEST_F(AllocationFaults, CountThoseOfAllThreads) {
    for (const int at : {0, 1, 500, 1000, 1001}) {
        EXPECT_EQ(run("in_threads", at), at >= 1 && at <= 1000 ? 1 : 0) << at;
        int count = 0;
        std::ifstream(count_file()) >> count;
        EXPECT_EQ(count, 1000) << at;
    }
}

}  // namespace
}  // namespace gsfit

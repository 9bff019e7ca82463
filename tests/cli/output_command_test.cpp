// Places that cannot be written to, full disks, and folders that hold a run already.

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class Output : public testing::Test {
protected:
    void SetUp() override { write_picture(workspace_ / "photo.png", 64, 48); }

    void expect_failure(const Result& result, int exit_code, const std::string& sentence) const {
        EXPECT_EQ(result.exit_code, exit_code);
        EXPECT_EQ(result.err, "gsfit: " + sentence + "\n");
        EXPECT_EQ(result.out, "");
    }

    const Workspace workspace_;
};

TEST_F(Output, AFileStandsWhereTheFolderShouldBe) {
    write_text(workspace_ / "file", "");
    expect_failure(gsfit(workspace_, short_training("photo.png", "file/run")), 6,
                   "cannot create the directory 'file/run': Not a directory; make sure that its directory exists");
}

TEST_F(Output, AFolderThatTheSystemDoesNotLetUsMake) {
    const Result result = gsfit(workspace_, short_training("photo.png", "/proc/gsfit-run"));
    EXPECT_EQ(result.exit_code, 6);
    EXPECT_EQ(result.err.rfind("gsfit: cannot create the directory '/proc/gsfit-run': ", 0), 0U) << result.err;
}

TEST_F(Output, FilesLimitedInSize) {
    const Result result = gsfit_with_file_limit(workspace_, 8192, short_training("photo.png", "run"));
    expect_failure(result, 6,
                   "cannot write 'run/checkpoints/step-20.safetensors': File too large; raise the limit on file sizes "
                   "(ulimit -f) or choose another file system");
    const auto record = nlohmann::json::parse(read_text(workspace_ / "run/run.json"));
    EXPECT_EQ(record["exit"], "failed");
}

TEST_F(Output, FullDisk) {
    fs::create_directory(workspace_ / "disk");
    if (mount("tmpfs", (workspace_ / "disk").c_str(), "tmpfs", 0, "size=24k") != 0) {
        GTEST_SKIP() << "only root can mount a small disk";
    }
    const Result result = gsfit(workspace_, short_training("photo.png", "disk/run", {"--save_ckpt_steps=1"}));
    umount((workspace_ / "disk").c_str());
    EXPECT_EQ(result.exit_code, 6);
    EXPECT_NE(result.err.find(": No space left on device; free some space or choose another place\n"),
              std::string::npos)
        << result.err;
}

TEST_F(Output, ADiskThatIsFullForAWhileEndsNoRun) {
    const fs::path disk = workspace_ / "disk";
    fs::create_directory(disk);
    if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=3m") != 0) {
        GTEST_SKIP() << "only root can mount a small disk";
    }
    Process process(workspace_, short_training("photo.png", "disk/run",
                                               {"--max_steps=3000", "--save_ckpt_steps=1", "--eval_steps=1"}));
    while (latest_step(disk / "run") < 5 && process.running()) std::this_thread::sleep_for(milliseconds(2));
    write_text(disk / "filler", std::string(4 << 20, 'x'));  // as much of it as there is room for
    const std::string note =
        ": No space left on device; free some space or choose another place (training goes on and "
        "tries again later)\n";
    while (process.err().find(note) == std::string::npos && process.running()) {
        std::this_thread::sleep_for(milliseconds(2));
    }
    fs::remove(disk / "filler");
    const Result result = process.wait();
    const std::string metrics = read_text(disk / "run/metrics.csv");
    const auto record = nlohmann::json::parse(read_text(disk / "run/run.json"));
    const long last = latest_step(disk / "run");
    umount(disk.c_str());
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.err.find(note), std::string::npos) << result.err;
    EXPECT_LE(std::count(result.err.begin(), result.err.end(), '\n'), 4) << "told once for each file: " << result.err;
    EXPECT_EQ(record["exit"], "finished");
    EXPECT_EQ(record["steps"], last);
    std::istringstream rows(metrics);
    for (std::string row; std::getline(rows, row);) EXPECT_EQ(std::count(row.begin(), row.end(), ','), 11) << row;
}

TEST_F(Output, ANewRunLeavesAnotherAlone) {
    ASSERT_EQ(gsfit(workspace_, short_training("photo.png", "run")).exit_code, 0);
    const std::string before = read_text(workspace_ / "run/run.json");
    expect_failure(gsfit(workspace_, short_training("photo.png", "run")), 6,
                   "'run' already holds a run (it has run.json); continue that one with --resume run or choose another "
                   "folder with --output");
    EXPECT_EQ(read_text(workspace_ / "run/run.json"), before);
}

TEST_F(Output, OutputAndExperimentNameContradict) {
    expect_failure(gsfit(workspace_, short_training("photo.png", "run", {"--exp_name=other"})), 2,
                   "--output names the run folder and so does --exp_name; leave one of them out");
}

}  // namespace
}  // namespace gsfit::test

// Runs that are stopped, by signal or by force, and go on.

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

/// Large enough for a sub-lattice, and a step of a millisecond or so.
std::vector<std::string> long_training(const std::string& folder, const std::string& steps) {
    return {"train",      "photo.png", "--output",          folder, "--num_gaussians", "500", "--max_steps", steps,
            "--progress", "none",      "--save_ckpt_steps", "7",    "--eval_steps",    "50",  "--threads",   "1"};
}

class Resume : public testing::Test {
protected:
    void SetUp() override { write_picture(workspace_ / "photo.png", 768, 512); }

    void wait_for_step(const std::string& folder, long step, Process& process) const {
        while (latest_step(workspace_ / folder) < step) {
            ASSERT_TRUE(process.running()) << process.wait().err;
            std::this_thread::sleep_for(milliseconds(2));
        }
    }

    void expect_stop_by(int signal, int exit_code, const std::string& reason) const {
        Process process(workspace_, long_training("run", "1000000"));
        wait_for_step("run", 7, process);
        process.send(signal);
        const Result result = process.wait();
        EXPECT_EQ(result.exit_code, exit_code);
        EXPECT_EQ(result.err, "gsfit: stopped and saved; gsfit train --resume run goes on\n");
        EXPECT_EQ(result.out, "");
        const auto record = nlohmann::json::parse(read_text(workspace_ / "run/run.json"));
        EXPECT_EQ(record["exit"], reason);
        EXPECT_EQ(record["steps"], latest_step(workspace_ / "run")) << "the state at the stop is saved";
    }

    /// A run that began anew would end in the same bytes too.
    void expect_resumed_at(const std::string& folder, long step) const {
        const std::string line = "training starts at step " + std::to_string(step) + " ";
        EXPECT_NE(read_text(workspace_ / folder / "log.txt").find(line), std::string::npos) << "step " << step;
    }

    const Workspace workspace_;
};

TEST_F(Resume, InterruptSavesAndExits130) { expect_stop_by(SIGINT, 130, "interrupted"); }

TEST_F(Resume, TerminateSavesAndExits143) { expect_stop_by(SIGTERM, 143, "terminated"); }

TEST_F(Resume, KilledRunEndsInTheSameBytesAsAStraightOne) {
    ASSERT_EQ(gsfit(workspace_, long_training("straight", "250")).exit_code, 0);

    Process process(workspace_, long_training("killed", "250"));
    wait_for_step("killed", 7, process);
    const milliseconds moment(std::random_device{}() % 150);
    std::this_thread::sleep_for(moment);
    process.send(SIGKILL);
    const bool was_killed = process.wait().signal == SIGKILL;
    const long step = latest_step(workspace_ / "killed");

    const Result resumed = gsfit(workspace_, {"train", "--resume", "killed", "--progress", "none", "--threads", "2"});
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_TRUE(was_killed) << "the run was over before the kill";
    expect_resumed_at("killed", step);
    EXPECT_EQ(latest_checkpoint_without_seconds(workspace_ / "killed"),
              latest_checkpoint_without_seconds(workspace_ / "straight"))
        << "killed " << moment.count() << " ms after step 7, resumed at step " << step;
    EXPECT_EQ(compare_pictures(workspace_ / "killed/render.png", workspace_ / "straight/render.png").greatest, 0);
    const std::string metrics = read_text(workspace_ / "killed/metrics.csv");
    EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 6) << metrics;
}

TEST_F(Resume, InterruptedRunEndsInTheSameBytesAsAStraightOne) {
    ASSERT_EQ(gsfit(workspace_, long_training("straight", "250")).exit_code, 0);
    Process process(workspace_, long_training("stopped", "250"));
    wait_for_step("stopped", 14, process);
    process.send(SIGINT);
    ASSERT_EQ(process.wait().exit_code, 130);
    const long step = latest_step(workspace_ / "stopped");
    ASSERT_EQ(gsfit(workspace_, {"train", "--resume", "stopped", "--progress", "none"}).exit_code, 0);
    expect_resumed_at("stopped", step);
    EXPECT_EQ(latest_checkpoint_without_seconds(workspace_ / "stopped"),
              latest_checkpoint_without_seconds(workspace_ / "straight"));
}

TEST_F(Resume, RunKilledAfterItsLastStepIsBroughtToItsEnd) {
    ASSERT_EQ(gsfit(workspace_, long_training("run", "20")).exit_code, 0);
    const auto psnr = nlohmann::json::parse(read_text(workspace_ / "run/run.json"))["psnr"];
    mark_as_running(workspace_ / "run");
    fs::remove(workspace_ / "run/render.png");
    const Result result = gsfit(workspace_, {"train", "--resume", "run", "--progress", "none", "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_TRUE(fs::exists(workspace_ / "run/render.png"));
    EXPECT_EQ(nlohmann::json::parse(result.out)["psnr"], psnr);
    EXPECT_EQ(nlohmann::json::parse(read_text(workspace_ / "run/run.json"))["exit"], "finished");
}

TEST_F(Resume, FinishedRunSaysSo) {
    ASSERT_EQ(gsfit(workspace_, long_training("run", "20")).exit_code, 0);
    const std::string before = read_text(workspace_ / "run/run.json");
    const Result result = gsfit(workspace_, {"train", "--resume", "run"});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.err, "gsfit: the run in 'run' is finished; there is nothing to resume\n");
    EXPECT_EQ(result.out.rfind("folder     run\n", 0), 0U);
    EXPECT_EQ(read_text(workspace_ / "run/run.json"), before);
}

TEST_F(Resume, OtherOptionsAreRefused) {
    ASSERT_EQ(gsfit(workspace_, long_training("run", "20")).exit_code, 0);
    const Result flag = gsfit(workspace_, {"train", "--resume", "run", "--max_steps", "30"});
    EXPECT_EQ(flag.exit_code, 2);
    EXPECT_EQ(
        flag.err,
        "gsfit: a resumed run keeps its max_steps (20), but flag --max_steps sets another; leave that out or start "
        "a new run\n");
    const Result variable = gsfit(workspace_, {"train", "--resume", "run"}, {"GSFIT_SEED=7"});
    EXPECT_EQ(variable.exit_code, 2);
    EXPECT_EQ(variable.err,
              "gsfit: a resumed run keeps its seed (123), but environment GSFIT_SEED sets another; leave that out or "
              "start a new run\n");
    const Result image = gsfit(workspace_, {"train", "photo.png", "--resume", "run"});
    EXPECT_EQ(image.exit_code, 2);
    EXPECT_EQ(image.err,
              "gsfit: a resumed run keeps its image, its folder and its configuration; leave out IMAGE, --output and "
              "--config\n");
}

TEST_F(Resume, MemorySettingsMayBeGivenAnew) {
    ASSERT_EQ(gsfit(workspace_, long_training("run", "20")).exit_code, 0);
    const Result result =
        gsfit(workspace_, {"train", "--resume", "run", "--memory_budget_gb", "2"}, {"GSFIT_CHECKPOINT_BANDS=3"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST_F(Resume, ARunWithoutItsConfiguration) {
    ASSERT_EQ(gsfit(workspace_, long_training("run", "20")).exit_code, 0);
    fs::remove(workspace_ / "run/config.yaml");
    const Result result = gsfit(workspace_, {"train", "--resume", "run"});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.err, "gsfit: 'run/config.yaml' is missing, without which the run cannot go on; put it back\n");
}

TEST_F(Resume, AnOlderCheckpointThanTheNewest) {
    ASSERT_EQ(gsfit(workspace_, long_training("run", "20")).exit_code, 0);
    auto record = nlohmann::json::parse(read_text(workspace_ / "run/run.json"));
    record["exit"] = 7;
    write_text(workspace_ / "run/run.json", record.dump());
    fs::remove(workspace_ / "run/checkpoints/latest");
    const Result result = gsfit(workspace_, {"train", "--resume", "run", "--progress", "none"});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(
        result.err.rfind("gsfit: took 'run/checkpoints/step-20.safetensors', the newest checkpoint that loads, ", 0),
        0U)
        << result.err;
}

TEST_F(Resume, AFolderWithoutARun) {
    const Result result = gsfit(workspace_, {"train", "--resume", "nowhere"});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.err, "gsfit: 'nowhere' holds no run to resume; name the folder of one\n");
}

TEST_F(Resume, AnotherImageUnderTheSameName) {
    Process process(workspace_, long_training("run", "1000000"));
    wait_for_step("run", 7, process);
    process.send(SIGTERM);
    ASSERT_EQ(process.wait().exit_code, 143);
    write_picture(workspace_ / "photo.png", 64, 48);
    const Result result = gsfit(workspace_, {"train", "--resume", "run", "--progress", "none"});
    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_EQ(result.out, "");
}

}  // namespace
}  // namespace gsfit::test

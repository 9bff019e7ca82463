// gsfit train while it records: frames, what a kill leaves of them, a disk that fills, the report.

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class Recording : public testing::Test {
protected:
    void SetUp() override { write_picture(workspace_ / "photo.png", 192, 128); }

    /// A run that records frames and keeps them.
    static std::vector<std::string> recorded_training(const std::string& folder,
                                                      const std::vector<std::string>& more = {}) {
        std::vector<std::string> words = short_training("photo.png", folder, more);
        words.insert(words.end(), {"--make_training_video=true", "--video_keep_frames=true"});
        return words;
    }

    /// Names and bytes of the files in frames/, but for the seconds that the run took.
    [[nodiscard]] std::map<std::string, std::string> frames_of(const std::string& folder) const {
        std::map<std::string, std::string> frames;
        for (const auto& entry : fs::directory_iterator(workspace_ / folder / "frames")) {
            std::string content = read_text(entry.path());
            if (entry.path().extension() == ".json") {
                Json json = Json::parse(content);
                json.erase("seconds");
                content = json.dump();
            }
            frames[entry.path().filename()] = content;
        }
        return frames;
    }

    const Workspace workspace_;
};

TEST_F(Recording, KeepsAPictureAndItsFiguresOfEveryFewSteps) {
    const Result result = gsfit(workspace_, recorded_training("run", {"--video_iterations=8", "--eval_steps=10"}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto frames = frames_of("run");
    EXPECT_EQ(frames.size(), 9U) << "of steps 0, 8, 16 and 20, and the target";
    EXPECT_FALSE(Json::parse(frames.at("step-8.json")).contains("psnr"));
    const Json after = Json::parse(frames.at("step-16.json"));
    EXPECT_EQ(after["step"], 16);
    EXPECT_GT(after["psnr"], 10);
    EXPECT_GT(after["gaussians"], 20);
    EXPECT_GT(after["lr"], 0);
    const Json last = Json::parse(frames.at("step-20.json"));
    EXPECT_GT(last["ssim"], 0.1);
    EXPECT_LT(compare_pictures(workspace_ / "run/frames/step-20.jpg", workspace_ / "run/render.png").mean, 3);
    EXPECT_LT(compare_pictures(workspace_ / "run/frames/target.jpg", workspace_ / "photo.png").mean, 3);
    EXPECT_TRUE(fs::exists(workspace_ / "run/video.mp4"));
}

TEST_F(Recording, AKilledRunEndsWithNoFrameMissingOrTwice) {
    const std::vector<std::string> keys{"--max_steps=400", "--video_iterations=3", "--save_ckpt_steps=25"};
    ASSERT_EQ(gsfit(workspace_, recorded_training("straight", keys)).exit_code, 0);
    Process process(workspace_, recorded_training("killed", keys));
    while (latest_step(workspace_ / "killed") < 50) {
        ASSERT_TRUE(process.running()) << process.wait().err;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    process.send(SIGKILL);
    EXPECT_EQ(process.wait().signal, SIGKILL) << "the run was over before the kill";
    const Result resumed = gsfit(workspace_, {"train", "--resume", "killed", "--progress", "none"});
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    const auto frames = frames_of("killed");
    const auto expected = frames_of("straight");
    ASSERT_EQ(frames.size(), 1U + 2 * 135);
    for (const auto& [name, content] : expected) {
        ASSERT_EQ(frames.count(name), 1U) << name;
        EXPECT_TRUE(frames.at(name) == content) << name;
    }
}

TEST_F(Recording, FramesThatAreNotInTheVideoStay) {
    std::vector<std::string> words = short_training("photo.png", "run", {"--max_steps=400", "--save_ckpt_steps=25"});
    words.insert(words.end(), {"--make_training_video=true", "--video_iterations=10"});
    Process process(workspace_, words);
    while (latest_step(workspace_ / "run") < 50) {
        ASSERT_TRUE(process.running()) << process.wait().err;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    process.send(SIGKILL);
    EXPECT_EQ(process.wait().signal, SIGKILL) << "the run was over before the kill";
    const Result resumed =
        gsfit(workspace_, {"train", "--resume", "run", "--progress", "none", "--video_max_width", "100"});
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_NE(resumed.err.find("differ in size"), std::string::npos) << resumed.err;
    EXPECT_EQ(frames_of("run").size(), 1U + 2 * 41);
}

TEST_F(Recording, FramesInMemoryLeaveNoFolder) {
    const Result result = gsfit(workspace_, recorded_training("run", {"--video_save_to_disk=false"}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_FALSE(fs::exists(workspace_ / "run/frames"));
    EXPECT_TRUE(fs::exists(workspace_ / "run/video.mp4"));
}

TEST_F(Recording, ADiskThatFillsEndsTheRecordingNotTheTraining) {
    fs::create_directory(workspace_ / "disk");
    if (mount("tmpfs", (workspace_ / "disk").c_str(), "tmpfs", 0, "size=65500k") != 0) {
        GTEST_SKIP() << "only root can mount a small disk";
    }
    const Result result = gsfit(workspace_, recorded_training("disk/run", {"--video_iterations=1", "--max_steps=300"}));
    const auto frames = frames_of("disk/run");
    const bool has_render = fs::exists(workspace_ / "disk/run/render.png");
    umount((workspace_ / "disk").c_str());
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const std::string warning = "gsfit: recording stops, training goes on, and the frames so far are kept: only ";
    const std::size_t first = result.err.find(warning);
    ASSERT_NE(first, std::string::npos) << result.err;
    EXPECT_EQ(result.err.find(warning, first + 1), std::string::npos) << "one warning";
    EXPECT_TRUE(has_render);
    EXPECT_GT(frames.size(), 20U);
    EXPECT_LT(frames.size(), 600U);
    EXPECT_EQ(frames.size() % 2, 1U) << "every JPEG has its JSON, and there is the target";
}

TEST_F(Recording, SaysBeforehandThatTheDiskIsTooSmall) {
    fs::create_directory(workspace_ / "disk");
    if (mount("tmpfs", (workspace_ / "disk").c_str(), "tmpfs", 0, "size=1m") != 0) {
        GTEST_SKIP() << "only root can mount a small disk";
    }
    const Result result = gsfit(workspace_, recorded_training("disk/run"));
    umount((workspace_ / "disk").c_str());
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err.rfind("gsfit: 2 frames take about 0.06 GB and 'disk/run' has 0.00 GB free: ", 0), 0U)
        << result.err;
    EXPECT_NE(result.err.find("gsfit: no frames are recorded: only "), std::string::npos) << result.err;
}

TEST_F(Recording, ARunHasItsReportWhateverEndedIt) {
    ASSERT_EQ(gsfit(workspace_, short_training("photo.png", "run", {"--plots=both", "--tensorboard=true"})).exit_code,
              0);
    EXPECT_NE(read_text(workspace_ / "run/report.html").find("Finished."), std::string::npos);
    EXPECT_TRUE(fs::exists(workspace_ / "run/plots/psnr.png"));
    EXPECT_TRUE(fs::exists(workspace_ / "run/plots/psnr.svg"));
    EXPECT_FALSE(fs::is_empty(workspace_ / "run/tensorboard"));

    Process process(workspace_, short_training("photo.png", "stopped", {"--max_steps=1000000", "--save_ckpt_steps=5"}));
    while (latest_step(workspace_ / "stopped") < 5) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    process.send(SIGTERM);
    EXPECT_EQ(process.wait().exit_code, 143);
    EXPECT_NE(read_text(workspace_ / "stopped/report.html").find("by SIGTERM"), std::string::npos);
    EXPECT_FALSE(fs::exists(workspace_ / "stopped/plots"));
}

TEST_F(Recording, MakesPicturesOfItsGaussians) {
    const std::vector<std::string> more{"--vis_gaussians=true", "--save_image_steps=8", "--save_plot_format=png"};
    const Result result = gsfit(workspace_, short_training("photo.png", "run", more));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    for (const char* step : {"step-0-", "step-8-", "step-16-", "step-20-"}) {
        for (const char* what : {"render.jpg", "ids.jpg", "positions.png", "ellipses.png", "error.png"}) {
            const fs::path picture = workspace_ / (std::string("run/pictures/") + step + what);
            EXPECT_EQ(picture_size(picture).width, 192) << picture;
        }
    }
    std::size_t additions = 0;
    for (const auto& entry : fs::directory_iterator(workspace_ / "run/pictures")) {
        additions += entry.path().filename().string().ends_with("-added.png") ? 1U : 0U;
    }
    EXPECT_EQ(additions, 4U);
    EXPECT_LT(compare_pictures(workspace_ / "run/pictures/step-20-render.jpg", workspace_ / "run/render.png").mean, 3);
}

TEST_F(Recording, AnOrdinaryRunMakesNoPictures) {
    ASSERT_EQ(gsfit(workspace_, short_training("photo.png", "run")).exit_code, 0);
    EXPECT_FALSE(fs::exists(workspace_ / "run/pictures"));
}

TEST_F(Recording, ARunIsNotMixedWithPicturesThatAreThere) {
    fs::create_directories(workspace_ / "run/pictures");
    const Result result = gsfit(workspace_, short_training("photo.png", "run"));
    EXPECT_EQ(result.exit_code, 6);
    EXPECT_EQ(result.err, "gsfit: 'run' has pictures, which a run would write; choose another folder with --output\n");
}

}  // namespace
}  // namespace gsfit::test

// gsfit video: videos of runs, as ffprobe sees them.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class VideoCommand : public testing::Test {
protected:
    void SetUp() override { write_picture(workspace_ / "photo.png", 64, 48); }

    /// A run of 20 steps with frames at 0, 5, 10, 15 and 20.
    void record(const std::vector<std::string>& more = {"--video_keep_frames=true"}) const {
        std::vector<std::string> words = short_training("photo.png", "run", more);
        words.insert(words.end(), {"--make_training_video=true", "--video_iterations=5", "--video_fps=10"});
        const Result result = gsfit(workspace_, words);
        ASSERT_EQ(result.exit_code, 0) << result.err;
    }

    /// What ffprobe says of the video's one stream, every picture decoded.
    [[nodiscard]] Json probe(const std::string& file) const {
        const Result result =
            Process(workspace_, "ffprobe", {"-v", "error", "-count_frames", "-show_streams", "-of", "json", file}, {})
                .wait();
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_EQ(result.err, "");
        const Json streams = Json::parse(result.out).at("streams");
        EXPECT_EQ(streams.size(), 1U);
        return streams.at(0);
    }

    void expect_failure(const std::vector<std::string>& arguments, int exit_code, const std::string& sentence) const {
        const Result result = gsfit(workspace_, arguments);
        EXPECT_EQ(result.exit_code, exit_code);
        EXPECT_EQ(result.err, "gsfit: " + sentence + "\n");
        EXPECT_EQ(result.out, "");
    }

    const Workspace workspace_;
};

TEST_F(VideoCommand, ATrainedRunHasAVideoThatPlayersUnderstand) {
    record({});
    EXPECT_FALSE(fs::exists(workspace_ / "run/frames"));
    const Json stream = probe("run/video.mp4");
    EXPECT_EQ(stream["codec_name"], "h264");
    EXPECT_EQ(stream["profile"], "High");
    EXPECT_EQ(stream["pix_fmt"], "yuv420p");
    for (const char* tag : {"color_space", "color_transfer", "color_primaries"}) {
        EXPECT_EQ(stream[tag], "bt709");
    }
    EXPECT_EQ(stream["color_range"], "tv");
    EXPECT_EQ(stream["chroma_location"], "left");
    EXPECT_EQ(stream["sample_aspect_ratio"], "1:1");
    EXPECT_EQ(stream["avg_frame_rate"], "10/1");
    EXPECT_EQ(stream["nb_frames"], "15");
    EXPECT_EQ(stream["nb_read_frames"], "15");
    EXPECT_EQ(stream["duration"], "1.500000");
}

TEST_F(VideoCommand, MakesAVideoAgainInAnotherLayout) {
    record();
    fs::remove(workspace_ / "run/video.mp4");
    const Result result =
        gsfit(workspace_, {"video", "run", "--video_layout=slider", "--video_fps=5", "--progress=plain", "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "making a video of 5 frames\n");
    const Json report = Json::parse(result.out);
    EXPECT_EQ(report, (Json{{"file", "run/video.mp4"},
                            {"frames", 10},
                            {"width", 640},
                            {"height", report.value("height", 0)},
                            {"seconds", 2.0},
                            {"encoder", "libx264"}}));
    const Json stream = probe("run/video.mp4");
    EXPECT_EQ(stream["width"], report["width"]);
    EXPECT_EQ(stream["height"], report["height"]);
    EXPECT_EQ(stream["nb_read_frames"], "10");

    const Result other = gsfit(workspace_, {"video", "run", "-o", "other.mp4", "--progress", "none"});
    EXPECT_EQ(other.exit_code, 0);
    EXPECT_EQ(other.err, "");
    EXPECT_EQ(other.out.rfind("file     other.mp4\n", 0), 0U) << other.out;
    EXPECT_GT(probe("other.mp4")["width"], 1280);
    EXPECT_TRUE(fs::exists(workspace_ / "run/frames/step-20.jpg"));
}

TEST_F(VideoCommand, MakesOneOfARunThatWasKilled) {
    std::vector<std::string> words = short_training("photo.png", "run", {"--max_steps=1000000"});
    words.insert(words.end(), {"--make_training_video=true", "--video_iterations=10"});
    Process process(workspace_, words);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!fs::exists(workspace_ / "run/frames/step-30.json") && std::chrono::steady_clock::now() < deadline) {
        ASSERT_TRUE(process.running());
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    process.send(SIGKILL);
    process.wait();
    ASSERT_FALSE(fs::exists(workspace_ / "run/video.mp4"));
    const Result result = gsfit(workspace_, {"video", "run", "--video_fps", "1"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_GE(std::stoi(probe("run/video.mp4")["nb_read_frames"].get<std::string>()), 5);
}

TEST_F(VideoCommand, SaysHowManyFramesAreDamaged) {
    record();
    write_text(workspace_ / "run/frames/step-10.jpg", "no picture");
    write_text(workspace_ / "run/frames/notes.txt", "of somebody else");
    const Result result = gsfit(workspace_, {"video", "run", "--progress", "none"});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_NE(result.err.find("1 of 5 frames are not in the video"), std::string::npos) << result.err;
    EXPECT_EQ(probe("run/video.mp4")["nb_read_frames"], "14");
    EXPECT_EQ(read_text(workspace_ / "run/frames/notes.txt"), "of somebody else");
}

TEST_F(VideoCommand, SaysWhyThereAreNoFrames) {
    record({});
    const std::string before = read_text(workspace_ / "run/video.mp4");
    expect_failure({"video", "run"}, 3,
                   "'run' has no frames: they are recorded with make_training_video and removed once the video is "
                   "made, unless video_keep_frames is set");
    EXPECT_EQ(read_text(workspace_ / "run/video.mp4"), before);
}

TEST_F(VideoCommand, RefusesWhatIsNoRunAndNoVideo) {
    fs::create_directory(workspace_ / "empty");
    expect_failure({"video"}, 2, "no run folder is given; name one");
    expect_failure({"video", "empty"}, 3, "'empty' holds no run; name the folder of one");
    expect_failure({"video", "missing"}, 3, "'missing' holds no run; name the folder of one");
    record();
    expect_failure({"video", "run", "-o", "video.avi"}, 2,
                   "'video.avi' does not end in .mp4, which is what a video is written as");
    expect_failure({"video", "run", "--progress", "none", "-o", "missing/video.mp4"}, 6,
                   "cannot write 'missing/video.mp4': No such file or directory; make sure that its directory exists");
}

TEST_F(VideoCommand, AFullDiskKeepsTheOldVideoAndTheFrames) {
    record();
    const std::string before = read_text(workspace_ / "run/video.mp4");
    const Result result = gsfit_with_file_limit(workspace_, 8192, {"video", "run", "--progress", "none"});
    EXPECT_EQ(result.exit_code, 6);
    EXPECT_EQ(
        result.err,
        "gsfit: cannot write 'run/video.mp4': File too large; raise the limit on file sizes (ulimit -f) or choose "
        "another file system\n");
    EXPECT_EQ(read_text(workspace_ / "run/video.mp4"), before);
    EXPECT_TRUE(fs::exists(workspace_ / "run/frames/step-0.jpg"));
}

}  // namespace
}  // namespace gsfit::test

// gsfit train end to end: formats, the run folder, results and progress.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;

struct FormatCase {
    const char* name;
    const char* file;
    PictureKind kind;
};

void PrintTo(const FormatCase& format, std::ostream* stream) { *stream << format.name; }

class TrainFormat : public testing::TestWithParam<FormatCase> {};

TEST_P(TrainFormat, IsFittedAndRenderedInItsColours) {
    const Workspace workspace;
    const FormatCase& format = GetParam();
    write_picture(workspace / format.file, 72, 40, format.kind);
    const Result result = gsfit(workspace, short_training(format.file, "run", {"--max_steps=150", "--json"}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_GT(nlohmann::json::parse(result.out)["psnr"].get<double>(), 20);
    const PictureSize size = picture_size(workspace / "run/render.png");
    EXPECT_EQ(size.width, 72);
    EXPECT_EQ(size.height, 40);
    EXPECT_EQ(size.channels, format.kind.channels);
}

INSTANTIATE_TEST_SUITE_P(
    All, TrainFormat,
    testing::Values(FormatCase{"GreyPng", "p.png", {1, 8}}, FormatCase{"GreyPng16", "p.png", {1, 16}},
                    FormatCase{"RgbPng", "p.png", {3, 8}}, FormatCase{"RgbPng16", "p.png", {3, 16}},
                    FormatCase{"GreyTiff", "p.tif", {1, 8}}, FormatCase{"RgbTiff16", "p.tiff", {3, 16}},
                    FormatCase{"GreyJpeg", "p.jpg", {1, 8}}, FormatCase{"RgbJpeg", "p.jpg", {3, 8}},
                    FormatCase{"RgbWebp", "p.webp", {3, 8}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Train, RunFolderHoldsEverythingAboutTheRun) {
    const Workspace workspace;
    make_run(workspace);
    for (const char* name : {"config.yaml", "run.json", "metrics.csv", "log.txt", "render.png",
                             "checkpoints/step-20.safetensors", "checkpoints/latest"}) {
        EXPECT_TRUE(fs::exists(workspace / "run" / name)) << name;
    }
    const auto record = nlohmann::json::parse(read_text(workspace / "run/run.json"));
    EXPECT_EQ(record["exit"], "finished");
    EXPECT_EQ(record["steps"], 20);
    EXPECT_EQ(record["gaussians"], 100);
    EXPECT_EQ(record["threads"], 1);
    EXPECT_EQ(fs::path(record["image"]["path"].get<std::string>()), fs::canonical(workspace.path()) / "photo.png");
    EXPECT_NE(read_text(workspace / "run/config.yaml").find("max_steps: 20"), std::string::npos);
    EXPECT_NE(read_text(workspace / "run/log.txt").find("training finished at step 20"), std::string::npos);
}

TEST(Train, ResultGoesToStdoutAndNothingElseDoes) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 64, 48);
    const Result text = gsfit(workspace, short_training("photo.png", "text"));
    EXPECT_EQ(text.exit_code, 0);
    EXPECT_EQ(text.err, "");
    EXPECT_EQ(text.out.rfind("folder     text\npsnr  ", 0), 0U) << text.out;

    const Result json = gsfit(workspace, short_training("photo.png", "json", {"--json"}));
    EXPECT_EQ(json.err, "");
    const auto object = nlohmann::json::parse(json.out);
    EXPECT_EQ(object["folder"], "json");
    EXPECT_EQ(object["gaussians"], 100);
    EXPECT_EQ(object["steps"], 20);
    EXPECT_GT(object["psnr"].get<double>(), 10);
    EXPECT_GT(object["ssim"].get<double>(), 0);
    EXPECT_GT(object["seconds"].get<double>(), 0);
    EXPECT_EQ(object.size(), 6U);
}

TEST(Train, FolderIsNamedByImageOrExperiment) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 32, 32);
    const std::vector<std::string> few{"--num_gaussians", "20", "--max_steps", "4", "--progress", "none"};
    std::vector<std::string> words{"train", "photo.png"};
    words.insert(words.end(), few.begin(), few.end());
    EXPECT_EQ(gsfit(workspace, words).exit_code, 0);
    EXPECT_TRUE(fs::exists(workspace / "results/photo/run.json"));
    words.insert(words.end(), {"--log-root", "fits", "--exp-name", "first"});
    EXPECT_EQ(gsfit(workspace, words).exit_code, 0);
    EXPECT_TRUE(fs::exists(workspace / "fits/first/run.json"));
}

TEST(Train, SameSeedSameBytesForAnyNumberOfThreads) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 200, 130);
    ASSERT_EQ(gsfit(workspace, short_training("photo.png", "one")).exit_code, 0);
    ASSERT_EQ(gsfit(workspace, short_training("photo.png", "two", {"--threads=2"})).exit_code, 0);
    EXPECT_EQ(latest_checkpoint_without_seconds(workspace / "one"),
              latest_checkpoint_without_seconds(workspace / "two"));
}

TEST(Train, NamesWithSpacesUtf8AndLeadingDashes) {
    const Workspace workspace;
    write_picture(workspace / "a, b.png", 32, 32);
    for (const char* name : {"two words.png", "Übergröße 図.png", "-dash.png"}) {
        fs::copy_file(workspace / "a, b.png", workspace / name);
        std::vector<std::string> words{"train", "--num_gaussians", "20", "--max_steps", "4", "--progress", "none", "--",
                                       name};
        const Result result = gsfit(workspace, words);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_TRUE(fs::exists(workspace / "results" / fs::path(name).stem() / "render.png")) << name;
    }
    EXPECT_EQ(gsfit(workspace, short_training("a, b.png", "x, y")).exit_code, 0);
    EXPECT_EQ(gsfit(workspace, {"info", "x, y"}).exit_code, 0);
}

TEST(Train, ConfigurationFileAndResize) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 100, 60);
    write_text(workspace / "run.yaml",
               "input_path: photo.png\nresize_max: 50\nnum_gaussians: 40\nmax_steps: 8\nprogress: none\n");
    const Result result = gsfit(workspace, {"train", "--config", "run.yaml"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(picture_size(workspace / "results/photo/render.png").width, 50);
    EXPECT_EQ(picture_size(workspace / "results/photo/render.png").height, 30);
}

TEST(Train, MaxSecondsEndsTheRunByTheClock) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 64, 48);
    const Result result = gsfit(workspace, {"train", "photo.png", "--output", "run", "--num_gaussians", "100",
                                            "--max_seconds", "0.5", "--progress", "none", "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NEAR(nlohmann::json::parse(result.out)["seconds"].get<double>(), 0.5, 0.3);
}

TEST(TrainProgress, PlainLinesWhereThereIsNoTerminal) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 64, 48);
    const Result result = gsfit(workspace, {"train", "photo.png", "--output", "run", "--num_gaussians", "100",
                                            "--max_steps", "20", "--eval_steps", "10"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err.rfind("decoding photo.png\nstarting\n", 0), 0U) << result.err;
    EXPECT_NE(result.err.find("\n 50%  step 10/20  "), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("\n100%  step 20/20  "), std::string::npos) << result.err;
    EXPECT_NE(result.err.find(" dB  100 Gaussians  "), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find('\r'), std::string::npos);
}

TEST(TrainProgress, BarIsOneLineDrawnOverAndOver) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 64, 48);
    const Result result = gsfit(workspace, {"train", "photo.png", "--output", "run", "--num_gaussians", "100",
                                            "--max_steps", "20", "--progress", "bar"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.err.find("\r\033[Kdecoding photo.png ..."), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("\r\033[K100% ["), std::string::npos) << result.err;
}

TEST(TrainProgress, JsonIsOneObjectALine) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 64, 48);
    const Result result = gsfit(workspace, {"train", "photo.png", "--output", "run", "--num_gaussians", "100",
                                            "--max_steps", "20", "--eval_steps", "10", "--progress", "json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    std::istringstream lines(result.err);
    std::vector<std::string> events;
    for (std::string line; std::getline(lines, line);) {
        const auto object = nlohmann::json::parse(line);
        events.push_back(object["event"]);
        if (events.back() == "evaluated") {
            EXPECT_GT(object["psnr"].get<double>(), 0);
            EXPECT_EQ(object["max_steps"], 20);
        }
    }
    EXPECT_EQ(std::count(events.begin(), events.end(), "evaluated"), 2);
    EXPECT_EQ(std::count(events.begin(), events.end(), "started"), 1);
    EXPECT_EQ(std::count(events.begin(), events.end(), "finished"), 1);
}

}  // namespace
}  // namespace gsfit::test

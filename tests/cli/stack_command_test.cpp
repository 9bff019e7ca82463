// A folder of textures as one field: trained, resumed, rendered, measured, reported.

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A surface of bumps: height in [0, 1] at a pixel.
double bump(double x, double y) {
    return 0.5 + 0.25 * std::sin(x * 0.2) * std::cos(y * 0.3) + 0.2 * std::sin((x + y) * 0.1);
}

/// Image of a function (x, y, channel) -> [0, 1]; RGB in OpenCV's order. type: CV_8UC1, CV_8UC3 or CV_16UC1.
template <class Value>
cv::Mat texture(int type, const Value& value) {
    cv::Mat image(48, 64, type);
    const int channels = image.channels();
    for (int y = 0; y < image.rows; ++y) {
        for (int i = 0; i < image.cols * channels; ++i) {
            const double v = std::clamp(value(i / channels, y, channels - 1 - i % channels), 0.0, 1.0);
            if (image.depth() == CV_8U) {
                image.ptr<std::uint8_t>(y)[i] = static_cast<std::uint8_t>(std::lround(v * 255));
            } else if (image.depth() == CV_16U) {
                image.ptr<std::uint16_t>(y)[i] = static_cast<std::uint16_t>(std::lround(v * 65535));
            } else {
                image.ptr<float>(y)[i] = static_cast<float>(v);
            }
        }
    }
    return image;
}

/// What a material of a physically based renderer has: 11 channels in seven files.
void write_material(const fs::path& folder) {
    fs::create_directory(folder);
    const auto write = [&](const char* name, int type, const auto& value) {
        cv::imwrite(folder / name, texture(type, value));
    };
    write("albedo.png", CV_8UC3, [](int x, int y, int c) { return 0.2 + 0.2 * c + 0.4 * (bump(x, y) - 0.5); });
    write("ao.jpg", CV_8UC1, [](int x, int y, int) { return 0.5 + 0.5 * bump(x, y); });
    write("displacement.tif", CV_32FC1, [](int x, int y, int) { return 0.3 * bump(x, y); });
    write("height.png", CV_16UC1, [](int x, int y, int) { return bump(x, y); });
    write("metalness.png", CV_8UC1, [](int x, int, int) { return x < 32 ? 0.0 : 1.0; });
    write("normal.png", CV_8UC3, [](int x, int y, int c) {
        const double slope = c == 0 ? bump(x + 1, y) - bump(x, y) : bump(x, y + 1) - bump(x, y);
        return c == 2 ? 0.95 : 0.5 + 2 * slope;
    });
    write("roughness.png", CV_8UC1, [](int x, int y, int) { return 1 - 0.6 * bump(y, x); });
}

class Stack : public testing::Test {
protected:
    void SetUp() override { write_material(workspace_ / "rock"); }

    [[nodiscard]] Result train(const std::vector<std::string>& more = {}) const {
        return gsfit(workspace_, short_training("rock", "run", more));
    }

    const Workspace workspace_;
    const std::vector<std::string> names_{"albedo", "ao", "displacement", "height", "metalness", "normal", "roughness"};
};

TEST_F(Stack, IsFittedAndSplitAgain) {
    const Result result = train({"--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const json trained = json::parse(result.out);
    const json record = json::parse(read_text(workspace_ / "run/run.json"));
    for (const std::string& name : names_) {
        EXPECT_GT(trained["maps"][name]["psnr"], 10.0) << name;
        EXPECT_EQ(trained["maps"][name], record["maps"][name]);
        const std::string ending = name == "displacement" ? ".exr" : ".png";
        EXPECT_TRUE(fs::exists(workspace_ / "run" / ("render_" + name + ending))) << name;
    }
    EXPECT_FALSE(fs::exists(workspace_ / "run/render.png"));
    EXPECT_TRUE(fs::exists(workspace_ / "run/report.html"));
    EXPECT_EQ(picture_size(workspace_ / "run/render_albedo.png").channels, 3);
    EXPECT_EQ(picture_size(workspace_ / "run/render_height.png").bits, 16);
    EXPECT_EQ(picture_size(workspace_ / "run/render_height.png").channels, 1);

    const Result measured = gsfit(workspace_, {"eval", "run", "--json"});
    ASSERT_EQ(measured.exit_code, 0) << measured.err;
    const json quality = json::parse(measured.out);
    EXPECT_NEAR(quality["psnr"].get<double>(), trained["psnr"].get<double>(), 1e-6);
    EXPECT_EQ(quality["maps"].size(), 7);
    double squared = 0;  // of all channels together
    for (const auto& [name, map] : quality["maps"].items()) {
        const int channels = name == "albedo" || name == "normal" ? 3 : 1;
        squared += channels * std::pow(10, -map["psnr"].get<double>() / 10);
    }
    EXPECT_NEAR(quality["psnr"].get<double>(), -10 * std::log10(squared / 11), 1e-6);

    const json info = json::parse(gsfit(workspace_, {"info", "run", "--json"}).out);
    EXPECT_EQ(info["channels"], 11);
    EXPECT_EQ(info["maps"]["normal"]["first_channel"], 7);
    EXPECT_EQ(info["maps"]["height"]["bits"], 16);
    EXPECT_EQ(info["maps"]["displacement"]["bits"], 32);
}

TEST_F(Stack, RendersAFileForEachMap) {
    ASSERT_EQ(train().exit_code, 0);
    const Result refused = gsfit(workspace_, {"render", "run", "-o", "out.png"});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_EQ(
        refused.err,
        "gsfit: cannot write 'out_displacement.png': .png files cannot hold the floating point of this image; use "
        ".exr or .tif\n");
    const Result rendered = gsfit(workspace_, {"render", "run", "-o", "out.tif", "--scale", "2"});
    ASSERT_EQ(rendered.exit_code, 0) << rendered.err;
    for (const std::string& name : names_) {
        const PictureSize size = picture_size(workspace_ / ("out_" + name + ".tif"));
        EXPECT_EQ(size.width, 128) << name;
        EXPECT_EQ(size.channels, name == "albedo" || name == "normal" ? 3 : 1) << name;
    }
    const cv::Mat metal = cv::imread(workspace_ / "out_metalness.tif", cv::IMREAD_UNCHANGED);
    EXPECT_LT(metal.ptr<std::uint8_t>(48)[16], 60);
    EXPECT_GT(metal.ptr<std::uint8_t>(48)[112], 195);
}

TEST_F(Stack, ResumesAndRecords) {
    const Result trained = train({"--make_training_video=true", "--video_iterations=10", "--target_storage=file",
                                  "--save_ckpt_steps=10", "--save_checkpoint_keep=0"});
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    EXPECT_TRUE(fs::exists(workspace_ / "run/video.mp4"));
    EXPECT_EQ(gsfit(workspace_, {"report", "run"}).exit_code, 0);
    const auto albedo = [&] { return read_text(workspace_ / "run/render_albedo.png"); };
    const std::string before = albedo();
    fs::remove(workspace_ / "run/render_albedo.png");
    fs::remove(workspace_ / "run/checkpoints/step-20.safetensors");
    fs::remove(workspace_ / "run/checkpoints/latest");
    fs::create_symlink("step-10.safetensors", workspace_ / "run/checkpoints/latest");
    mark_as_running(workspace_ / "run");
    const Result resumed = gsfit(workspace_, {"train", "--resume", "run"});
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_TRUE(albedo() == before);
    const Result plan = gsfit(workspace_, {"plan", "rock", "--num_gaussians", "100", "--json"});
    ASSERT_EQ(plan.exit_code, 0) << plan.err;
    EXPECT_EQ(json::parse(plan.out)["channels"], 11);
}

TEST_F(Stack, MistakesAreSaidInASentence) {
    write_picture(workspace_ / "rock/small.png", 32, 32);
    const Result result = train();
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.err,
              "gsfit: cannot read 'rock/small.png': it has 32 x 32 pixels and 'rock/albedo.png' has 64 x 48 pixels, "
              "while the images of a texture stack are of one size; scale it, move it to another folder, or fit each "
              "image by itself with --each\n");
    EXPECT_FALSE(fs::exists(workspace_ / "run"));
}

TEST(Alpha, IsFittedAndComesBack) {
    const Workspace workspace;
    cv::Mat image(48, 64, CV_8UC4, cv::Scalar(30, 90, 200, 0));
    image.colRange(0, 40).setTo(cv::Scalar(30, 90, 200, 255));
    cv::imwrite(workspace / "a.png", image);
    ASSERT_EQ(gsfit(workspace, short_training("a.png", "run")).exit_code, 0);
    const cv::Mat render = cv::imread(workspace / "run/render.png", cv::IMREAD_UNCHANGED);
    ASSERT_EQ(render.channels(), 4);
    EXPECT_GT(render.ptr<std::uint8_t>(24, 10)[3], 200);
    EXPECT_NEAR(render.ptr<std::uint8_t>(24, 10)[2], 200, 30);
    EXPECT_LT(render.ptr<std::uint8_t>(24, 60)[3], 50);
    EXPECT_EQ(gsfit(workspace, {"render", "run", "-o", "a.jpg"}).err,
              "gsfit: cannot write 'a.jpg': .jpg files cannot hold the alpha of this image; use .png, .webp, .tif or "
              ".exr\n");
}

TEST(Gamma, IsOfTheRunAndUndone) {
    const Workspace workspace;
    write_picture(workspace / "a.png", 64, 48);
    ASSERT_EQ(gsfit(workspace, short_training("a.png", "plain")).exit_code, 0);
    ASSERT_EQ(gsfit(workspace, short_training("a.png", "run", {"--gamma", "2.2"})).exit_code, 0);
    EXPECT_GT(compare_pictures(workspace / "plain/render.png", workspace / "run/render.png").mean, 0.5);
    const json info = json::parse(gsfit(workspace, {"info", "run", "--json"}).out);
    EXPECT_NEAR(info["maps"].front()["gamma"].get<double>(), 2.2, 1e-6);
    const double told = json::parse(read_text(workspace / "run/run.json"))["psnr"];
    const cv::Mat target = cv::imread(workspace / "a.png");
    EXPECT_NEAR(told, cv::PSNR(target, cv::imread(workspace / "run/render.png")), 0.05) << "of values as they are seen";
    const Result measured = gsfit(workspace, {"eval", "run", "--json"});
    EXPECT_NEAR(json::parse(measured.out)["psnr"].get<double>(), told, 1e-6);
    const Result refused = gsfit(workspace, short_training("a.png", "other", {"--gamma", "11"}));
    EXPECT_EQ(refused.exit_code, 2);
}

}  // namespace
}  // namespace gsfit::test

// gsfit render, eval and info on a saved run, and on damaged ones.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <regex>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;

class Saved : public testing::Test {
protected:
    void SetUp() override { make_run(workspace_); }

    [[nodiscard]] Result run(const std::vector<std::string>& words) const { return gsfit(workspace_, words); }

    void expect_refused(const std::vector<std::string>& words, int exit_code, const std::string& sentence) const {
        const Result result = run(words);
        EXPECT_EQ(result.exit_code, exit_code);
        EXPECT_EQ(result.err, "gsfit: " + sentence + "\n");
        EXPECT_EQ(result.out, "");
    }

    void expect_size(const std::vector<std::string>& how, int width, int height) const {
        std::vector<std::string> words{"render", "run", "-o", "out.png"};
        words.insert(words.end(), how.begin(), how.end());
        const Result result = run(words);
        ASSERT_EQ(result.exit_code, 0) << result.err;
        EXPECT_EQ(result.out + result.err, "");
        EXPECT_EQ(picture_size(workspace_ / "out.png").width, width);
        EXPECT_EQ(picture_size(workspace_ / "out.png").height, height);
    }

    [[nodiscard]] fs::path checkpoint() const { return workspace_ / "run/checkpoints/step-20.safetensors"; }

    const Workspace workspace_;
};

TEST_F(Saved, RenderAtAnySize) {
    expect_size({}, 64, 48);
    EXPECT_EQ(compare_pictures(workspace_ / "out.png", workspace_ / "run/render.png").greatest, 0);
    expect_size({"--width", "200"}, 200, 150);
    expect_size({"--height", "24"}, 32, 24);
    expect_size({"--scale", "2.5"}, 160, 120);
    expect_size({"--scale", "0.001"}, 1, 1);
}

TEST_F(Saved, RenderOfACheckpointFileInOtherFormats) {
    for (const char* name : {"out.jpg", "out.tif", "out.webp", "out.bmp"}) {
        EXPECT_EQ(run({"render", "run/checkpoints/step-20.safetensors", "--output", name}).exit_code, 0) << name;
        EXPECT_EQ(picture_size(workspace_ / name).width, 64) << name;
    }
}

TEST_F(Saved, CropIsAPartOfTheWhole) {
    expect_size({"--scale", "3"}, 192, 144);
    cut_picture(workspace_ / "out.png", 101, 33, 57, 80, workspace_ / "part.png");
    expect_size({"--scale", "3", "--crop", "101,33,57,80"}, 57, 80);
    EXPECT_LE(compare_pictures(workspace_ / "out.png", workspace_ / "part.png").greatest, 1);
}

TEST_F(Saved, RenderRefusesSizesThatMakeNoSense) {
    const auto refused = [&](const std::vector<std::string>& how, const std::string& sentence) {
        std::vector<std::string> words{"render", "run", "-o", "out.png"};
        words.insert(words.end(), how.begin(), how.end());
        expect_refused(words, 2, sentence);
    };
    refused({"--width", "0"}, "--width must be an integer from 1 to 16777216, not '0'");
    refused({"--width", "16777217"}, "--width must be an integer from 1 to 16777216, not '16777217'");
    refused({"--height", "12px"}, "--height must be an integer from 1 to 16777216, not '12px'");
    refused({"--scale", "-1"}, "--scale must be a number above 0, up to 16777216, not '-1'");
    refused({"--scale", "nan"}, "--scale must be a number above 0, up to 16777216, not 'nan'");
    refused({"--scale", "300000"},
            "a raster of 19200000 x 14400000 pixels is too large; its longer side may be 16777216 pixels");
    refused({"--scale", "2", "--width", "5"}, "--width, --height and --scale exclude one another; give one of them");
    refused({"--crop", "1,2,3"}, "--crop must be four integers x,y,width,height, not '1,2,3'");
    refused({"--crop", "0,0,4,4,4"}, "--crop must be four integers x,y,width,height, not '0,0,4,4,4'");
    refused({"--crop", "60,0,5,5"}, "--crop 60,0,5,5 does not lie within the raster of 64 x 48 pixels");
    refused({"--crop", "0,0,0,5"}, "--crop 0,0,0,5 does not lie within the raster of 64 x 48 pixels");
    refused({"--crop", "1,1,9223372036854775807,1"},
            "--crop 1,1,9223372036854775807,1 does not lie within the raster of 64 x 48 pixels");
    EXPECT_FALSE(fs::exists(workspace_ / "out.png"));
}

TEST_F(Saved, RenderNeedsAnOutputThatIsAnImage) {
    expect_refused({"render", "run"}, 2, "no output is given; name the image to write with -o");
    expect_refused({"render", "-o", "out.png"}, 2, "no run folder, .safetensors or .gsf file is given; name one");
    const Result result = run({"render", "run", "-o", "out.xyz"});
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(run({"render", "run", "-o", "nowhere/out.png"}).exit_code, 6);
}

TEST_F(Saved, EvalAgreesWithTraining) {
    const Result result = run({"eval", "run", "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    const auto json = nlohmann::json::parse(result.out);
    const auto record = nlohmann::json::parse(read_text(workspace_ / "run/run.json"));
    EXPECT_NEAR(json["psnr"].get<double>(), record["psnr"].get<double>(), 1e-9);
    EXPECT_NEAR(json["ssim"].get<double>(), record["ssim"].get<double>(), 1e-9);
    EXPECT_EQ(json["gaussians"], 100);
    EXPECT_EQ(json["bytes"], fs::file_size(checkpoint()));
    EXPECT_NEAR(json["bpp"].get<double>(), 8.0 * static_cast<double>(fs::file_size(checkpoint())) / (64 * 48), 1e-9);
}

TEST_F(Saved, EvalOfAFileFindsItsRunOrTakesAnImage) {
    EXPECT_EQ(run({"eval", "run/checkpoints/step-20.safetensors"}).exit_code, 0);
    fs::create_directories(workspace_ / "of/none");
    fs::copy_file(checkpoint(), workspace_ / "of/none/x.safetensors");
    expect_refused({"eval", "of/none/x.safetensors"}, 2,
                   "'of/none/x.safetensors' lies in no run folder that tells its image; give one with --image");
    EXPECT_EQ(run({"eval", "of/none/x.safetensors", "--image", "photo.png"}).exit_code, 0);
    write_picture(workspace_ / "other.png", 48, 64);
    expect_refused({"eval", "run", "--image", "other.png"}, 3,
                   "'other.png' (48 x 64 pixels, 3 channels) is not the image that was fitted (64 x 48, 3); name that "
                   "one with --image");
}

TEST_F(Saved, InfoTellsWhatIsInside) {
    const Result result = run({"info", "run", "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto json = nlohmann::json::parse(result.out);
    EXPECT_EQ(json["gaussians"], 100);
    EXPECT_EQ(json["channels"], 3);
    EXPECT_EQ(json["width"], 64);
    EXPECT_EQ(json["height"], 48);
    EXPECT_EQ(json["blend"], "norm");
    EXPECT_EQ(json["topk"], 10);
    EXPECT_EQ(json["support"], "ellipse");
    EXPECT_EQ(json["run"]["exit"], "finished");
    const Result text = run({"info", "run/checkpoints/step-20.safetensors"});
    EXPECT_EQ(text.exit_code, 0);
    EXPECT_TRUE(std::regex_search(text.out, std::regex("\ngaussians +100\n"))) << text.out;
}

TEST_F(Saved, RendersEachChannelOfAFieldThatIsNoImage) {
    const std::string header =
        R"({"__metadata__":{"format":"gsfit-checkpoint","version":"1","raster_width":"4","raster_height":"4",)"
        R"("blend":"sum","blend_eps":"0.003","cutoff":"4"},)"
        R"("feature":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
        R"("inv_scale":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]},)"
        R"("position":{"dtype":"F32","shape":[1,2],"data_offsets":[16,24]},)"
        R"("rotation":{"dtype":"F32","shape":[1,1],"data_offsets":[24,28]}})";
    const std::uint64_t length = header.size();
    const std::array<float, 7> values{1, 1, 1, 1, 0.5F, 0.5F, 0};
    write_text(workspace_ / "two.safetensors", std::string(reinterpret_cast<const char*>(&length), sizeof length) +
                                                   header +
                                                   std::string(reinterpret_cast<const char*>(&values), sizeof values));
    EXPECT_EQ(run({"info", "two.safetensors"}).exit_code, 0);
    EXPECT_EQ(run({"render", "two.safetensors", "-o", "out.png"}).exit_code, 0);
    EXPECT_EQ(picture_size(workspace_ / "out_channel-1.png").channels, 1);
    EXPECT_EQ(picture_size(workspace_ / "out_channel-2.png").width, 4);
}

TEST_F(Saved, ThreadsOfTheEnvironmentCount) {
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"render", "run", "-o", "out.png"}, std::vector<std::string>{"eval", "run"}}) {
        EXPECT_EQ(gsfit(workspace_, words, {"GSFIT_THREADS=2"}).exit_code, 0);
        const Result result = gsfit(workspace_, words, {"GSFIT_THREADS=many"});
        EXPECT_EQ(result.exit_code, 2);
        EXPECT_EQ(result.err, "gsfit: GSFIT_THREADS must be a whole number, 0 to 1024, not 'many'\n");
    }
}

TEST_F(Saved, AFolderThatLeadsNowhere) {
    fs::create_symlink("loop", workspace_ / "loop");
    for (const char* command : {"info", "eval"}) {
        expect_refused({command, "loop/run"}, 3,
                       "cannot read 'loop/run': Too many levels of symbolic links; check the name and its permissions");
    }
}

TEST_F(Saved, MissingFilesAndFolders) {
    EXPECT_EQ(run({"info", "nowhere"}).exit_code, 3);
    fs::create_directory(workspace_ / "empty");
    expect_refused({"info", "empty"}, 3,
                   "there is no checkpoint in 'empty'; name a run folder, a .safetensors or a .gsf file");
    const Result picture = run({"info", "photo.png"});
    EXPECT_EQ(picture.exit_code, 3);
    EXPECT_EQ(picture.err.rfind("gsfit: 'photo.png' is damaged or no safetensors file: ", 0), 0U) << picture.err;
}

TEST_F(Saved, TruncatedCheckpoint) {
    fs::resize_file(checkpoint(), fs::file_size(checkpoint()) / 2);
    for (const char* command : {"info", "eval"}) {
        const Result result = run({command, "run"});
        EXPECT_EQ(result.exit_code, 3);
        EXPECT_EQ(result.err.rfind("gsfit: no checkpoint in 'run/checkpoints' can be used; the newest: ", 0), 0U)
            << result.err;
    }
    const Result file = run({"render", "run/checkpoints/step-20.safetensors", "-o", "out.png"});
    EXPECT_EQ(file.exit_code, 3);
    EXPECT_FALSE(fs::exists(workspace_ / "out.png"));
}

TEST_F(Saved, NanInACheckpoint) {
    std::string bytes = read_text(checkpoint());
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    const auto header = nlohmann::json::parse(bytes.substr(sizeof length, length));
    const std::size_t start = sizeof length + length + header["position"]["data_offsets"][0].get<std::size_t>();
    const float nan = std::nanf("");
    std::memcpy(bytes.data() + start, &nan, sizeof nan);
    write_text(workspace_ / "nan.safetensors", bytes);
    expect_refused({"render", "nan.safetensors", "-o", "out.png"}, 3,
                   "cannot use 'nan.safetensors': tensor 'position' has a value that is not finite; use a checkpoint "
                   "that this gsfit has written");
}

}  // namespace
}  // namespace gsfit::test

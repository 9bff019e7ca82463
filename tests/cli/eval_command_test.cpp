// gsfit eval: the metrics that it prints.

#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

class Eval : public testing::Test {
protected:
    [[nodiscard]] nlohmann::json measured(std::vector<std::string> words) const {
        words.insert(words.end(), {"--json"});
        const Result result = gsfit(workspace_, words);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_EQ(result.err, "");
        return nlohmann::json::parse(result.out, nullptr, false);
    }

    void expect_refused(const std::string& module, const std::string& start) const {
        const Result result = gsfit(workspace_, {"eval", "run", "--lpips", module});
        EXPECT_EQ(result.exit_code, 3);
        EXPECT_EQ(result.out, "");
        EXPECT_EQ(result.err.rfind("gsfit: " + start, 0), 0U) << result.err;
        EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << result.err;
    }

    /// Writes a module that is this expression of image and target.
    void make_module(const std::string& name, const std::string& expression) const {
        torch::jit::Module module("measure");
        module.define("def forward(self, image, target):\n  return " + expression + "\n");
        module.save((workspace_ / name).string());
    }

    const Workspace workspace_;
};

TEST_F(Eval, MeasuresAPictureLargeEnoughInEveryWay) {
    write_picture(workspace_ / "large.png", 180, 170);
    ASSERT_EQ(gsfit(workspace_, short_training("large.png", "run")).exit_code, 0);
    make_module("distance.pt", "(image - target).abs().mean() / 2");
    const nlohmann::json json = measured({"eval", "run", "--lpips", "distance.pt"});
    for (const char* name : {"psnr", "ssim", "ms_ssim", "flip", "lpips", "gaussians", "bytes", "bpp"}) {
        EXPECT_TRUE(json[name].is_number()) << name;
    }
    EXPECT_GT(json["ms_ssim"], 0.05);
    EXPECT_LT(json["ms_ssim"], 1);
    EXPECT_GT(json["flip"], 0.001);
    EXPECT_LT(json["flip"], 1);
    ASSERT_EQ(gsfit(workspace_, {"render", "run", "-o", "out.png"}).exit_code, 0);
    EXPECT_NEAR(json["lpips"].get<double>() * 255,
                compare_pictures(workspace_ / "large.png", workspace_ / "out.png").mean, 0.3);
}

TEST_F(Eval, MeasuresAPictureAgainstAnother) {
    write_picture(workspace_ / "photo.png", 180, 170);
    ASSERT_EQ(gsfit(workspace_, short_training("photo.png", "run")).exit_code, 0);
    ASSERT_EQ(gsfit(workspace_, {"render", "run", "-o", "drawn.tif"}).exit_code, 0);
    const nlohmann::json of_field = measured({"eval", "run"});
    const nlohmann::json of_picture = measured({"eval", "drawn.tif", "--image", "photo.png"});
    EXPECT_NEAR(of_picture["psnr"], of_field["psnr"].get<double>(), 0.05);  // drawn.tif is rounded to 8 bits
    for (const char* name : {"ssim", "ms_ssim", "flip"}) {
        EXPECT_NEAR(of_picture[name], of_field[name].get<double>(), 0.002) << name;
    }
    EXPECT_EQ(of_picture["bytes"], std::filesystem::file_size(workspace_ / "drawn.tif"));
    EXPECT_FALSE(of_picture.contains("gaussians"));
    const nlohmann::json same = measured({"eval", "photo.png", "--image", "photo.png"});
    EXPECT_EQ(same["ssim"], 1);
    EXPECT_TRUE(same["psnr"].is_null());  // infinity
    EXPECT_EQ(same["flip"], 0);
}

TEST_F(Eval, PicturesThatAreNotAlikeAreRefused) {
    write_picture(workspace_ / "photo.png", 18, 17);
    write_picture(workspace_ / "other.png", 17, 18);
    const Result other = gsfit(workspace_, {"eval", "photo.png", "--image", "other.png"});
    EXPECT_EQ(other.exit_code, 3);
    EXPECT_NE(
        other.err.find("'photo.png' (18 x 17 pixels, 3 channels) and 'other.png' (17 x 18, 3) cannot be compared"),
        std::string::npos)
        << other.err;
    const Result alone = gsfit(workspace_, {"eval", "photo.png"});
    EXPECT_EQ(alone.exit_code, 2);
    EXPECT_NE(alone.err.find("--image"), std::string::npos) << alone.err;
}

TEST_F(Eval, ASmallPictureHasNoMsSsim) {
    make_run(workspace_);
    const nlohmann::json json = measured({"eval", "run"});
    EXPECT_TRUE(json.contains("ms_ssim"));
    EXPECT_TRUE(json["ms_ssim"].is_null());
    EXPECT_TRUE(json["flip"].is_number());
    EXPECT_FALSE(json.contains("lpips"));
    const Result table = gsfit(workspace_, {"eval", "run"});
    EXPECT_EQ(table.out.find("ms_ssim"), std::string::npos) << table.out;
    EXPECT_TRUE(std::regex_search(table.out, std::regex("\nssim +0[.][0-9]+\nflip +0[.][0-9]+\ngaussians +100\n")))
        << table.out;
}

TEST_F(Eval, AnLpipsModuleThatIsNoneIsRefused) {
    make_run(workspace_);
    expect_refused("photo.png", "cannot load 'photo.png' as a TorchScript module (");
    expect_refused("nowhere.pt", "cannot ");
    make_module("image.pt", "image");
    expect_refused("image.pt", "'image.pt' does not make one finite number of two images; ");
    make_module("wrong.pt", "(image @ target).mean()");
    expect_refused("wrong.pt", "'wrong.pt' failed as it was given two images (");
}

}  // namespace
}  // namespace gsfit::test

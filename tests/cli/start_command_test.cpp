// gsfit train that starts from a saved field, and what it refuses.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class Start : public testing::Test {
protected:
    void SetUp() override { make_run(workspace_); }

    /// A run of `image` that starts from the field of 100 Gaussians in `run`.
    [[nodiscard]] Result train(const std::string& image, const Words& more = {}) const {
        Words words = short_training(image, "next", more);
        words.insert(words.end(), {"--init_from_checkpoint=true", "--init_checkpoint_path=run"});
        return gsfit(workspace_, words);
    }

    void expect_refused(const Result& result, int exit_code, const std::string& sentence) const {
        EXPECT_EQ(result.exit_code, exit_code);
        EXPECT_EQ(result.err, "gsfit: " + sentence + "\n");
        EXPECT_FALSE(fs::exists(workspace_ / "next")) << "a refused run leaves no folder";
    }

    [[nodiscard]] double psnr_of(const std::string& folder) const {
        return nlohmann::json::parse(read_text(workspace_ / folder / "run.json"))["psnr"].get<double>();
    }

    const Workspace workspace_;
};

TEST_F(Start, GoesFurtherThanTheFieldItBeganWith) {
    const Result result = train("photo.png");
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    EXPECT_GT(psnr_of("next"), psnr_of("run"));
    EXPECT_NE(read_text(workspace_ / "next/log.txt").find("starts from the 100 Gaussians of 'run'"), std::string::npos);
}

TEST_F(Start, TakesAnImageOfAnotherSize) {
    write_picture(workspace_ / "large.png", 128, 96);
    ASSERT_EQ(train("large.png", {"--vis_gaussians=true", "--save_image_format=png"}).exit_code, 0);
    EXPECT_EQ(picture_size(workspace_ / "next/render.png").width, 128);
    ASSERT_EQ(gsfit(workspace_, {"render", "run", "-o", "before.png", "--scale", "2"}).exit_code, 0);
    EXPECT_LE(compare_pictures(workspace_ / "before.png", workspace_ / "next/pictures/step-0-render.png").greatest, 1);
}

TEST_F(Start, RefusesFieldsThatDoNotFit) {
    write_picture(workspace_ / "grey.png", 64, 48, {.channels = 1});
    expect_refused(train("grey.png"), 3,
                   "'run' has 3 channels and the image has 1; start from a field of as many (init_checkpoint_path)");
    expect_refused(
        train("photo.png", {"--num_gaussians=99"}), 2,
        "'run' holds 100 Gaussians and num_gaussians is 99; raise that to 100 or start from a smaller field");
    expect_refused(train("photo.png", {"--num_gaussians=101"}), 2,
                   "'run' holds 100 Gaussians and num_gaussians is 101; set init_partial and the run adds the rest, or "
                   "lower that to 100");
    expect_refused(
        train("photo.png", {"--num_gaussians=101", "--init_partial=true", "--initial_ratio=1"}), 2,
        "'run' holds 100 Gaussians and num_gaussians is 101; with initial_ratio 1 or disable_prog_optim a run "
        "adds none; change that or lower num_gaussians to 100");
    fs::remove_all(workspace_ / "run");
    EXPECT_EQ(train("photo.png").exit_code, 3);
    EXPECT_FALSE(fs::exists(workspace_ / "next"));
}

TEST_F(Start, AddsTheRestAndGoesOnWithoutTheField) {
    const Words more{"--num_gaussians=150", "--init_partial=true", "--max_steps=60", "--save_ckpt_steps=5",
                     "--save_checkpoint_keep=0"};
    ASSERT_EQ(train("photo.png", more).exit_code, 0);
    fs::rename(workspace_ / "next", workspace_ / "straight");
    EXPECT_EQ(nlohmann::json::parse(read_text(workspace_ / "straight/run.json"))["gaussians"], 150);

    // As a run that was killed after step 15, when a part of the rest was there.
    fs::copy(workspace_ / "straight", workspace_ / "killed", fs::copy_options::recursive);
    for (int step = 20; step <= 60; step += 5) {
        fs::remove(workspace_ / "killed/checkpoints" / ("step-" + std::to_string(step) + ".safetensors"));
    }
    fs::remove(workspace_ / "killed/checkpoints/latest");
    mark_as_running(workspace_ / "killed");
    fs::remove_all(workspace_ / "run");
    const Result resumed = gsfit(workspace_, {"train", "--resume", "killed", "--progress", "none"});
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(latest_checkpoint_without_seconds(workspace_ / "killed"),
              latest_checkpoint_without_seconds(workspace_ / "straight"));
}

TEST_F(Start, SaysThatTheFieldWasBlendedOtherwise) {
    const Result result = train("photo.png", {"--blend=sum"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(read_text(workspace_ / "next/log.txt").find("warning 'run' was fitted with blend norm"),
              std::string::npos);
}

}  // namespace
}  // namespace gsfit::test

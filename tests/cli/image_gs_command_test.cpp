// What people bring from Image-GS: its files, its keys, its way of training.

#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"
#include "unit/sentences.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Every key of a configuration of Image-GS, as its files have them, but for a run of 40 steps.
constexpr const char* image_gs_yaml = R"(# Image-GS
seed: 123
device: "cuda:0"
eval: False
render_height: 2048
quantize: False
pos_bits: 16
scale_bits: 16
rot_bits: 16
feat_bits: 16
log_root: "results"
exp_name: "test"
log_level: "INFO"
save_image_format: "jpg"
save_plot_format: "jpg"
vis_gaussians: False
save_image_steps: 100000
save_ckpt_steps: 100000
eval_steps: 20
gamma: 1.0
data_root: "media"
input_path: "photo.png"
downsample: False
downsample_ratio: 2.0
num_gaussians: 120
init_scale: 5.0
topk: 10
disable_topk_norm: False
disable_inverse_scale: False
ckpt_file: ""
disable_color_init: False
init_mode: "gradient"
init_random_ratio: 0.3
smap_filter_size: 20
l1_loss_ratio: 1.0
l2_loss_ratio: 0.0
ssim_loss_ratio: 0.1
disable_tiles: False
max_steps: 30
pos_lr: 5.0e-4
scale_lr: 2.0e-3
rot_lr: 2.0e-3
feat_lr: 5.0e-3
disable_lr_schedule: False
decay_ratio: 10.0
check_decay_steps: 1000
max_decay_times: 1
decay_threshold: 1.0e-3
disable_prog_optim: False
initial_ratio: 0.5
add_steps: 5
add_times: 4
post_min_steps: 20
)";

std::vector<std::string> image_gs_run(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"train",    "--config",    "image-gs.yaml", "--recipe",
                                       "image_gs", "--threads=1", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

class ImageGsFile : public testing::Test {
protected:
    void SetUp() override {
        fs::create_directory(workspace_ / "media");
        write_picture(workspace_ / "media/photo.png", 72, 40);
        write_text(workspace_ / "image-gs.yaml", image_gs_yaml);
    }

    Workspace workspace_;
};

TEST_F(ImageGsFile, RunsAsItIs) {
    const Result result = gsfit(workspace_, image_gs_run());
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const json report = json::parse(result.out);
    EXPECT_EQ(report["steps"], 40) << "20 after the last of four additions, 5 steps apart";
    EXPECT_EQ(report["gaussians"], 120);
    EXPECT_TRUE(fs::exists(workspace_ / "results/test/render.png"));
    EXPECT_NE(read_text(workspace_ / "results/test/config.yaml").find("\ninit_mode: gradient"), std::string::npos);
    const json info = json::parse(gsfit(workspace_, {"info", "results/test", "--json"}).out);
    EXPECT_EQ(info["blend"], "topk_norm");
    EXPECT_EQ(info["support"], "tile16");
}

TEST_F(ImageGsFile, IsRefusedByTheOtherRecipe) {
    const Result result = gsfit(workspace_, {"train", "--config", "image-gs.yaml"});
    EXPECT_EQ(result.exit_code, 2);
    expect_contains(result.err, "is read by recipe image_gs only, and the recipe is gsfit (default)");
}

TEST_F(ImageGsFile, TakesEveryWayToStart) {
    for (const char* mode : {"random", "saliency"}) {
        const std::string folder = std::string("--output=") + mode;
        const Result result = gsfit(workspace_, image_gs_run({std::string("--init_mode=") + mode, folder}));
        EXPECT_EQ(result.exit_code, 0) << result.err;
    }
    const Result others =
        gsfit(workspace_, image_gs_run({"--disable_color_init=true", "--disable_inverse_scale=true",
                                        "--disable_topk_norm=true", "--disable_tiles=true", "--disable_prog_optim=true",
                                        "--disable_lr_schedule=true", "--output=others"}));
    ASSERT_EQ(others.exit_code, 0) << others.err;
    EXPECT_EQ(json::parse(others.out)["steps"], 30) << "nothing is added, so max_steps stays";
    const json info = json::parse(gsfit(workspace_, {"info", "others", "--json"}).out);
    EXPECT_EQ(info["blend"], "sum");
    EXPECT_EQ(info["support"], "ellipse");
}

TEST_F(ImageGsFile, ASecondCommandRendersWhatItMade) {
    ASSERT_EQ(gsfit(workspace_, image_gs_run()).exit_code, 0);
    const Result result = gsfit(workspace_, image_gs_run({"--eval=true", "--render_height=100"}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const PictureSize size = picture_size(workspace_ / "results/test/eval/render-100.png");
    EXPECT_EQ(size.height, 100);
    EXPECT_EQ(size.width, 180);
    const Result named =
        gsfit(workspace_, image_gs_run({"--eval=true", "--render_height=50", "--ckpt_file=step-40.safetensors"}));
    EXPECT_EQ(named.exit_code, 0) << named.err;
    EXPECT_TRUE(fs::exists(workspace_ / "results/test/eval/render-50.png"));

    const Result foreign = gsfit(workspace_, image_gs_run({"--eval=true", "--ckpt_file=ckpt_step-40.pt"}));
    EXPECT_EQ(foreign.exit_code, 3);
    expect_contains(foreign.err, "tools/convert_image_gs.py");
    EXPECT_EQ(gsfit(workspace_, image_gs_run({"--eval=true", "--ckpt_file=no.safetensors"})).exit_code, 3);
    EXPECT_EQ(gsfit(workspace_, image_gs_run({"--eval=true", "--exp_name=none"})).exit_code, 3);
}

TEST_F(ImageGsFile, ResumesBitForBit) {
    const std::vector<std::string> straight = image_gs_run({"--output=straight", "--max_steps=60"});
    ASSERT_EQ(gsfit(workspace_, straight).exit_code, 0);
    std::vector<std::string> stopped = image_gs_run({"--output=stopped", "--max_steps=60", "--save_ckpt_steps=7"});
    {
        Process process(workspace_, stopped);
        while (process.running() && latest_step(workspace_ / "stopped") < 7) {
        }
        process.send(SIGTERM);
        process.wait();
    }
    ASSERT_EQ(gsfit(workspace_, {"train", "--resume", "stopped"}).exit_code, 0);
    EXPECT_EQ(latest_checkpoint_without_seconds(workspace_ / "straight"),
              latest_checkpoint_without_seconds(workspace_ / "stopped"));
}

TEST(Downsample, FitsASmallerImageAndIsJudgedAtTheImagesSize) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 150, 90);
    const Result result =
        gsfit(workspace, short_training("photo.png", "run", {"--downsample=true", "--downsample_ratio=3", "--json"}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const json report = json::parse(result.out);
    EXPECT_EQ(report["full_size"]["width"], 150);
    EXPECT_EQ(report["full_size"]["height"], 90);
    EXPECT_LT(report["full_size"]["psnr"].get<double>(), report["psnr"].get<double>());
    EXPECT_GT(report["full_size"]["psnr"].get<double>(), 10);
    EXPECT_EQ(picture_size(workspace / "run/render.png").width, 150);
    const json info = json::parse(gsfit(workspace, {"info", "run", "--json"}).out);
    EXPECT_EQ(info["width"], 50);
}

TEST(Refinement, AddsGaussiansToBadPatchesAndShowsThem) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 96, 64);
    const std::vector<std::string> keys{"train",
                                        "photo.png",
                                        "--output",
                                        "run",
                                        "--threads=1",
                                        "--json",
                                        "--adaptive_refinement=true",
                                        "--adaptive_base_gaussians=60",
                                        "--adaptive_refinement_increment=25",
                                        "--adaptive_max_iterations=2",
                                        "--adaptive_patch_size=32",
                                        "--adaptive_overlap=8",
                                        "--adaptive_error_threshold=0.05",
                                        "--max_steps=50"};
    const Result result = gsfit(workspace, keys);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(json::parse(result.out)["gaussians"], 110);
    EXPECT_GT(picture_size(workspace / "run/pictures/step-30-patches.jpg").height, 64) << "with its legend";
    EXPECT_TRUE(fs::exists(workspace / "run/pictures/step-40-patches.jpg"));
    expect_contains(read_text(workspace / "run/log.txt"), "refinement 1: ");

    std::vector<std::string> both = keys;
    both.push_back("--num_gaussians=100");
    EXPECT_EQ(gsfit(workspace, both).exit_code, 2);
}

}  // namespace
}  // namespace gsfit::test

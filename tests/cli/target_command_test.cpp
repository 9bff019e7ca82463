// gsfit train with target_psnr, target_bytes or num_gaussians auto: the program finds how many Gaussians there are.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/pictures.h"
#include "cli/process.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class Target : public testing::Test {
protected:
    void SetUp() override { write_picture(workspace_ / "photo.png", 160, 120); }

    [[nodiscard]] Result train(const Words& more) const {
        Words words{"train",           "photo.png",    "--output=run", "--eval_steps=0",
                    "--progress=none", "--device=cpu", "--json"};
        words.insert(words.end(), more.begin(), more.end());
        return gsfit(workspace_, words);
    }

    [[nodiscard]] nlohmann::json trained(const Words& more) const {
        const Result result = train(more);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return nlohmann::json::parse(result.out);
    }

    [[nodiscard]] std::string config_of_run() const { return read_text(workspace_ / "run/config.yaml"); }

    void expect_refused(const Words& words, const std::string& sentence) const {
        const Result result = gsfit(workspace_, words);
        EXPECT_EQ(result.exit_code, 2);
        EXPECT_EQ(result.err, "gsfit: " + sentence + "\n");
    }

    const Workspace workspace_;
};

TEST_F(Target, MeetsAPsnrByTheNumberOfGaussians) {
    const auto low = trained({"--target_psnr=26", "--max_steps=400"});
    EXPECT_NEAR(low["psnr"].get<double>(), 26, 3);  // so few pixels are bumpy
    fs::remove_all(workspace_ / "run");
    const auto high = trained({"--target_psnr=32", "--max_steps=400"});
    EXPECT_NEAR(high["psnr"].get<double>(), 32, 3);
    EXPECT_GT(high["gaussians"].get<int>(), 1.2 * low["gaussians"].get<int>());
}

TEST_F(Target, ARunKeepsTheNumberThatWasFound) {
    const auto done = trained({"--target_psnr=26", "--max_steps=100"});
    const std::string yaml = config_of_run();
    const std::string line =
        "\nnum_gaussians: " + std::to_string(done["gaussians"].get<int>()) + "  # by target_psnr 26\n";
    EXPECT_NE(yaml.find(line), std::string::npos) << yaml;
    EXPECT_NE(yaml.find("\ntarget_psnr: 0  # default\n"), std::string::npos) << yaml;
    EXPECT_EQ(gsfit(workspace_, {"train", "--resume=run"}).exit_code, 0);
}

TEST_F(Target, BytesTellTheNumberByAShortFit) {
    const auto done = trained({"--target_bytes=1500", "--max_steps=100"});
    const int count = done["gaussians"].get<int>();
    EXPECT_GE(count, 160);
    EXPECT_LE(count, 640);
    EXPECT_NE(count, 320) << "planned, not probed";
    EXPECT_NE(config_of_run().find("\nnum_gaussians: " + std::to_string(count) + "  # by target_bytes 1500\n"),
              std::string::npos);
    EXPECT_EQ(gsfit(workspace_, {"encode", "run", "-o", "x.gsf", "--bytes=1500"}).exit_code, 0);
    const Result plan = gsfit(workspace_, {"plan", "photo.png", "--target_bytes=1500", "--device=cpu", "--json"});
    EXPECT_EQ(nlohmann::json::parse(plan.out)["gaussians"], 320) << "8 (1500 - 60) / 36";
}

TEST_F(Target, AutoIsFoundByTheImage) {
    const auto done = trained({"--num_gaussians=auto", "--max_steps=100"});
    const std::string count = std::to_string(done["gaussians"].get<int>());
    EXPECT_GE(done["gaussians"], 139);   // sqrt(160 * 120)
    EXPECT_LE(done["gaussians"], 2217);  // 16 times that
    EXPECT_NE(config_of_run().find("\nnum_gaussians: " + count + "  # by num_gaussians auto\n"), std::string::npos);
    EXPECT_EQ(gsfit(workspace_, {"train", "--resume=run"}).exit_code, 0);
    const Result file = gsfit(workspace_, {"compress", "photo.png", "-o", "x.gsf", "--num_gaussians=auto",
                                           "--max_steps=100", "--progress=none", "--device=cpu"});
    EXPECT_EQ(file.exit_code, 0);
    EXPECT_EQ(file.err, "gsfit: num_gaussians auto: " + count + " Gaussians pay\n");
}

TEST_F(Target, AutoKeepsToTheClock) {
    EXPECT_LT(trained({"--num_gaussians=auto", "--max_seconds=2"})["seconds"].get<double>(), 3);
}

TEST_F(Target, RefusesAutoWhereTheNumberIsAnothers) {
    expect_refused({"plan", "photo.png", "--num_gaussians=auto"},
                   "how many Gaussians auto comes to shows when a run begins; give num_gaussians to plan for");
    expect_refused({"train", "--each", "photo.png", "--num_gaussians=auto"},
                   "num_gaussians auto is for one image, and --each fits many; give a number");
    expect_refused(
        {"compress", "photo.png", "-o", "x.gsf", "--num_gaussians=auto", "--bytes=900"},
        "num_gaussians is auto, and --bytes, --bpp or --psnr tells how many Gaussians there are; leave one of "
        "them out");
    expect_refused({"train", "photo.png", "--num_gaussians=auto", "--recipe=image_gs"},
                   "num_gaussians is auto, which neither adaptive_refinement nor recipe image_gs takes; give a number");
    expect_refused({"train", "photo.png", "--num_gaussians=auto", "--target_bytes=900"},
                   "target_bytes (--target_bytes) and num_gaussians (--num_gaussians) contradict each other: one is "
                   "told, or follows from the other; remove one of the two");
}

TEST_F(Target, RefusesWhatMakesNoSense) {
    expect_refused({"plan", "photo.png", "--target_psnr=30"},
                   "how many Gaussians target_psnr takes shows when a run begins; give num_gaussians to plan for");
    expect_refused({"train", "--each", "photo.png", "--target_bytes=900"},
                   "target_psnr and target_bytes are for one image, and --each fits many; leave one of them out");
    expect_refused({"compress", "photo.png", "-o", "x.gsf", "--target_psnr=30"},
                   "target_psnr is of gsfit train; give --psnr");
    expect_refused({"compress", "photo.png", "-o", "x.gsf", "--target_bytes=900"},
                   "target_bytes is of gsfit train; give --bytes");
    expect_refused({"train", "photo.png", "--target_psnr=30", "--adaptive_refinement=true"},
                   "adaptive_refinement has Gaussians of its own number, and target_psnr or target_bytes is set too; "
                   "leave that out");
    expect_refused(
        {"train", "photo.png", "--target_psnr=30", "--num_gaussians=100"},
        "target_psnr (--target_psnr) and num_gaussians (--num_gaussians) contradict each other: one is told, "
        "or found out; remove one of the two");
    EXPECT_FALSE(fs::exists(workspace_ / "results"));
}

}  // namespace
}  // namespace gsfit::test

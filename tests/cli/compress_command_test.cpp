// gsfit compress: an image as a file of the size or the quality that is asked for.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/pictures.h"
#include "cli/process.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class Compress : public testing::Test {
protected:
    void SetUp() override { write_picture(workspace_ / "photo.png", 160, 120); }

    [[nodiscard]] Words words_of(const std::string& image, const Words& more) const {
        Words words{"compress", image, "-o", "x.gsf", "--device=cpu", "--progress=none", "--json"};
        const bool by_clock = std::ranges::find(more, "--max_seconds") != more.end();
        if (!by_clock) words.emplace_back("--max_steps=60");
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }

    [[nodiscard]] nlohmann::json compressed(const Words& more, const std::string& image = "photo.png") const {
        const Result result = gsfit(workspace_, words_of(image, more));
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_EQ(result.err, "");
        return nlohmann::json::parse(result.out);
    }

    /// The bytes that it makes.
    [[nodiscard]] std::string file_of(const Words& more) const {
        EXPECT_TRUE(compressed(more).contains("bytes"));
        return read_text(workspace_ / "x.gsf");
    }

    [[nodiscard]] nlohmann::json json_of(Words words) const {
        words.emplace_back("--json");
        const Result result = gsfit(workspace_, words);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return nlohmann::json::parse(result.out);
    }

    void expect_refused(const Words& words, int exit_code, const std::string& sentence) const {
        const Result result = gsfit(workspace_, words);
        EXPECT_EQ(result.exit_code, exit_code);
        EXPECT_EQ(result.err, "gsfit: " + sentence + "\n");
        EXPECT_FALSE(fs::exists(workspace_ / "x.gsf"));
    }

    const Workspace workspace_;
};

TEST_F(Compress, MeetsTheBytes) {
    for (const int bytes : {1500, 4000}) {
        const auto made = compressed({"--bytes", std::to_string(bytes)});
        EXPECT_LE(made["bytes"], bytes);
        EXPECT_GE(made["bytes"], 0.98 * bytes);
        EXPECT_EQ(made["bytes"], fs::file_size(workspace_ / "x.gsf"));
        EXPECT_NEAR(made["bpp"].get<double>(), 8 * made["bytes"].get<double>() / (160 * 120), 1e-9);
        EXPECT_GE(made["seconds"], made["training_seconds"]);
        const auto measured = json_of({"eval", "x.gsf", "--image", "photo.png"});
        EXPECT_EQ(measured["psnr"], made["psnr"]);
        EXPECT_EQ(measured["gaussians"], made["gaussians"]);
    }
}

TEST_F(Compress, HasMoreGaussiansWhereEachTakesLess) {
    write_flat_picture(workspace_ / "flat.png", 160, 120, 0.5);
    const auto flat = compressed({"--bytes", "2000"}, "flat.png");
    const auto photo = compressed({"--bytes", "2000"});
    EXPECT_GT(flat["gaussians"].get<double>(), 1.3 * photo["gaussians"].get<double>());
}

TEST_F(Compress, BitsPerPixelAreBytes) { EXPECT_EQ(file_of({"--bpp", "1"}), file_of({"--bytes", "2400"})); }

TEST_F(Compress, IsTunedForSsim) {
    const std::string plain = file_of({});
    EXPECT_EQ(file_of({"--tune", "psnr"}), plain);
    const std::string tuned = file_of({"--tune", "ssim"});
    EXPECT_NE(tuned, plain);
    EXPECT_EQ(file_of({"--ssim_loss_ratio=0.01", "--ssim_from=0.5"}), tuned);
    EXPECT_EQ(file_of({"--tune", "ssim", "--ssim_loss_ratio=0"}), plain);
}

TEST_F(Compress, MeetsThePsnr) {
    const auto low = compressed({"--psnr", "24", "--finetune", "60"});
    const auto high = compressed({"--psnr", "30", "--finetune", "60"});
    // So few pixels and steps are bumpy: 0.1 dB are kept on photographs.
    EXPECT_NEAR(low["psnr"].get<double>(), 24, 0.25);
    EXPECT_NEAR(high["psnr"].get<double>(), 30, 0.25);
    EXPECT_GT(high["gaussians"], low["gaussians"]);
    EXPECT_GT(high["bytes"], low["bytes"]);
}

TEST_F(Compress, SaysWhatCannotBeReached) {
    const Result result = gsfit(workspace_, words_of("photo.png", {"--psnr", "90"}));
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_NE(result.err.find("dB, less than the 90 that are asked for; take more steps or ask for less\n"),
              std::string::npos)
        << result.err;
    EXPECT_FALSE(fs::exists(workspace_ / "x.gsf"));
}

TEST_F(Compress, TakesTheGaussiansThatAreTold) {
    const auto few = compressed({"--num_gaussians", "200"});
    EXPECT_LE(few["gaussians"], 200);
    EXPECT_GT(few["gaussians"], 190);
    const auto coarse = compressed({"--num_gaussians", "200", "--bytes", "600"});
    EXPECT_EQ(coarse["gaussians"], few["gaussians"]);
    EXPECT_LE(coarse["bytes"], 600);
    EXPECT_LT(coarse["psnr"], few["psnr"]);
    const auto near = compressed({"--num_gaussians", "200", "--psnr", "20", "--finetune", "60"});
    EXPECT_NEAR(near["psnr"].get<double>(), 20, 0.25);
    EXPECT_EQ(near["gaussians"], few["gaussians"]);
}

TEST_F(Compress, TrainsOnWhileItRounds) {
    const auto still = compressed({"--num_gaussians", "300", "--bytes", "1300", "--finetune", "1"});
    const auto trained = compressed({"--num_gaussians", "300", "--bytes", "1300", "--finetune", "150"});
    EXPECT_GT(trained["psnr"].get<double>(), still["psnr"].get<double>() + 0.1);
}

TEST_F(Compress, MakesTheSameFileByAnyNumberOfThreads) {
    const std::string file = file_of({"--bytes", "1500", "--threads", "1"});
    EXPECT_EQ(file_of({"--bytes", "1500", "--threads", "3"}), file);
    EXPECT_NE(file_of({"--bytes", "1500", "--seed", "7"}), file);
}

TEST_F(Compress, EndsByTheClock) {
    const auto start = std::chrono::steady_clock::now();
    const auto made = compressed({"--bytes", "3000", "--max_seconds", "3"});
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    EXPECT_LT(made["seconds"], 3.2);
    EXPECT_GT(made["training_seconds"], 2);
    EXPECT_LT(seconds, 6);  // with the start of a program
    EXPECT_NEAR(made["bytes"].get<double>(), 3000, 60);
}

TEST_F(Compress, TakesImagesOfAllKinds) {
    write_picture(workspace_ / "grey.png", 80, 60, {.channels = 1, .bits = 16});
    EXPECT_LE(compressed({"--bytes", "900"}, "grey.png")["bytes"], 900);
    ASSERT_EQ(gsfit(workspace_, {"render", "x.gsf", "-o", "out.png"}).exit_code, 0);
    EXPECT_EQ(picture_size(workspace_ / "out.png").channels, 1);
    EXPECT_EQ(picture_size(workspace_ / "out.png").bits, 16);
    fs::create_directory(workspace_ / "stack");
    write_picture(workspace_ / "stack/albedo.png", 80, 60);
    write_picture(workspace_ / "stack/height.png", 80, 60, {.channels = 1});
    const auto stack = compressed({"--bytes", "1800"}, "stack");
    EXPECT_EQ(json_of({"eval", "x.gsf", "--image", "stack"})["psnr"], stack["psnr"]);
    EXPECT_EQ(json_of({"info", "x.gsf"})["channels"], 4);
}

TEST_F(Compress, ASignalLeavesNoFile) {
    Process process(workspace_, {"compress", "photo.png", "-o", "x.gsf", "--bytes=3000", "--max_steps=1000000",
                                 "--device=cpu", "--progress=json"});
    while (process.running() && process.err().find("\"stepped\"") == std::string::npos) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    process.send(SIGTERM);
    const Result result = process.wait();
    EXPECT_EQ(result.exit_code, 143);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(std::distance(fs::directory_iterator(workspace_.path()), fs::directory_iterator()), 3)
        << "the photo, and what the program said";
}

TEST_F(Compress, ShowsWhatItDoes) {
    const Result result = gsfit(workspace_, {"compress", "photo.png", "-o", "x.gsf", "--num_gaussians=100",
                                             "--max_steps=20", "--device=cpu", "--progress=plain"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    for (const char* phase : {"decoding photo.png\n", "fitting 100 Gaussians\n", "rounding 100 Gaussians\n"}) {
        EXPECT_NE(result.err.find(phase), std::string::npos) << result.err;
    }
}

TEST_F(Compress, RefusesWhatMakesNoSense) {
    expect_refused({"compress", "photo.png"}, 2, "no output is given; name the file to write with -o");
    expect_refused({"compress", "photo.png", "-o", "x.png"}, 2, "the output 'x.png' must end in .gsf");
    expect_refused({"compress", "-o", "x.gsf"}, 2,
                   "no image is given; name one, for instance gsfit compress photo.jpg -o photo.gsf");
    expect_refused({"compress", "photo.png", "-o", "x.gsf", "--bytes", "900", "--psnr", "30"}, 2,
                   "--bytes, --bpp and --psnr exclude one another; give one of them");
    expect_refused({"compress", "photo.png", "-o", "x.gsf", "--quantize", "true"}, 2,
                   "quantize is true, which gsfit compress cannot do; leave it out");
    expect_refused({"compress", "photo.png", "-o", "x.gsf", "--tune", "vmaf"}, 2,
                   "--tune must be psnr or ssim, not 'vmaf'");
    expect_refused({"compress", "photo.png", "-o", "x.gsf", "--psnr", "high"}, 2,
                   "--psnr must be a number above 0, up to 100, not 'high'");
    write_text(workspace_ / "broken.png", "no picture");
    EXPECT_EQ(gsfit(workspace_, words_of("broken.png", {})).exit_code, 3);
    const Result small = gsfit(workspace_, words_of("photo.png", {"--bytes", "20"}));
    EXPECT_EQ(small.exit_code, 2);
    EXPECT_FALSE(fs::exists(workspace_ / "x.gsf"));
    EXPECT_EQ(gsfit(workspace_, {"compress", "photo.png", "-o", "no/x.gsf", "--max_steps=5"}).exit_code, 6);
}

}  // namespace
}  // namespace gsfit::test

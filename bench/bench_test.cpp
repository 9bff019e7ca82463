// The benchmark program from outside: its figures are there and plausible; how fast they are is not a test's business.

#include <ATen/ops/linspace.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "gsfit/image.h"

namespace {

struct Output {
    int exit_code;
    std::string text;  ///< stdout and stderr
};

Output run_bench(const std::string& flags) {
    FILE* pipe = popen(("'" GSFIT_BENCH "' " + flags + " 2>&1").c_str(), "r");
    Output output{};
    for (int letter = std::fgetc(pipe); letter != EOF; letter = std::fgetc(pipe)) {
        output.text += static_cast<char>(letter);
    }
    output.exit_code = WEXITSTATUS(pclose(pipe));
    return output;
}

class Bench : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "gsfit-bench-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder = name;
    }

    void TearDown() override { std::filesystem::remove_all(folder); }

    std::filesystem::path folder;
};

TEST_F(Bench, TableAndJsonHaveEveryRow) {
    const auto file = folder / "figures.json";
    const Output output = run_bench(
        "--sizes 128x96/150,128x96/150/4 --blends sum,norm,topk_norm --threads 2 --cutoff 3 "
        "--rounds 2 --repeat 2 --revision abc --json '" +
        file.string() + "'");
    ASSERT_EQ(output.exit_code, 0) << output.text;
    EXPECT_NE(output.text.find("Gpairs/s"), std::string::npos) << output.text;

    std::ifstream stream(file);
    const auto report = nlohmann::json::parse(stream);
    EXPECT_EQ(report.at("revision"), "abc");
    EXPECT_FALSE(report.at("machine").at("cpu").get<std::string>().empty());
    ASSERT_EQ(report.at("rows").size(), 6U);
    for (const auto& row : report.at("rows")) {
        SCOPED_TRACE(row.dump());
        for (const char* stage : {"project", "bin", "raster", "project_backward", "adam", "step", "forward"}) {
            EXPECT_GT(row.at("ms").at(stage), 0.0) << stage;
        }
        EXPECT_GT(row.at("ms").at("step"), row.at("ms").at("raster"));
        EXPECT_GT(row.at("gpairs_per_s"), 0.0);
        EXPECT_GT(row.at("mpx_per_s"), 0.0);
        EXPECT_GT(row.at("peak_mb"), row.at("start_mb"));
        // 12 pairs a pixel, less what Gaussians at the border have outside.
        const int stride = row.at("stride");
        const double samples = 128.0 / stride * 96 / stride;
        EXPECT_GT(row.at("pairs"), 7 * samples);
        EXPECT_LT(row.at("pairs"), 12 * samples);
    }
}

TEST_F(Bench, AStepWithSsimKeepsAnImageAndItsGradient) {
    double peak[2];
    for (const int ssim : {0, 1}) {
        const auto file = folder / "figures.json";
        const Output output = run_bench(
            "--sizes 1024x1024/100 --blends norm --threads 1 --rounds 1 --repeat 1 --ssim_windows image --ssim 0." +
            std::to_string(ssim) + " --json '" + file.string() + "'");
        ASSERT_EQ(output.exit_code, 0) << output.text;
        std::ifstream stream(file);
        const auto row = nlohmann::json::parse(stream).at("rows").at(0);
        EXPECT_NEAR(row.at("ssim"), 0.1 * ssim, 1e-6);
        peak[ssim] = row.at("peak_mb");
    }
    EXPECT_GT(peak[1] - peak[0], 20);
}

TEST_F(Bench, FitReportsEverySeed) {
    const auto image = folder / "ramp.png";
    const auto file = folder / "figures.json";
    gsfit::write_image(image, at::linspace(0, 1, 64).expand({1, 48, 64}));
    const Output output =
        run_bench("fit '" + image.string() + "' 40 20 --seeds 2 --threads 1 --json '" + file.string() + "'");
    ASSERT_EQ(output.exit_code, 0) << output.text;
    EXPECT_NE(output.text.find("resident peak"), std::string::npos) << output.text;

    std::ifstream stream(file);
    const auto report = nlohmann::json::parse(stream);
    EXPECT_EQ(report.at("gaussians"), 40);
    EXPECT_EQ(report.at("steps"), 20);
    EXPECT_EQ(report.at("width"), 64);
    EXPECT_GT(report.at("peak_mb"), 0.0);
    ASSERT_EQ(report.at("fits").size(), 2U);
    EXPECT_NE(report["fits"][0].at("seed"), report["fits"][1].at("seed"));
    for (const auto& fit : report["fits"]) {
        EXPECT_GT(fit.at("psnr"), 20.0);
        EXPECT_GT(fit.at("ssim"), 0.5);
        EXPECT_GT(fit.at("seconds"), 0.0);
    }
}

TEST_F(Bench, FitRefusesAMissingImage) {
    const Output output = run_bench("fit '" + (folder / "none.png").string() + "' 10 5");
    EXPECT_EQ(output.exit_code, 3) << output.text;
}

TEST_F(Bench, DecodeReportsTheWholeAndAPart) {
    const auto file = folder / "figures.json";
    const Output output =
        run_bench("decode '" GSFIT_COMPACT_FILE "' --crop 20 --rounds 2 --json '" + file.string() + "'");
    ASSERT_EQ(output.exit_code, 0) << output.text;
    std::ifstream stream(file);
    const auto report = nlohmann::json::parse(stream);
    EXPECT_EQ(report.at("gaussians"), 2300);
    EXPECT_EQ(report.at("width"), 1200);
    ASSERT_EQ(report.at("parts").size(), 2U);
    for (const auto& part : report["parts"]) {
        EXPECT_GT(part.at("open_ms"), 0.0);
        EXPECT_GT(part.at("draw_ms"), 0.0);
    }
    EXPECT_LT(report["parts"][1].at("bytes_read"), report["parts"][0].at("bytes_read"));
    EXPECT_EQ(run_bench("decode '" + file.string() + "'").exit_code, 3);
}

TEST_F(Bench, BadFlagsAreOneSentence) {
    for (const char* flags :
         {"--sizes 128x96", "--sizes 0x96/10", "--sizes 8x8/5/9", "--blends mean", "--threads 0", "--threads many",
          "--simd mmx", "--cutoff 0", "--ssim 2", "--ssim_windows all", "--rounds 0", "--colour red", "again",
          "measure", "fit", "fit picture.png", "fit picture.png 10 0", "decode", "decode a.gsf --rounds 0"}) {
        SCOPED_TRACE(flags);
        const Output output = run_bench(flags);
        EXPECT_EQ(output.exit_code, 2);
        EXPECT_EQ(output.text.rfind("gsfit_bench: ", 0), 0U) << output.text;
        EXPECT_EQ(output.text.find('\n'), output.text.size() - 1) << output.text;
    }
}

}  // namespace

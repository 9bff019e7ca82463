// gsfit encode, and the commands that read what it writes.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;

class Compact : public testing::Test {
protected:
    [[nodiscard]] Result run(const std::vector<std::string>& words) const { return gsfit(workspace_, words); }

    [[nodiscard]] nlohmann::json json_of(std::vector<std::string> words) const {
        words.emplace_back("--json");
        const Result result = run(words);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return nlohmann::json::parse(result.out);
    }

    void expect_refused(const std::vector<std::string>& words, int exit_code, const std::string& sentence) const {
        const Result result = run(words);
        EXPECT_EQ(result.exit_code, exit_code);
        EXPECT_EQ(result.err, "gsfit: " + sentence + "\n");
        EXPECT_EQ(result.out, "");
    }

    const Workspace workspace_;
};

TEST_F(Compact, IsReadWhereverAFieldIs) {
    make_run(workspace_);
    const auto encoded = json_of({"encode", "run", "-o", "field.gsf"});
    EXPECT_EQ(encoded["bytes"], fs::file_size(workspace_ / "field.gsf"));
    const auto info = json_of({"info", "field.gsf"});
    EXPECT_EQ(info["gaussians"], encoded["gaussians"]);
    EXPECT_EQ(info["width"], 64);
    EXPECT_EQ(info["blend"], "norm");
    EXPECT_EQ(info["metadata"]["format"], "gsf");
    const auto before = json_of({"eval", "run"});
    const auto after = json_of({"eval", "field.gsf", "--image", "photo.png"});
    EXPECT_EQ(after["psnr"], encoded["psnr"]);
    EXPECT_EQ(after["bytes"], encoded["bytes"]);
    EXPECT_NEAR(after["psnr"].get<double>(), before["psnr"].get<double>(), 1.5);
    ASSERT_EQ(run({"render", "field.gsf", "-o", "out.png"}).exit_code, 0);
    EXPECT_EQ(picture_size(workspace_ / "out.png").width, 64);
    EXPECT_NE(compare_pictures(workspace_ / "out.png", workspace_ / "run/render.png").greatest, 0);  // it is rounded
}

TEST_F(Compact, IsAsLargeAsIsAskedFor) {
    make_run(workspace_);
    for (const int bytes : {500, 700}) {
        const auto encoded = json_of({"encode", "run", "-o", "field.gsf", "--bytes", std::to_string(bytes)});
        EXPECT_LE(encoded["bytes"], bytes);
        EXPECT_GT(encoded["bytes"], 0.96 * bytes);
    }
    EXPECT_EQ(json_of({"encode", "run", "-o", "bpp.gsf", "--bpp", "1.8229"})["bytes"],
              json_of({"encode", "run", "-o", "bytes.gsf", "--bytes", "700"})["bytes"]);
    EXPECT_GT(json_of({"encode", "run", "-o", "fine.gsf", "--rounding", "1e-6"})["psnr"],
              json_of({"encode", "run", "-o", "coarse.gsf", "--rounding", "1"})["psnr"]);
}

TEST_F(Compact, TrainingGoesOnWhileItIsRounded) {
    write_picture(workspace_ / "photo.png", 64, 48);
    ASSERT_EQ(run(short_training("photo.png", "run", {"--max_steps=150"})).exit_code, 0);
    const auto at_once = json_of({"encode", "run", "-o", "field.gsf"});
    const auto trained = json_of({"encode", "run", "-o", "field.gsf", "--finetune", "200"});
    EXPECT_GT(trained["psnr"].get<double>(), at_once["psnr"].get<double>() + 0.05);
    EXPECT_NEAR(trained["bytes"].get<double>(), at_once["bytes"].get<double>(), 15);
    EXPECT_EQ(json_of({"eval", "field.gsf", "--image", "photo.png"})["psnr"], trained["psnr"]);
}

TEST_F(Compact, CropReadsThePartsItNeeds) {
    write_picture(workspace_ / "large.png", 2000, 500);
    ASSERT_EQ(run({"train", "large.png", "--num_gaussians=6000", "--max_steps=5", "--output=run", "--eval_steps=0"})
                  .exit_code,
              0);
    const auto bytes = json_of({"encode", "run", "-o", "field.gsf"})["bytes"].get<int>();
    const auto whole = json_of({"render", "field.gsf", "-o", "whole.png"});
    EXPECT_EQ(whole["bytes_read"], bytes);
    cut_picture(workspace_ / "whole.png", 1800, 210, 150, 90, workspace_ / "part.png");
    const auto part = json_of({"render", "field.gsf", "-o", "crop.png", "--crop", "1800,210,150,90"});
    EXPECT_LT(part["bytes_read"], 3 * bytes / 4);
    EXPECT_GT(part["bytes_read"], 100);
    EXPECT_LT(part["gaussians"], whole["gaussians"]);
    EXPECT_LE(compare_pictures(workspace_ / "crop.png", workspace_ / "part.png").greatest, 1);
    // Twice the size is the same part; a raster of another aspect needs all.
    EXPECT_EQ(
        json_of({"render", "field.gsf", "-o", "crop.png", "--scale", "2", "--crop", "3600,420,300,180"})["bytes_read"],
        part["bytes_read"]);
    EXPECT_EQ(json_of({"render", "field.gsf", "-o", "crop.png", "--width", "5", "--crop", "4,0,1,1"})["bytes_read"],
              bytes);
}

#if !defined(__SANITIZE_ADDRESS__)  // which keeps freed memory
TEST_F(Compact, DrawingTakesNoMoreMemoryForATallPicture) {
    write_picture(workspace_ / "photo.png", 64, 640);
    ASSERT_EQ(run(short_training("photo.png", "run")).exit_code, 0);
    ASSERT_EQ(run({"encode", "run", "-o", "field.gsf"}).exit_code, 0);
    const auto peak_of_children = [] {
        rusage usage{};
        getrusage(RUSAGE_CHILDREN, &usage);
        return usage.ru_maxrss;  // [KiB]
    };
    ASSERT_EQ(run({"render", "field.gsf", "-o", "s.png", "--scale", "16", "--crop", "0,0,1024,600"}).exit_code, 0);
    const auto before = peak_of_children();
    const auto tall = json_of({"render", "field.gsf", "-o", "tall.png", "--scale", "16"});
    EXPECT_EQ(tall["height"], 10240);
    EXPECT_LT(peak_of_children() - before, 10 << 10);  // its bytes alone are 30 MB
}
#endif

TEST_F(Compact, HoldsTheImagesOfAStack) {
    fs::create_directory(workspace_ / "stack");
    write_picture(workspace_ / "stack/albedo.png", 64, 48);
    write_picture(workspace_ / "stack/normal.png", 64, 48);
    ASSERT_EQ(run(short_training("stack", "run")).exit_code, 0);
    const auto encoded = json_of({"encode", "run", "-o", "stack.gsf"});
    ASSERT_EQ(run({"render", "stack.gsf", "-o", "out.png"}).exit_code, 0);
    EXPECT_EQ(picture_size(workspace_ / "out_normal.png").width, 64);
    const auto measured = json_of({"eval", "stack.gsf", "--image", "stack"});
    EXPECT_NEAR(measured["psnr"].get<double>(), encoded["psnr"].get<double>(), 1e-9);
}

TEST_F(Compact, EncodeRefusesWhatMakesNoSense) {
    make_run(workspace_);
    expect_refused({"encode", "run"}, 2, "no output is given; name the file to write with -o");
    expect_refused({"encode", "run", "-o", "field.png"}, 2, "the output 'field.png' must end in .gsf");
    expect_refused({"encode", "run", "-o", "f.gsf", "--bytes", "9", "--rounding", "1"}, 2,
                   "--bytes, --bpp and --rounding exclude one another; give one of them");
    expect_refused({"encode", "run", "-o", "f.gsf", "--device", "cpu"}, 2,
                   "--device says where --finetune trains; give that too or leave it out");
    expect_refused({"encode", "run", "-o", "f.gsf", "--finetune", "5", "--device", "gpu"}, 2,
                   "device must be auto, cpu, cuda or cuda:N (N: a GPU's number, from 0), not 'gpu'");
    expect_refused({"encode", "run", "-o", "f.gsf", "--rounding", "0"}, 2,
                   "--rounding must be a number above 0, up to 1099511627776, not '0'");
    const Result small = run({"encode", "run", "-o", "f.gsf", "--bytes", "9"});
    EXPECT_EQ(small.exit_code, 2);
    EXPECT_NE(small.err.find("more than the 9 that are asked for; fit fewer Gaussians"), std::string::npos)
        << small.err;
    EXPECT_FALSE(fs::exists(workspace_ / "f.gsf"));
    fs::copy(workspace_ / "run/checkpoints/step-20.safetensors", workspace_ / "alone.safetensors");
    expect_refused({"encode", "alone.safetensors", "-o", "f.gsf"}, 2,
                   "'alone.safetensors' lies in no run folder that tells its image; give one with --image");
    EXPECT_EQ(run({"encode", "alone.safetensors", "-o", "f.gsf", "--rounding", "0.01"}).exit_code, 0);
}

TEST_F(Compact, RefusesDamagedFiles) {
    make_run(workspace_);
    ASSERT_EQ(run({"encode", "run", "-o", "field.gsf"}).exit_code, 0);
    const std::string file = read_text(workspace_ / "field.gsf");
    write_text(workspace_ / "cut.gsf", file.substr(0, file.size() - 20));
    expect_refused({"info", "cut.gsf"}, 3, "'cut.gsf' is no sound .gsf file: it ends early; get it anew");
    write_text(workspace_ / "newer", file.substr(0, 3) + "\x07" + file.substr(4));
    expect_refused({"render", "newer", "-o", "out.png"}, 3,
                   "'newer' is a .gsf file of version 7, and this program knows version 1 only; take a newer program");
    write_text(workspace_ / "text.gsf", "Hello, world");
    expect_refused({"eval", "text.gsf"}, 3, "'text.gsf' is no sound .gsf file: it does not begin as one; get it anew");
}

}  // namespace
}  // namespace gsfit::test

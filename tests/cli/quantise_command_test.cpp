// Runs that quantise, and the packed field that they leave.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;

class Quantise : public testing::Test {
protected:
    void SetUp() override { write_picture(workspace_ / "photo.png", 64, 48); }

    [[nodiscard]] Result run(const std::vector<std::string>& words) const { return gsfit(workspace_, words); }

    [[nodiscard]] Result fit(const std::vector<std::string>& more) const {
        return run(short_training("photo.png", "run", more));
    }

    [[nodiscard]] nlohmann::json json_of(const std::vector<std::string>& words) const {
        const Result result = run(words);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return nlohmann::json::parse(result.out);
    }

    const Workspace workspace_;
    const fs::path packed_ = workspace_ / "run/packed.safetensors";
    const std::vector<std::string> few_bits_{"--quantize=true", "--pos_bits=9",  "--scale_bits=7",
                                             "--rot_bits=5",    "--feat_bits=6", "--json"};
};

TEST_F(Quantise, LeavesAPackedFieldThatIsTheRun) {
    const Result trained = fit(few_bits_);
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    const auto told = nlohmann::json::parse(trained.out);
    const auto record = nlohmann::json::parse(read_text(workspace_ / "run/run.json"));
    constexpr std::int64_t bits = 2 * 9 + 2 * 7 + 5 + 3 * 6;
    EXPECT_EQ(record["bits_per_gaussian"], bits);
    EXPECT_EQ(record["packed_bytes"], fs::file_size(packed_));
    EXPECT_EQ(told["packed_bytes"], record["packed_bytes"]);
    EXPECT_NEAR(told["packed_bpp"].get<double>(), 8.0 * static_cast<double>(fs::file_size(packed_)) / (64 * 48), 1e-9);

    for (const char* source : {"run", "run/packed.safetensors"}) {
        SCOPED_TRACE(source);
        ASSERT_EQ(run({"render", source, "-o", "out.png"}).exit_code, 0);
        EXPECT_EQ(compare_pictures(workspace_ / "out.png", workspace_ / "run/render.png").greatest, 0);
        const auto quality = json_of({"eval", source, "--json"});
        EXPECT_EQ(quality["psnr"], record["psnr"]);
        EXPECT_EQ(quality["bits_per_gaussian"], bits);
        EXPECT_NEAR(quality["packed_bpp"].get<double>(), 100.0 * bits / (64 * 48), 1e-9);
    }
    EXPECT_EQ(json_of({"eval", "run/packed.safetensors", "--json"})["bytes"], record["packed_bytes"]);
    const auto info = json_of({"info", "run/packed.safetensors", "--json"});
    EXPECT_EQ(info["gaussians"], 100);
    EXPECT_EQ(info["channels"], 3);
    EXPECT_EQ(info["metadata"]["feature_bits"], "6");
}

TEST_F(Quantise, GoesOnBitForBit) {
    ASSERT_EQ(fit(few_bits_).exit_code, 0);
    const std::string checkpoint = latest_checkpoint_without_seconds(workspace_ / "run");
    const std::string packed = read_text(packed_);
    mark_as_running(workspace_ / "run");
    fs::remove(packed_);
    ASSERT_EQ(run({"train", "--resume", "run", "--progress", "none"}).exit_code, 0);
    EXPECT_EQ(latest_checkpoint_without_seconds(workspace_ / "run"), checkpoint);
    EXPECT_EQ(read_text(packed_), packed);
    const Result changed = run({"train", "--resume", "run", "--feat_bits", "8"});
    EXPECT_EQ(changed.exit_code, 2);
    EXPECT_NE(changed.err.find("keeps its feat_bits"), std::string::npos) << changed.err;
}

TEST_F(Quantise, IsOffUnlessItIsAskedFor) {
    ASSERT_EQ(fit({"--feat_bits=6"}).exit_code, 0);
    EXPECT_FALSE(fs::exists(packed_));
    EXPECT_FALSE(nlohmann::json::parse(read_text(workspace_ / "run/run.json")).contains("packed_bytes"));
    EXPECT_FALSE(json_of({"eval", "run", "--json"}).contains("packed_bpp"));
}

TEST_F(Quantise, RefusesBitsOutOfRange) {
    for (const char* key : {"pos_bits", "scale_bits", "rot_bits", "feat_bits"}) {
        for (const char* bits : {"3", "33"}) {
            const Result result = fit({"--quantize", "true", std::string("--") + key, bits});
            EXPECT_EQ(result.exit_code, 2);
            EXPECT_EQ(result.err,
                      std::string("gsfit: --") + key + " must be a whole number, 4 to 32, not '" + bits + "'\n");
        }
    }
    EXPECT_FALSE(fs::exists(workspace_ / "run"));
}

TEST_F(Quantise, RefusesDamagedPackedFields) {
    ASSERT_EQ(fit(few_bits_).exit_code, 0);
    std::string bytes = read_text(packed_);
    const std::size_t place = bytes.find(R"("feature_bits":"6")");
    ASSERT_NE(place, std::string::npos);
    bytes.replace(place, 18, R"("feature_bits":"3")");
    write_text(workspace_ / "three.safetensors", bytes);
    const Result result = run({"render", "three.safetensors", "-o", "out.png"});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.err,
              "gsfit: cannot use 'three.safetensors': its metadata 'feature_bits' must be a number from 4 to 32; use a "
              "checkpoint that this gsfit has written\n");
    fs::resize_file(packed_, fs::file_size(packed_) - 1);
    EXPECT_EQ(run({"info", "run/packed.safetensors"}).exit_code, 3);
}

}  // namespace
}  // namespace gsfit::test

// gsfit report on runs that are whole, killed and damaged.

#include <gtest/gtest.h>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;

class ReportCommand : public testing::Test {
protected:
    void SetUp() override { make_run(workspace_); }

    [[nodiscard]] Result report(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{"report", "run"};
        words.insert(words.end(), more.begin(), more.end());
        return gsfit(workspace_, words);
    }

    [[nodiscard]] std::string page() const { return read_text(workspace_ / "run/report.html"); }

    [[nodiscard]] std::size_t pictures() const {
        const std::string html = page();
        std::size_t found = 0;
        for (std::size_t at = html.find("<img"); at != std::string::npos; at = html.find("<img", at + 1)) ++found;
        return found;
    }

    const Workspace workspace_;
};

TEST_F(ReportCommand, ShowsTargetRenderErrorAndEllipses) {
    fs::remove(workspace_ / "run/report.html");
    const Result result = report();
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.out + result.err, "");
    EXPECT_EQ(pictures(), 4U);
    EXPECT_NE(page().find("photo.png"), std::string::npos);
    EXPECT_FALSE(fs::exists(workspace_ / "run/plots"));
}

TEST_F(ReportCommand, DoesWithoutTheImage) {
    fs::remove(workspace_ / "photo.png");
    const Result result = report();
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_NE(result.err.find("photo.png"), std::string::npos) << result.err;
    EXPECT_EQ(pictures(), 2U);
    write_picture(workspace_ / "photo.png", 48, 64);
    EXPECT_NE(report().err.find("is not the image that was fitted"), std::string::npos);
    EXPECT_EQ(pictures(), 2U);
}

TEST_F(ReportCommand, DoesWithoutACheckpoint) {
    write_text(workspace_ / "run/checkpoints/step-20.safetensors", "damaged");
    EXPECT_EQ(report().exit_code, 0);
    EXPECT_EQ(pictures(), 0U);
    fs::remove_all(workspace_ / "run/checkpoints");
    const Result result = report();
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.err, "gsfit: the run in 'run' has no checkpoint, so its report has no pictures\n");
    EXPECT_EQ(pictures(), 0U);
}

TEST_F(ReportCommand, PlotsWhatIsAskedOrConfigured) {
    EXPECT_EQ(report({"--plots", "svg"}).exit_code, 0);
    EXPECT_TRUE(fs::exists(workspace_ / "run/plots/psnr.svg"));
    EXPECT_FALSE(fs::exists(workspace_ / "run/plots/psnr.png"));
    write_text(workspace_ / "run/config.yaml", "plots: png\n");
    EXPECT_EQ(report().exit_code, 0);
    EXPECT_EQ(picture_size(workspace_ / "run/plots/psnr.png").width, 1600);
}

TEST_F(ReportCommand, RefusesWhatIsNoRun) {
    fs::create_directory(workspace_ / "empty");
    Result result = gsfit(workspace_, {"report", "empty"});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.err, "gsfit: 'empty' holds no run to report on; name the folder of one\n");
    result = gsfit(workspace_, {"report"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.err, "gsfit: no run folder is given; name one\n");
    result = report({"--plots", "pdf"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_NE(result.err.find("--plots must be one of none, png, svg, both"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace gsfit::test

// gsfit train --device. CUDA_VISIBLE_DEVICES hides the GPUs of a machine that has some.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

class Device : public testing::Test {
protected:
    Device() { write_picture(workspace_ / "photo.png", 64, 48); }

    [[nodiscard]] Result train_on(const std::string& device) const {
        return gsfit(workspace_, short_training("photo.png", "run", {"--device=" + device}), {"CUDA_VISIBLE_DEVICES="});
    }

    [[nodiscard]] std::string recorded() const {
        return nlohmann::json::parse(read_text(workspace_ / "run/run.json"))["device"];
    }

    [[nodiscard]] bool left_a_folder() const { return std::filesystem::exists(workspace_ / "run"); }

    Workspace workspace_;
};

TEST_F(Device, IsTheCpuWhereThatIsAskedForAndWhereThereIsNoOther) {
    for (const char* device : {"cpu", "auto"}) {
        const Result result = train_on(device);
        EXPECT_EQ(result.exit_code, 0) << device << ": " << result.err;
        EXPECT_EQ(recorded(), "cpu") << device;
        std::filesystem::remove_all(workspace_ / "run");
    }
}

TEST_F(Device, OfAnotherNameIsAUsageError) {
    for (const std::string device : {"nonsense", "", "cuda:", "cuda:-1", "cuda:1x", "cuda:128", "CPU"}) {
        const Result result = train_on(device);
        EXPECT_EQ(result.exit_code, 2) << device;
        EXPECT_EQ(result.err, "gsfit: device must be auto, cpu, cuda or cuda:N (N: a GPU's number, from 0), not '" +
                                  device + "'\n");
        EXPECT_FALSE(left_a_folder()) << device;
    }
}

TEST_F(Device, OfAnotherNameStopsABatchBeforeItBegins) {
    const Result result =
        gsfit(workspace_, {"train", "--each", "photo.png", "--output", "run", "--device", "nonsense"});
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(result.err.find("gsfit: device must be "), 0U) << result.err;
    EXPECT_FALSE(left_a_folder());
}

TEST_F(Device, ThatCannotBeUsedEndsTheRunBeforeItBegins) {
    for (const std::string device : {"cuda", "cuda:3"}) {
        const Result result = train_on(device);
        EXPECT_EQ(result.exit_code, 5) << device;
        EXPECT_EQ(result.err.find("gsfit: device '" + device + "' cannot be used: "), 0U) << result.err;
        const std::string advice = ", or train with --device cpu\n";
        EXPECT_EQ(result.err.find(advice) + advice.size(), result.err.size()) << result.err;
        EXPECT_EQ(result.err.find('\n') + 1, result.err.size()) << result.err;
        EXPECT_FALSE(left_a_folder()) << device;
    }
}

TEST_F(Device, MayBeAnotherWhenTheRunIsResumed) {
    ASSERT_EQ(train_on("auto").exit_code, 0);
    const Result result = gsfit(workspace_, {"train", "--resume", "run", "--device", "cpu"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
}

}  // namespace
}  // namespace gsfit::test

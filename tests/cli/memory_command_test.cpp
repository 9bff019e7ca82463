// Memory as a user meets it: plans, budgets, and allocations that fail at any moment.

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

nlohmann::json record_of(const Workspace& workspace, const std::string& folder) {
    return nlohmann::json::parse(read_text(workspace / folder / "run.json"));
}

/// A few steps on every pixel, with a loss that draws images.
std::vector<std::string> training(const std::string& folder, const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags{"--sublattice=false", "--max_steps=8", "--ssim_windows=image"};
    if (more.empty() || more[0] != "--ssim_loss_ratio=0") flags.emplace_back("--ssim_loss_ratio=0.05");
    flags.insert(flags.end(), more.begin(), more.end());
    return short_training("photo.png", folder, flags);
}

TEST(Plan, ShowsTheTableAndTheChoice) {
    const Workspace workspace;
    const Result result =
        gsfit(workspace, {"plan", "--size", "7680x4320", "--num_gaussians", "30000", "--ssim_loss_ratio=0.01",
                          "--ssim_windows=image", "--sublattice=false", "--memory_budget_gb=3"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find("7680 x 4320 pixels"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find(" <"), std::string::npos) << result.out;
}

TEST(Plan, JsonHoldsEveryItem) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 640, 480);
    const Result result = gsfit(workspace, {"plan", "photo.png", "--json", "--num_gaussians", "500"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto plan = nlohmann::json::parse(result.out);
    EXPECT_EQ(plan["width"], 640);
    EXPECT_EQ(plan["chosen"], 0);
    const auto& row = plan["rows"][0];
    EXPECT_EQ(row["items"]["target"], 640 * 480 * 3);
    EXPECT_GT(row["peak_bytes"], plan["program_bytes"]);
}

TEST(Plan, SaysWhatWouldDoWhenNothingFits) {
    const Workspace workspace;
    const Result result = gsfit(workspace, {"plan", "--size", "7680x4320", "--memory_budget_gb=0.05"});
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_NE(result.err.find("memory_budget_gb"), std::string::npos) << result.err;
}

/// CUDA_VISIBLE_DEVICES hides the GPUs of a machine that has some.
Result plan_for_gpu(const std::vector<std::string>& more) {
    const Workspace workspace;
    std::vector<std::string> words{
        "plan", "--size", "7680x4320", "--ssim_loss_ratio=0.01", "--ssim_windows=image", "--device=cuda:1"};
    words.insert(words.end(), more.begin(), more.end());
    return gsfit(workspace, words, {"CUDA_VISIBLE_DEVICES="});
}

TEST(Plan, IsMadeForAGpuThatIsNotHere) {
    const Result result = plan_for_gpu({"--device_memory_budget_gb=2"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find("\non cuda:1: budget 2000.0 MB"), std::string::npos) << result.out;
    const auto plan = nlohmann::json::parse(plan_for_gpu({"--device_memory_budget_gb=2", "--json"}).out);
    EXPECT_EQ(plan["device"], "cuda:1");
    EXPECT_EQ(plan["device_budget_bytes"], 2'000'000'000);
    const auto& row = plan["rows"][0];
    EXPECT_GE(row["device_items"]["target"], 7680 * 4320 * 3);
    EXPECT_GT(row["device_peak_bytes"], row["device_items"]["target"]);
    EXPECT_FALSE(row["items"].contains("lists"));
}

TEST(Plan, NamesTheGpuThatDoesNotSuffice) {
    const Result result = plan_for_gpu({"--device_memory_budget_gb=0.05"});
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_NE(result.err.find("the memory of cuda:1 does not suffice"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("device_memory_budget_gb"), std::string::npos) << result.err;
}

TEST(Plan, NeedsTheBudgetOfAGpuThatIsNotHere) {
    const Result result = plan_for_gpu({});
    EXPECT_EQ(result.exit_code, 5);
    EXPECT_NE(result.err.find("for a GPU that is not here, give device_memory_budget_gb"), std::string::npos)
        << result.err;
}

TEST(Plan, RefusesWhatItCannotPlanFor) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 64, 48);
    EXPECT_EQ(gsfit(workspace, {"plan"}).exit_code, 2);
    EXPECT_EQ(gsfit(workspace, {"plan", "photo.png", "--size", "10x10"}).exit_code, 2);
    for (const char* size : {"10", "x", "10x", "0x5", "-3x5", "10x10x10", "99999999x99999999"}) {
        EXPECT_EQ(gsfit(workspace, {"plan", "--size", size}).exit_code, 2) << size;
    }
    EXPECT_EQ(gsfit(workspace, {"plan", "--size", "10x10", "--channels", "17"}).exit_code, 2);
    EXPECT_EQ(gsfit(workspace, {"plan", "none.png"}).exit_code, 3);
    EXPECT_EQ(gsfit(workspace, {"plan", "--size", "10x10", "--num_gaussians", "101"}).exit_code, 2);
}

/// Planned against measured, in settings that differ in every item.
TEST(Plan, IsWithinATenthOfThePeak) {
    if (sanitized) GTEST_SKIP() << "sanitizers keep freed memory";
    const Workspace workspace;
    write_picture(workspace / "photo.png", 1600, 1200);
    const std::vector<std::vector<std::string>> settings{{"--use_amp=false"},
                                                         {"--use_amp=true"},
                                                         {"--use_gradient_checkpointing=true"},
                                                         {"--checkpoint_bands=4"},
                                                         {"--checkpoint_bands=4", "--target_storage=file"},
                                                         {"--ssim_loss_ratio=0"}};
    for (std::size_t i = 0; i < settings.size(); ++i) {
        SCOPED_TRACE(settings[i].back());
        const std::string folder = "run" + std::to_string(i);
        ASSERT_EQ(gsfit(workspace, training(folder, settings[i])).exit_code, 0);
        const auto record = record_of(workspace, folder);
        const double planned = record["memory"]["planned_bytes"];
        const double peak = record["peak_resident_bytes"];
        EXPECT_NEAR(planned, peak, 0.1 * peak);
    }
}

TEST(Budget, IsKept) {
    if (sanitized) GTEST_SKIP() << "sanitizers keep freed memory";
    const Workspace workspace;
    write_picture(workspace / "photo.png", 2000, 1500);
    ASSERT_EQ(gsfit(workspace, training("free")).exit_code, 0);
    const auto free = record_of(workspace, "free");
    const double least = free["memory"]["program_bytes"];
    const double peak = free["peak_resident_bytes"];
    const double budget = least + 0.75 * (peak - least);
    const Result result = gsfit(workspace, training("kept", {"--memory_budget_gb=" + std::to_string(budget / 1e9)}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto kept = record_of(workspace, "kept");
    EXPECT_LT(kept["peak_resident_bytes"], budget);
    EXPECT_GT(kept["memory"]["bands"], 1);
    EXPECT_NEAR(kept["psnr"], free["psnr"], 0.1);
}

TEST(Budget, ThatIsImpossibleIsRefusedBeforeTheRun) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 640, 480);
    const Result result = gsfit(workspace, training("run", {"--memory_budget_gb=0.05"}));
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_NE(result.err.find("memory_budget_gb"), std::string::npos) << result.err;
    EXPECT_FALSE(std::filesystem::exists(workspace / "run"));
}

#ifdef GSFIT_ALLOCATION_FAULTS

/// A run in which the large allocation number `fail_at` fails; 0: none. `counted` gets how many there were.
Result faulty_training(const Workspace& workspace, const std::string& folder, int fail_at, int* counted = nullptr) {
    const std::string count_file = (workspace / "count").string();
    Result result = gsfit(workspace, training(folder),
                          {"LD_PRELOAD=" GSFIT_ALLOCATION_FAULTS, "FAULT_BYTES=100000",
                           "FAULT_AT=" + std::to_string(fail_at), "FAULT_COUNT_FILE=" + count_file});
    if (counted != nullptr) *counted = std::stoi(read_text(count_file));
    return result;
}

/// Every large allocation of a short run fails once: the run ends as if nothing had happened, or says that memory does
/// not suffice and leaves its state behind, unless it had none yet.
TEST(AllocationFault, AnywhereLosesNothing) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 320, 240);
    int count = 0;
    ASSERT_EQ(faulty_training(workspace, "whole", 0, &count).exit_code, 0);
    ASSERT_GT(count, 20);
    const double psnr = record_of(workspace, "whole")["psnr"];
    int finished = 0;
    for (int i = 1; i <= count; ++i) {
        SCOPED_TRACE(i);
        const std::string folder = "run" + std::to_string(i);
        const Result result = faulty_training(workspace, folder, i);
        ASSERT_EQ(result.signal, 0);
        if (result.exit_code == 0) {
            ++finished;
            EXPECT_NEAR(record_of(workspace, folder)["psnr"], psnr, 1e-4);
        } else {
            EXPECT_EQ(result.exit_code, 4) << result.err;
            EXPECT_NE(result.err.find("memory"), std::string::npos) << result.err;
            if (std::filesystem::exists(workspace / folder / "run.json")) {
                EXPECT_GE(latest_step(workspace / folder), 0) << result.err;
            }
        }
        std::filesystem::remove_all(workspace / folder);
    }
    EXPECT_GT(finished, count * 3 / 4);
}

#endif

/// A real limit on the address space, which the first settings do not fit.
TEST(AddressSpaceLimit, IsMetByMoreBands) {
    if (sanitized) GTEST_SKIP() << "sanitizers need terabytes of addresses";
    const Workspace workspace;
    write_picture(workspace / "photo.png", 3000, 2000);
    ASSERT_EQ(gsfit(workspace, training("free", {"--use_amp=false"})).exit_code, 0);
    const auto free = record_of(workspace, "free");
    const Result result =
        gsfit_with_memory_limit(workspace, free["peak_virtual_bytes"].get<std::int64_t>() - 120'000'000,
                                training("limited", {"--use_amp=false"}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto limited = record_of(workspace, "limited");
    EXPECT_NEAR(limited["psnr"], free["psnr"], 0.1);
    EXPECT_GT(limited["memory"]["bands"], 1);
}

}  // namespace
}  // namespace gsfit::test

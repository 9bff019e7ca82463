#include "cli/runs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

#include "cli/pictures.h"

namespace gsfit::test {

std::vector<std::string> short_training(const std::string& image, const std::string& folder,
                                        const std::vector<std::string>& more) {
    std::vector<std::string> words{"train", image, "--output", folder, "--progress", "none"};
    const auto given = [&](const std::string& flag) {
        return std::any_of(more.begin(), more.end(), [&](const std::string& word) { return word.rfind(flag, 0) == 0; });
    };
    for (const char* flag : {"--num_gaussians=100", "--max_steps=20", "--threads=1"}) {
        if (!given(std::string(flag).substr(0, std::string(flag).find('=')))) {
            words.emplace_back(flag);
        }
    }
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

void make_run(const Workspace& workspace) {
    write_picture(workspace / "photo.png", 64, 48);
    const Result result = gsfit(workspace, short_training("photo.png", "run"));
    ASSERT_EQ(result.exit_code, 0) << result.err;
}

void mark_as_running(const std::filesystem::path& run_folder) {
    auto record = nlohmann::json::parse(read_text(run_folder / "run.json"));
    record["exit"] = "running";
    write_text(run_folder / "run.json", record.dump());
}

std::string latest_checkpoint_without_seconds(const std::filesystem::path& run_folder) {
    const std::string file = read_text(run_folder / "checkpoints" / "latest");
    std::uint64_t length = 0;
    if (file.size() < sizeof length) {
        return {};
    }
    std::memcpy(&length, file.data(), sizeof length);
    auto header = nlohmann::json::parse(file.substr(sizeof length, length));
    header["__metadata__"].erase("seconds");
    return header.dump() + file.substr(sizeof length + length);
}

long latest_step(const std::filesystem::path& run_folder) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(run_folder / "checkpoints" / "latest", error);
    const std::string name = target.stem().string();  // step-N
    return error ? -1 : std::stol(name.substr(name.find('-') + 1));
}

}  // namespace gsfit::test

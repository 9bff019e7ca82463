#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace gsfit::test {

/// A test in an empty folder of its own, which is the current directory meanwhile: messages then name files shortly.
class InEmptyFolder : public ::testing::Test {
protected:
    void SetUp() override {
        const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
        folder_ = std::filesystem::temp_directory_path() /
                  ("gsfit-" + std::string(info->name()) + "-" + std::to_string(::getpid()));
        std::filesystem::create_directory(folder_);
        before_ = std::filesystem::current_path();
        std::filesystem::current_path(folder_);
    }
    void TearDown() override {
        std::filesystem::current_path(before_);
        std::filesystem::remove_all(folder_);
    }

    static void write(const std::filesystem::path& path, const std::string& text) {
        if (path.has_parent_path()) {
            std::filesystem::create_directories(path.parent_path());
        }
        std::ofstream(path, std::ios::binary) << text;
    }

private:
    std::filesystem::path folder_;
    std::filesystem::path before_;
};

}  // namespace gsfit::test

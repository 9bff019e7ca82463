#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gsfit::cli {

/// What there is to say of one image of a batch.
struct BatchRow {
    std::filesystem::path image;
    std::string folder;                       ///< of its run, within the batch folder
    std::int64_t width = 0;                   ///< [pixels] as trained on; 0: not known
    std::int64_t height = 0;                  ///< [pixels]
    std::string exit = "waiting";             ///< running, finished, interrupted, terminated, killed or failed
    std::string message{};                    ///< why, or what was to note
    nlohmann::ordered_json record = nullptr;  ///< run.json, where there is one
};

/// summary.csv of the batch folder, as docs/batch.md says. Throws OutputError.
void write_summary_table(const std::filesystem::path& batch_folder, const std::vector<BatchRow>& rows);

/// summary.html, the same for people, with pictures and links to the runs. Throws OutputError.
void write_summary_page(const std::filesystem::path& batch_folder, const std::vector<BatchRow>& rows);

}  // namespace gsfit::cli

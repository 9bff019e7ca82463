#pragma once

#include <string>

#include "cli/batch_summary.h"

namespace gsfit::cli {

/// What stderr shows of a batch while it goes on.
class BatchProgress {
public:
    /// style: json (an object a line), none, or any other: lines.
    BatchProgress(std::string style, std::size_t images) : style_(std::move(style)), images_(images) {}

    /// An image begins; so many are being fitted now.
    void started(const BatchRow& row, std::size_t running) const;
    /// It is over, well or not; so many images are finished.
    void ended(const BatchRow& row, std::size_t finished, std::size_t running) const;

private:
    std::string style_;
    std::size_t images_;
};

}  // namespace gsfit::cli

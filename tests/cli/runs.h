#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/process.h"

namespace gsfit::test {

/// A short training of `image`, which lies in the workspace, into `folder` there; `more` is added to the command line.
std::vector<std::string> short_training(const std::string& image, const std::string& folder,
                                        const std::vector<std::string>& more = {});

/// A run of a generated picture of 64 x 48 pixels in folder `run` of the workspace; fails the test if it does not end
/// well.
void make_run(const Workspace& workspace);

/// Makes run.json say that the run goes on, as that of a killed one does.
void mark_as_running(const std::filesystem::path& run_folder);

/// What checkpoints/latest of a run folder holds, but for the seconds that the run took.
std::string latest_checkpoint_without_seconds(const std::filesystem::path& run_folder);

/// Step of the newest checkpoint of a run folder; -1: there is none.
long latest_step(const std::filesystem::path& run_folder);

}  // namespace gsfit::test

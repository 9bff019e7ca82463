#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.h"
#include "gsfit/core/error.h"

namespace gsfit::cli {

/// One command of the program; each stands in a file of its own.
struct Command {
    Syntax syntax;
    std::string_view summary;  ///< one line
    std::string_view details;  ///< paragraphs of its --help
    ExitCode (*run)(const Arguments&);
};

Command train_command();
Command render_command();
Command eval_command();
Command video_command();
Command info_command();
Command compress_command();
Command encode_command();
Command config_command();
Command plan_command();
Command report_command();

/// All of them, in the order in which help shows them.
std::vector<Command> commands();

}  // namespace gsfit::cli

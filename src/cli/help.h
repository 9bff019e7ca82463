#pragma once

#include <map>
#include <string>

#include "cli/command.h"

namespace gsfit::cli {

/// `gsfit --help`.
std::string program_help();

/// `gsfit <command> --help`.
std::string command_help(const Command& command);

/// `gsfit --version`: of gsfit and of LibTorch, and the vector instructions.
std::string version_text();

/// Of gsfit and of what it is built on.
std::map<std::string, std::string> versions();

/// The vector instructions that the kernels use on this machine, as Highway calls them.
std::string simd_target();

}  // namespace gsfit::cli

#include "cli/help.h"
#include "cli/text.h"

#include <hwy/targets.h>
#include <torch/version.h>

#include "gsfit/config.h"

namespace gsfit::cli {
namespace {

std::string usage(const Syntax& syntax) {
    std::string line = text_of("gsfit ", syntax.command);
    if (!syntax.positional.empty()) {
        line += text_of(" ", syntax.positional);
    }
    return line + (syntax.takes_keys ? " [--flag ...] [--<key> VALUE ...]" : " [--flag ...]");
}

std::string flag_line(const Flag& flag) {
    std::string left = flag.letter == 0 ? "    --" : text_of("-", flag.letter, ", --");
    left += flag.name;
    if (!flag.value.empty()) {
        left += text_of(" ", flag.value);
    }
    return text_of("  ", std::left, std::setw(28), left, flag.help, "\n");
}

}  // namespace

std::string program_help() {
    std::string text =
        "gsfit fits 2D Gaussians to an image.\n"
        "\n"
        "Usage: gsfit <command> [...]\n"
        "\n"
        "Commands:\n";
    for (const Command& command : commands()) {
        text += text_of("  ", std::left, std::setw(10), command.syntax.command, command.summary, "\n");
    }
    return text +
           "\n"
           "gsfit <command> --help shows what a command takes; gsfit --version shows versions.\n"
           "\n"
           "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 input cannot be read, 4 out of memory,\n"
           "5 device not usable, 6 output cannot be written, 130 or 143 stopped by a signal after saving.\n";
}

std::string command_help(const Command& command) {
    std::string text =
        text_of(command.summary, "\n\nUsage: ", usage(command.syntax), "\n\n", command.details, "\n\nFlags:\n");
    for (const Flag& flag : command.syntax.flags) {
        text += flag_line(flag);
    }
    text += flag_line({"help", 'h', "", "show this help"});
    if (command.syntax.takes_keys) {
        text +=
            "\nKeys of the configuration, each of them a flag (--max_steps 500 or --max-steps=500):\n\n" + help_text();
    }
    return text;
}

std::string version_text() {
    return text_of("gsfit ", GSFIT_VERSION, "\nLibTorch ", TORCH_VERSION, "\nSIMD ", simd_target(), "\n");
}

std::map<std::string, std::string> versions() {
    return {{"gsfit", GSFIT_VERSION}, {"LibTorch", TORCH_VERSION}, {"compiler", __VERSION__}};
}

std::string simd_target() {
    const auto usable =
        hwy::SupportedTargets() & HWY_TARGETS;  // of the machine, and compiled for; a better one is lower
    return hwy::TargetName(usable & -usable);
}

}  // namespace gsfit::cli

// gsfit: finds the command, runs it, and turns every error into one sentence and an exit code.

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "gsfit/config.h"
#include "gsfit/memory.h"

namespace gsfit::cli {

std::vector<Command> commands() {
    return {train_command(),  compress_command(), render_command(), eval_command(), info_command(),
            encode_command(), report_command(),   video_command(),  plan_command(), config_command()};
}

namespace {

Command find_command(const std::string& name) {
    const std::vector<Command> all = commands();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Command& command) { return command.syntax.command == name; });
    if (found != all.end()) {
        return *found;
    }
    std::vector<std::string_view> names;
    names.reserve(all.size());
    for (const Command& command : all) {
        names.push_back(command.syntax.command);
    }
    const std::string close(suggest(name, names));
    throw UsageError("there is no command '" + name + "'; " +
                     (close.empty() ? "gsfit --help lists all" : "did you mean '" + close + "'?"));
}

ExitCode run(const std::vector<std::string>& words) {
    if (words.empty()) {
        throw UsageError("no command is given; gsfit --help lists all");
    }
    if (words[0] == "--help" || words[0] == "-h") {
        print_result(program_help());
        return ExitCode::done;
    }
    if (words[0] == "--version") {
        print_result(version_text());
        return ExitCode::done;
    }
    const Command command = find_command(words[0]);
    const Arguments arguments = parse_arguments(command.syntax, {words.begin() + 1, words.end()});
    if (arguments.has("help")) {
        print_result(command_help(command));
        return ExitCode::done;
    }
    return command.run(arguments);
}

ExitCode fail(const std::string& message, ExitCode code) {
    const std::string sentence = message.substr(0, message.find('\n'));  // libraries append traces to theirs
    std::fprintf(stderr, "gsfit: %s\n", sentence.c_str());
    return code;
}

ExitCode guarded(const std::vector<std::string>& words) {
    try {
        return run(words);
    } catch (const Error& error) {
        return fail(error.what(), error.code());
    } catch (const std::exception& error) {
        return is_out_of_memory(error) ? fail("out of memory; take a smaller image (--resize_max) or fewer Gaussians",
                                              ExitCode::out_of_memory)
                                       : fail(error.what(), ExitCode::failed);
    }
}

}  // namespace
}  // namespace gsfit::cli

int main(int argc, char** argv) {
    gsfit::keep_freed_memory();
    gsfit::cli::ignore_write_signals();
    at::set_num_threads(1);  // the cores belong to gsfit's own pool
    return static_cast<int>(gsfit::cli::guarded({argv + 1, argv + argc}));
}

// gsfit_bench: times training steps, whole fits, or the decoder. tools/bench builds and runs it.

#include <ATen/Parallel.h>

#include <cstdio>
#include <exception>

#include "bench/decode.h"
#include "bench/fit.h"
#include "bench/steps.h"
#include "gsfit/core/error.h"
#include "gsfit/memory.h"

namespace gsfit::bench {
namespace {

void run(Words words) {
    const std::string command = words.empty() ? "" : words.front();
    if (command == "fit" || command == "decode" || command == "measure") words.erase(words.begin());
    if (command == "fit") {
        if (const auto options = parse_fit_options(words)) run_fit(*options);
    } else if (command == "decode") {
        if (const auto options = parse_decode_options(words)) run_decode(*options);
    } else if (const auto options = parse_step_options(words)) {
        command == "measure" ? run_measurement(*options) : run_steps(*options);
    }
}

ExitCode guarded(const Words& words) {
    try {
        run(words);
        return ExitCode::done;
    } catch (const Error& error) {
        std::fprintf(stderr, "gsfit_bench: %s\n", error.what());
        return error.code();
    } catch (const std::exception& error) {
        const std::string message = error.what();  // LibTorch appends a trace to its own
        std::fprintf(stderr, "gsfit_bench: %s\n", message.substr(0, message.find('\n')).c_str());
        return ExitCode::failed;
    }
}

}  // namespace
}  // namespace gsfit::bench

int main(int argc, char** argv) {
    gsfit::keep_freed_memory();  // as gsfit does, so that times and memory are its own
    at::set_num_threads(1);
    return static_cast<int>(gsfit::bench::guarded({argv + 1, argv + argc}));
}

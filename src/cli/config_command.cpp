// gsfit config: the effective configuration, each value with where it came from.

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "gsfit/config.h"

namespace gsfit::cli {
namespace {

ExitCode run(const Arguments& arguments) {
    const Config config = load_config(arguments);
    if (!arguments.has("json")) {
        print_result(config.to_yaml(true));
        return ExitCode::done;
    }
    nlohmann::ordered_json object;
    for (const Key& key : schema()) {
        if (!key.is_read_by(config.recipe())) continue;
        object[std::string(key.name)] = {{"value", value_of(config, key)}, {"origin", config.origin(key.name).text()}};
    }
    print_json(object);
    return ExitCode::done;
}

}  // namespace

Command config_command() {
    return {{"config",
             "",
             {{"config", 0, "FILE", "YAML to start from"}, {"json", 0, "", "one JSON object instead of YAML"}},
             true},
            "Shows the effective configuration and where each value came from.",
            "Later wins: defaults, the presets a file names by `parent:`, the file given by --config, the\n"
            "environment (GSFIT_<KEY>), flags.",
            run};
}

}  // namespace gsfit::cli

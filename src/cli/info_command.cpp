// gsfit info: what a run folder or a saved field holds.

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/run_json.h"
#include "cli/source.h"
#include "gsfit/core/file.h"

namespace gsfit::cli {
namespace {

nlohmann::ordered_json json_of(const ImageMaps& maps) {
    nlohmann::ordered_json json;
    for (const ImageMap& map : maps) {
        json[map.name] = {{"first_channel", map.first},
                          {"channels", map.channels},
                          {"alpha", map.alpha},
                          {"bits", map.bits},
                          {"low", map.low},
                          {"high", map.high},
                          {"gamma", map.gamma},
                          {"profile_bytes", map.profile.size()}};
    }
    return json;
}

ExitCode run(const Arguments& arguments) {
    const Source source = open_source(arguments);
    const auto& [field, blending, maps, quantisation, metadata] = source.saved;
    nlohmann::ordered_json report{{"file", source.file.string()},
                                  {"bytes", size_of_file(source.file)},
                                  {"gaussians", field.size()},
                                  {"channels", field.channels()},
                                  {"width", field.raster_width},
                                  {"height", field.raster_height},
                                  {"blend", name_of(blending.blend)},
                                  {"topk", blending.topk},
                                  {"support", name_of(blending.support)},
                                  {"cutoff", blending.cutoff},
                                  {"blend_eps", blending.eps},
                                  {"maps", json_of(maps)},
                                  {"metadata", metadata}};
    if (quantisation) report["bits_per_gaussian"] = quantisation->of_gaussian(field.channels());
    if (source.run_folder) {
        report["run"] = read_run_json(*source.run_folder);
    }
    print_report(report, arguments.has("json"));
    return ExitCode::done;
}

}  // namespace

Command info_command() {
    return {{"info", "RUN_OR_FILE", {json_flag}},
            "Shows what a run folder or a saved field holds.",
            "RUN_OR_FILE is a run folder (its latest checkpoint is taken), a .safetensors or a .gsf file.",
            run};
}

}  // namespace gsfit::cli

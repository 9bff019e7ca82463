#include "cli/configuration.h"
#include "cli/text.h"

#include <algorithm>
#include <array>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"

namespace gsfit::cli {

// A run that memory stopped can go on with other settings for it, one from a GPU on a machine without; what is
// recorded does not change the result.
bool is_free_when_resumed(const Key& key) {
    constexpr std::array<std::string_view, 12> names{
        "eval",   "render_height", "ckpt_file", "input_path", "data_root",       "threads",
        "device", "cuda_graph",    "log_level", "progress",   "save_ckpt_steps", "save_checkpoint_keep"};
    return key.group == "Memory" || key.group == "Record" ||
           std::find(names.begin(), names.end(), key.name) != names.end();
}

Config load_config(const Arguments& arguments) {
    Sources sources;
    if (arguments.has("config")) {
        sources.file = arguments.value("config");
    }
    sources.environment = process_environment();
    sources.flags = arguments.keys;
    return Config::load(sources);
}

Config load_config_with_image(Arguments arguments) {
    for (const std::string& image : arguments.positional) {
        if (arguments.has_key("input_path")) {
            throw UsageError("the image is given twice: as argument and as --input_path; leave one of them out");
        }
        arguments.keys.emplace_back("input_path", image);
    }
    if (!arguments.positional.empty() && !arguments.has_key("data_root")) arguments.keys.emplace_back("data_root", "");
    return load_config(arguments);
}

Config load_config_of_new_run(Arguments arguments) {
    Config config = load_config_with_image(arguments);
    const std::string device = wanted_device(config);
    if (device == config.text("device")) return config;
    arguments.keys.emplace_back("device", device);
    return load_config_with_image(arguments);
}

Config load_config_of_run(const std::filesystem::path& run_folder, const Arguments& arguments) {
    const std::filesystem::path file = run_folder / "config.yaml";
    if (!is_there(file)) {
        throw InputError(text_of("'", file.string(), "' is missing, without which the run cannot go on; put it back"));
    }
    const Config saved = Config::load({file, {}, {}});
    Config wanted = Config::load({file, process_environment(), arguments.keys});
    for (const Key& key : schema()) {
        if (value_of(saved, key) != value_of(wanted, key) && !is_free_when_resumed(key)) {
            throw UsageError(text_of("a resumed run keeps its ", key.name, " (", value_of(saved, key).dump(), "), but ",
                                     wanted.origin(key.name).text(),
                                     " sets another; leave that out or start a new run"));
        }
    }
    return wanted;
}

std::string wanted_device(const Config& config) {
    const std::string& wish = config.text("device");
    const Origin::Level level = config.origin("device").level;
    const bool in_file = level == Origin::Level::preset || level == Origin::Level::file;
    return config.recipe() == Recipe::image_gs && wish == "cuda:0" && in_file ? "auto" : wish;
}

Config load_key(const Arguments& arguments, const std::string& key) {
    Sources sources;
    sources.environment = process_environment();
    if (arguments.has(key)) sources.flags.emplace_back(key, arguments.value(key));
    return Config::load(sources);
}

int wanted_threads(const Arguments& arguments) {
    return static_cast<int>(load_key(arguments, "threads").integer("threads"));
}

nlohmann::ordered_json value_of(const Config& config, const Key& key) {
    switch (key.type) {
        case Type::boolean:
            return config.boolean(key.name);
        case Type::integer: {
            const std::int64_t value = config.integer(key.name);
            if (value == 0 && !key.zero_word.empty()) return key.zero_word;
            return value;
        }
        case Type::number:
            return config.number(key.name);
        case Type::choice:
        case Type::text:
        case Type::path:
            return config.text(key.name);
    }
    return nullptr;
}

}  // namespace gsfit::cli

// The schema itself, and the files that repeat it for people: cfgs/default.yaml and the tables of
// docs/configuration.md.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "gsfit/config.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

const fs::path source_root = fs::path(__FILE__).parent_path().parent_path().parent_path();

std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// What --help, the documentation and default.yaml say about the values of a key.
std::string values_with_unit(const Key& key) {
    return accepted_values(key) + (key.unit.empty() ? "" : " " + std::string(key.unit));
}

/// The line `key: value` of a YAML text.
std::string line_of(const std::string& yaml, const Key& key) {
    const std::size_t begin = yaml.find("\n" + std::string(key.name) + ": ") + 1;
    return yaml.substr(begin, yaml.find('\n', begin) - begin);
}

/// A recipe's keys that `shown` picks, with their help and values.
template <class Shown>
std::string explained_yaml(Recipe recipe, const Shown& shown) {
    std::string yaml;
    const std::string defaults = Config(recipe).to_yaml(false);
    std::string_view group;
    for (const Key& key : schema()) {
        if (!shown(key)) continue;
        if (key.group != group) {
            group = key.group;
            yaml += "\n# ---- " + std::string(group) + "\n";
        }
        yaml += "\n# " + std::string(key.help) + "\n# (" + values_with_unit(key) + ")\n";
        if (recipe == Recipe::gsfit && !key.gain.empty()) yaml += "# gain: " + std::string(key.gain) + "\n";
        yaml += line_of(defaults, key) + "\n";
    }
    return yaml;
}

std::string default_yaml() {
    return "# Every key that recipe gsfit reads, with its default. Leave out what need not differ from it. "
           "image_gs.yaml has\n"
           "# those of recipe image_gs. A gain is what was measured over Image-GS's value, or without the key's "
           "mechanism, on\n"
           "# three Kodak images with 5,000 Gaussians in 300 steps unless it says otherwise (docs/quality.md).\n" +
           explained_yaml(Recipe::gsfit, [](const Key& key) { return key.is_read_by(Recipe::gsfit); });
}

std::string image_gs_yaml() {
    return "# Recipe image_gs: training as Image-GS does it. What stands here are the keys that only this recipe reads "
           "and\n"
           "# those that have another default by it than by recipe gsfit; default.yaml explains the others.\n"
           "recipe: image_gs\n" +
           explained_yaml(Recipe::image_gs,
                          [](const Key& key) { return key.only == Recipe::image_gs || !key.image_gs_default.empty(); });
}

std::string documented_keys() {
    std::string markdown;
    std::string_view group;
    for (const Key& key : schema()) {
        if (key.group != group) {
            group = key.group;
            markdown +=
                "\n### " + std::string(group) + "\n\n| key | default | values | meaning |\n| --- | --- | --- | --- |\n";
        }
        std::string default_text = key.default_text.empty() ? "(empty)" : "`" + std::string(key.default_text) + "`";
        if (!key.image_gs_default.empty()) default_text += ", image_gs: `" + std::string(key.image_gs_default) + "`";
        markdown += "| `" + std::string(key.name) + "` | " + default_text + " | " + values_with_unit(key) + " | " +
                    std::string(key.help) + " |\n";
    }
    return markdown + "\n";
}

/// On a difference the right text is left in the temporary directory, to be copied over the file.
void expect_file(const fs::path& path, const std::string& expected) {
    if (read(path) == expected) {
        return;
    }
    const fs::path right = fs::temp_directory_path() / ("gsfit-" + path.filename().string());
    std::ofstream(right, std::ios::binary) << expected;
    ADD_FAILURE() << path << " differs from the schema; look at the change and run: cp " << right << " " << path;
}

TEST(Schema, DefaultYamlIsMadeOfIt) { expect_file(source_root / "cfgs/default.yaml", default_yaml()); }

TEST(Schema, ImageGsYamlIsMadeOfIt) { expect_file(source_root / "cfgs/image_gs.yaml", image_gs_yaml()); }

TEST(Schema, DocumentationIsMadeOfIt) {
    const fs::path path = source_root / "docs/configuration.md";
    const std::string page = read(path);
    const std::string begin_mark = "<!-- keys: made of the schema -->\n";
    const std::size_t begin = page.find(begin_mark);
    const std::size_t end = page.find("<!-- end of keys -->");
    ASSERT_NE(begin, std::string::npos);
    ASSERT_NE(end, std::string::npos);
    expect_file(path, page.substr(0, begin + begin_mark.size()) + documented_keys() + page.substr(end));
}

TEST(Schema, NamesAreUniqueAndPlain) {
    std::set<std::string_view> names;
    for (const Key& key : schema()) {
        EXPECT_TRUE(names.insert(key.name).second) << key.name;
        EXPECT_EQ(key.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos) << key.name;
        EXPECT_NE(key.name, "parent");
        EXPECT_FALSE(key.help.empty()) << key.name;
        EXPECT_EQ(key.help.find('\n'), std::string::npos) << key.name;
        EXPECT_TRUE(!key.only || key.image_gs_default.empty()) << key.name;
    }
}

/// Whoever changes what Image-GS chose for the picture says by how much that is better.
TEST(Schema, EveryValueOfThePictureThatDiffersFromImageGsHasAGain) {
    for (const Key& key : schema()) {
        const bool of_picture = key.group == "Field" || key.group == "Loss" || key.group == "Start";
        EXPECT_FALSE(of_picture && !key.image_gs_default.empty() && key.gain.empty()) << key.name;
        EXPECT_TRUE(key.gain.empty() || key.is_read_by(Recipe::gsfit)) << key.name;
    }
}

TEST(Schema, GroupsAreTogether) {
    std::set<std::string_view> seen;
    std::string_view group;
    for (const Key& key : schema()) {
        if (key.group != group) {
            group = key.group;
            EXPECT_TRUE(seen.insert(group).second) << group;
        }
    }
}

TEST(Schema, EachTypeHasItsFacts) {
    for (const Key& key : schema()) {
        EXPECT_EQ(key.type == Type::choice, !key.choices.empty()) << key.name;
        const bool ranged = key.type == Type::integer || key.type == Type::number;
        EXPECT_EQ(ranged, key.range.least < key.range.most) << key.name;
        EXPECT_TRUE(key.zero_word.empty() || (key.type == Type::integer && key.range.least == 1)) << key.name;
    }
}

TEST(Schema, PresetsLoad) {
    const auto load = [](const char* name) { return Config::load({.file = source_root / "cfgs" / name}); };
    EXPECT_EQ(load("default.yaml").to_yaml(false), Config().to_yaml(false));
    EXPECT_EQ(load("image_gs.yaml").to_yaml(false), Config(Recipe::image_gs).to_yaml(false));
    EXPECT_EQ(load("2k.yaml").integer("num_gaussians"), 10000);
    EXPECT_EQ(load("4k.yaml").integer("num_gaussians"), 20000);
    EXPECT_EQ(load("8k.yaml").integer("num_gaussians"), 30000);
    EXPECT_EQ(load("8k.yaml").integer("max_steps"), 300);
    EXPECT_EQ(load("8k_low_memory.yaml").integer("max_steps"), 300);
    EXPECT_EQ(load("8k_low_memory.yaml").number("memory_budget_gb"), 0.5);
    EXPECT_EQ(load("preview.yaml").integer("max_steps"), 100);
    for (const auto& entry : fs::directory_iterator(source_root / "cfgs")) {
        EXPECT_NO_THROW(Config::load({.file = entry.path()})) << entry.path();
    }
}

TEST(Schema, HelpNamesEveryKeyWithRangeAndDefault) {
    const std::string help = help_text();
    for (const Key& key : schema()) {
        EXPECT_NE(help.find("  --" + std::string(key.name) + " "), std::string::npos) << key.name;
    }
    EXPECT_NE(help.find("Run:\n  --recipe NAME               how to train:"), std::string::npos);
    EXPECT_NE(help.find("\n\nInput:\n"), std::string::npos);
    EXPECT_NE(help.find("(1 to 10000000; default 10000)\n"), std::string::npos);
    EXPECT_NE(help.find("(auto or 1 to 65536; default auto)\n"), std::string::npos);
    EXPECT_NE(help.find("(1 to 6 sigma; default 4.2919321)\n"), std::string::npos);
    EXPECT_NE(help.find("(norm, sum, topk_norm; default norm, by recipe image_gs topk_norm)\n"), std::string::npos);
    EXPECT_NE(help.find("(default empty)\n"), std::string::npos);
}

TEST(Suggest, FindsTheNearest) {
    const std::array<std::string_view, 4> words{"train", "render", "eval", "info"};
    EXPECT_EQ(suggest("trian", words), "train");
    EXPECT_EQ(suggest("Rendr", words), "render");
    EXPECT_EQ(suggest("evla", words), "eval");
    EXPECT_EQ(suggest("info", words), "info");
    EXPECT_EQ(suggest("x", words), "");
    EXPECT_EQ(suggest("", words), "");
    EXPECT_EQ(suggest("video", words), "");
    EXPECT_EQ(suggest(std::string(65, 'e'), words), "");
}

}  // namespace
}  // namespace gsfit

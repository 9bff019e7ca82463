// The two recipes: their defaults, and the keys that only one of them reads.

#include <gtest/gtest.h>

#include "gsfit/config.h"
#include "gsfit/core/error.h"
#include "unit/config_files.h"
#include "unit/sentences.h"

namespace gsfit {
namespace {

class ConfigRecipe : public test::InEmptyFolder {};

TEST_F(ConfigRecipe, DecidesOnDefaults) {
    const Config config = Config::parse("recipe: image_gs\nmax_steps: 7000\n", "run.yaml");
    EXPECT_EQ(config.recipe(), Recipe::image_gs);
    EXPECT_EQ(config.text("recipe"), "image_gs");
    EXPECT_EQ(config.integer("max_steps"), 7000);
    EXPECT_EQ(config.number("l1_loss_ratio"), 1);
    EXPECT_EQ(config.number("ssim_loss_ratio"), 0.1);
    EXPECT_EQ(config.text("blend"), "topk_norm");
    EXPECT_TRUE(config.is_default("blend"));
    EXPECT_EQ(Config().text("blend"), "norm");
}

TEST_F(ConfigRecipe, IsThatOfTheLastLevelToNameOne) {
    write("preset.yaml", "recipe: gsfit\n");
    write("run.yaml", "parent: preset.yaml\npos_lr: 0.001\n");
    const Config config = Config::load({"run.yaml", {}, {{"recipe", "image_gs"}}});
    EXPECT_EQ(config.recipe(), Recipe::image_gs);
    EXPECT_EQ(config.origin("recipe").text(), "flag --recipe");
    EXPECT_EQ(config.number("pos_lr"), 0.001);
    EXPECT_EQ(Config::load({"run.yaml", {{"GSFIT_RECIPE", "image_gs"}}, {{"pos_lr", "1"}}}).number("pos_lr"), 1);
}

TEST_F(ConfigRecipe, RefusesKeysOfTheOther) {
    const std::string sentence =
        sentence_of<UsageError>([] { Config::parse("growth_times: 3\nrecipe: image_gs\n", "run.yaml"); });
    expect_contains(sentence, "growth_times (run.yaml:1) is read by recipe gsfit only");
    expect_contains(sentence, "the recipe is image_gs (run.yaml:2)");
    expect_contains(sentence_of<UsageError>([] {
                        Config::load({{}, {}, {{"pos_lr", "1"}}});
                    }),
                    "pos_lr (--pos_lr) is read by recipe image_gs only, and the recipe is gsfit (default)");
}

TEST_F(ConfigRecipe, WritesTheKeysThatItReads) {
    const Config config = Config::parse("recipe: image_gs\nadd_steps: 50\n", "run.yaml");
    const std::string yaml = config.to_yaml(false);
    EXPECT_NE(yaml.find("\nadd_steps: 50\n"), std::string::npos);
    EXPECT_EQ(yaml.find("growth_times"), std::string::npos);
    EXPECT_EQ(Config::parse(yaml, "again").to_yaml(false), yaml);
    EXPECT_EQ(Config().to_yaml(false).find("add_steps"), std::string::npos);
}

/// A run reads what it wrote when it goes on.
TEST_F(ConfigRecipe, ReadsBackWhatReplacesOtherKeys) {
    for (const char* yaml : {"recipe: image_gs\ndisable_topk_norm: true\n", "adaptive_refinement: true\n",
                             "recipe: image_gs\nmax_seconds: 5\nmax_steps: 70\n"}) {
        const std::string written = Config::parse(yaml, "run.yaml").to_yaml(true);
        EXPECT_EQ(Config::parse(written, "config.yaml").to_yaml(false), Config::parse(yaml, "run.yaml").to_yaml(false));
    }
}

TEST_F(ConfigRecipe, LetsTheClockCutImageGsOff) {
    const Config config = Config::parse("recipe: image_gs\nmax_seconds: 5\nmax_steps: 70\n", "run.yaml");
    EXPECT_EQ(config.integer("max_steps"), 70);
    EXPECT_EQ(config.number("max_seconds"), 5);
}

TEST_F(ConfigRecipe, TakesWhatFilesOfImageGsHold) {
    const Config config = Config::parse(
        "log_level: \"INFO\"\nnum_gaussians: 10000\nmax_steps: 10000\n"
        "pos_lr: 5.0e-4\ndecay_threshold: 1.0e-3\nrecipe: image_gs\n",
        "default.yaml");
    EXPECT_EQ(config.text("log_level"), "info");
    EXPECT_EQ(config.number("pos_lr"), 5e-4);
}

TEST_F(ConfigRecipe, RefusesWhatContradictsItself) {
    const auto refused = [](const char* yaml) {
        return sentence_of<UsageError>(
            [&] { Config::parse(std::string("recipe: image_gs\n").append(yaml), "run.yaml"); });
    };
    const Sources both{.flags = {{"recipe", "image_gs"}, {"disable_topk_norm", "true"}, {"blend", "topk_norm"}}};
    expect_contains(sentence_of<UsageError>([&] { Config::load(both); }), "leave one of them out");
    const Sources counts{.flags = {{"adaptive_refinement", "true"}, {"num_gaussians", "5"}}};
    expect_contains(sentence_of<UsageError>([&] { Config::load(counts); }), "give --adaptive_base_gaussians");
    expect_contains(refused("eval_steps: 0\n"), "eval_steps is 0");
    EXPECT_NO_THROW(Config::parse("recipe: image_gs\neval_steps: 0\ndisable_lr_schedule: true\n", "run.yaml"));
}

}  // namespace
}  // namespace gsfit

// Which source wins, where values came from, and the effective configuration as YAML.

#include "gsfit/config.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <stdexcept>

#include "unit/config_files.h"

namespace gsfit {
namespace {

class ConfigSources : public test::InEmptyFolder {};

TEST(Config, HoldsTheDefaults) {
    const Config config;
    EXPECT_EQ(config.integer("seed"), 123);
    EXPECT_EQ(config.integer("num_gaussians"), 10000);
    EXPECT_EQ(config.number("cutoff"), 4.2919321);
    EXPECT_EQ(config.text("blend"), "norm");
    EXPECT_EQ(config.text("log_root"), "results");
    EXPECT_EQ(config.text("exp_name"), "");
    EXPECT_TRUE(config.boolean("sublattice"));
    for (const Key& key : schema()) {
        EXPECT_TRUE(config.is_default(key.name)) << key.name;
        EXPECT_EQ(config.origin(key.name).text(), "default");
    }
}

TEST(Config, RefusesKeysThatTheProgramGetsWrong) {
    const Config config;
    EXPECT_THROW((void)config.integer("sede"), std::logic_error);
    EXPECT_THROW((void)config.origin("sede"), std::logic_error);
    EXPECT_THROW((void)config.number("seed"), std::logic_error);
    EXPECT_THROW((void)config.integer("cutoff"), std::logic_error);
    EXPECT_THROW((void)config.text("sublattice"), std::logic_error);
    EXPECT_THROW((void)config.boolean("blend"), std::logic_error);
}

TEST_F(ConfigSources, LaterOnesWin) {
    write("eldest.yaml", "seed: 1\nthreads: 1\neval_steps: 1\nresize_max: 1\ngrowth_times: 1\n");
    write("presets/parent.yaml", "parent: ../eldest.yaml\nthreads: 2\neval_steps: 2\nresize_max: 2\ngrowth_times: 2\n");
    write("run.yaml", "parent: presets/parent.yaml\n\neval_steps: 3\nresize_max: 3\ngrowth_times: 3\n");
    const Config config = Config::load({
        "run.yaml",
        {{"GSFIT_RESIZE_MAX", "4"}, {"GSFIT_GROWTH_TIMES", "4"}, {"PATH", "/bin"}},
        {{"growth_times", "5"}},
    });
    const auto expect = [&](const char* key, int value, const char* origin, Origin::Level level) {
        EXPECT_EQ(config.integer(key), value);
        EXPECT_EQ(config.origin(key).text(), origin);
        EXPECT_EQ(config.origin(key).level, level);
        EXPECT_FALSE(config.is_default(key));
    };
    expect("seed", 1, "preset eldest.yaml:1", Origin::Level::preset);
    expect("threads", 2, "preset presets/parent.yaml:2", Origin::Level::preset);
    expect("eval_steps", 3, "run.yaml:3", Origin::Level::file);
    expect("resize_max", 4, "environment GSFIT_RESIZE_MAX", Origin::Level::environment);
    expect("growth_times", 5, "flag --growth_times", Origin::Level::flag);
    EXPECT_TRUE(config.is_default("num_gaussians"));
}

TEST_F(ConfigSources, ParentsAreSoughtBesideTheFileThatNamesThem) {
    write("a/run.yaml", "parent: base.yaml\n");
    write("a/base.yaml", "seed: 7\n");
    write("base.yaml", "seed: 8\n");
    EXPECT_EQ(Config::load({.file = "a/run.yaml"}).integer("seed"), 7);
}

TEST_F(ConfigSources, SixteenFilesInAChainAreEnough) {
    write("1.yaml", "seed: 7\n");
    for (int i = 2; i <= 17; ++i) {
        write(std::to_string(i) + ".yaml", "parent: " + std::to_string(i - 1) + ".yaml\n");
    }
    EXPECT_EQ(Config::load({.file = "16.yaml"}).integer("seed"), 7);
    EXPECT_THROW(Config::load({.file = "17.yaml"}), std::runtime_error);
}

TEST_F(ConfigSources, DashesInFlagsAreUnderscores) {
    EXPECT_EQ(Config::load({.flags = {{"num-gaussians", "30000"}}}).integer("num_gaussians"), 30000);
}

TEST_F(ConfigSources, TheVariableOfTheBuildIsNoKey) {
    EXPECT_EQ(Config::load({.environment = {{"GSFIT_LIBTORCH", "/opt/libtorch"}}}).to_yaml(true),
              Config().to_yaml(true));
}

TEST(Config, ReadsTheProcessEnvironment) {
    ASSERT_EQ(::setenv("GSFIT_EXP_NAME", "a=b", 1), 0);
    const auto variables = process_environment();
    ::unsetenv("GSFIT_EXP_NAME");
    EXPECT_EQ(variables.at("GSFIT_EXP_NAME"), "a=b");
    EXPECT_EQ(variables.count("PATH"), 0U);
}

TEST(Config, ReadsEveryWayToWriteABoolean) {
    for (const std::string word : {"true", "True", "yes", "on"}) {
        EXPECT_TRUE(Config::parse("sublattice: " + word, "x.yaml").boolean("sublattice")) << word;
    }
    for (const std::string word : {"false", "False", "no", "off"}) {
        EXPECT_FALSE(Config::parse("sublattice: " + word, "x.yaml").boolean("sublattice")) << word;
    }
}

TEST(Config, ReadsEveryWayToWriteANumber) {
    for (const std::string word : {"0.25", ".25", "25e-2", "2.5E-1"}) {
        EXPECT_EQ(Config::parse("decay_from: " + word, "x.yaml").number("decay_from"), 0.25) << word;
    }
    EXPECT_EQ(Config::parse("decay_from: 1", "x.yaml").number("decay_from"), 1);
    EXPECT_EQ(Config::parse("decay_from: -0.0", "x.yaml").to_yaml(false),
              Config::parse("decay_from: 0", "").to_yaml(false));
    EXPECT_EQ(Config::parse("seed: 4294967295", "x.yaml").integer("seed"), 4294967295);
}

TEST(Config, TakesTextAsItStands) {
    const auto exp_name = [](const std::string& yaml) {
        return Config::parse("exp_name: " + yaml, "x.yaml").text("exp_name");
    };
    EXPECT_EQ(exp_name("010"), "010");
    EXPECT_EQ(exp_name("true"), "true");
    EXPECT_EQ(exp_name("'test/a b'"), "test/a b");
    EXPECT_EQ(exp_name("\"\""), "");
    EXPECT_EQ(exp_name("\"caf\xC3\xA9 # \\\" \\\\\""), "caf\xC3\xA9 # \" \\");
}

TEST(Config, ReadsEmptyAndFlowYaml) {
    for (const std::string yaml : {"", "# nothing\n", "---\n", "{}", "\xEF\xBB\xBF# BOM\n"}) {
        EXPECT_EQ(Config::parse(yaml, "x.yaml").to_yaml(true), Config().to_yaml(true)) << yaml;
    }
    EXPECT_EQ(Config::parse("{seed: 5, threads: 2}", "x.yaml").integer("threads"), 2);
    EXPECT_EQ(Config::parse("seed: 5\r\nthreads: 2\r\n", "x.yaml").origin("threads").line, 2);
}

TEST_F(ConfigSources, EffectiveYamlReadsBackTheSame) {
    const Config config = Config::load({.flags = {{"exp_name", "a \"b\" \\ \xC3\xA9 # x: y"},
                                                  {"blend_eps", "1e-6"},
                                                  {"cutoff", "3.0000000000000004"},
                                                  {"l1_loss_ratio", "999.99999999999989"},
                                                  {"sublattice", "no"},
                                                  {"progress", "none"},
                                                  {"max_seconds", "10000000"}}});
    for (const bool with_origins : {false, true}) {
        const Config again = Config::parse(config.to_yaml(with_origins), "effective.yaml");
        EXPECT_EQ(again.to_yaml(false), config.to_yaml(false));
        EXPECT_EQ(again.number("cutoff"), 3.0000000000000004);
        EXPECT_EQ(again.number("l1_loss_ratio"), 999.99999999999989);
    }
}

TEST_F(ConfigSources, EffectiveYamlTellsOrigins) {
    write("run.yaml", "blend: sum\n");
    const std::string yaml = Config::load({"run.yaml", {{"GSFIT_EXP_NAME", "x"}}, {{"seed", "5"}}}).to_yaml(true);
    EXPECT_TRUE(yaml.starts_with("# Run\nrecipe: gsfit  # default\nseed: 5  # flag --seed\n")) << yaml;
    EXPECT_NE(yaml.find("\nblend: sum  # run.yaml:1\n"), std::string::npos);
    EXPECT_NE(yaml.find("\nexp_name: \"x\"  # environment GSFIT_EXP_NAME\n"), std::string::npos);
    EXPECT_NE(yaml.find("\n\n# Field\n"), std::string::npos);
    EXPECT_NE(yaml.find("\ncutoff: 4.2919321  # default\n"), std::string::npos);
}

TEST_F(ConfigSources, AFileNameCannotEscapeItsComment) {
    write("run\nseed: 9.yaml", "threads: 2\n");
    const std::string yaml = Config::load({.file = "run\nseed: 9.yaml"}).to_yaml(true);
    EXPECT_NE(yaml.find("threads: 2  # run?seed: 9.yaml:1\n"), std::string::npos);
}

TEST_F(ConfigSources, TheClockAndTheStepsDropOneAnotherWhereOneComesLater) {
    write("steps.yaml", "max_steps: 300\n");
    const Config by_clock = Config::load({"steps.yaml", {}, {{"max_seconds", "60"}}});
    EXPECT_EQ(by_clock.number("max_seconds"), 60);
    EXPECT_TRUE(by_clock.is_default("max_steps"));
    EXPECT_NE(by_clock.to_yaml(true).find("\n# max_steps: max_seconds takes its place\n"), std::string::npos);

    write("clock.yaml", "max_seconds: 60\n");
    const Config by_steps = Config::load({"clock.yaml", {{"GSFIT_MAX_STEPS", "300"}}, {}});
    EXPECT_EQ(by_steps.integer("max_steps"), 300);
    EXPECT_EQ(by_steps.number("max_seconds"), 0);
    EXPECT_TRUE(by_steps.is_default("max_seconds"));
}

TEST(Config, WithOneMoreValueAsIfALaterSourceHadSetIt) {
    const Config wanted = Config::parse("target_psnr: 38\nmax_steps: 300\n", "x.yaml");
    const Config settled = wanted.with("num_gaussians", 4321, {Origin::Level::file, "by target_psnr 38", 0});
    EXPECT_EQ(settled.integer("num_gaussians"), 4321);
    EXPECT_EQ(settled.number("target_psnr"), 0);
    EXPECT_EQ(settled.integer("max_steps"), 300);
    EXPECT_NE(settled.to_yaml(true).find("\nnum_gaussians: 4321  # by target_psnr 38\n"), std::string::npos);
    EXPECT_EQ(wanted.number("target_psnr"), 38);
    const Config back = Config::parse(settled.to_yaml(false), "y.yaml");
    EXPECT_EQ(back.integer("num_gaussians"), 4321);
}

TEST(Config, AClockThatIsOffStandsBesideSteps) {
    const Config config = Config::parse("max_seconds: 0\nmax_steps: 300\n", "x.yaml");
    EXPECT_EQ(config.integer("max_steps"), 300);
    EXPECT_EQ(config.origin("max_seconds").line, 1);
}

}  // namespace
}  // namespace gsfit

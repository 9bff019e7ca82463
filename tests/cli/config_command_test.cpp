// gsfit config, and the ways in which a configuration is refused.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/process.h"

namespace gsfit::test {
namespace {

void expect_refused(const Workspace& workspace, const std::vector<std::string>& arguments, const std::string& sentence,
                    const std::vector<std::string>& environment = {}) {
    const Result result = gsfit(workspace, arguments, environment);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.err, "gsfit: " + sentence + "\n");
    EXPECT_EQ(result.out, "");
}

TEST(ConfigCommand, LaterSourcesWinAndEachValueTellsWhereItCameFrom) {
    const Workspace workspace;
    write_text(workspace / "base.yaml", "max_steps: 50\nseed: 1\nnum_gaussians: 20\n");
    write_text(workspace / "run.yaml", "parent: base.yaml\nseed: 2\nnum_gaussians: 30\neval_steps: 7\n");
    const Result result = gsfit(workspace, {"config", "--config", "run.yaml", "--num-gaussians=50", "--json"},
                                {"GSFIT_NUM_GAUSSIANS=40", "GSFIT_EVAL_STEPS=8"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto json = nlohmann::json::parse(result.out);
    const auto expect = [&](const char* key, const nlohmann::json& value, const std::string& origin) {
        EXPECT_EQ(json[key]["value"], value) << key;
        EXPECT_EQ(json[key]["origin"], origin) << key;
    };
    expect("max_steps", 50, "preset base.yaml:1");
    expect("seed", 2, "run.yaml:2");
    expect("eval_steps", 8, "environment GSFIT_EVAL_STEPS");
    expect("num_gaussians", 50, "flag --num_gaussians");
    expect("sublattice", true, "default");
}

TEST(ConfigCommand, ItsYamlIsAConfigurationOfTheSameValues) {
    const Workspace workspace;
    const Result first = gsfit(workspace, {"config", "--max_steps", "77", "--sublattice=false"});
    ASSERT_EQ(first.exit_code, 0) << first.err;
    write_text(workspace / "again.yaml", first.out);
    const Result again = gsfit(workspace, {"config", "--config", "again.yaml", "--json"});
    ASSERT_EQ(again.exit_code, 0) << again.err;
    const auto json = nlohmann::json::parse(again.out);
    EXPECT_EQ(json["max_steps"]["value"], 77);
    EXPECT_EQ(json["sublattice"]["value"], false);
}

TEST(ConfigCommand, UnknownKey) {
    const Workspace workspace;
    write_text(workspace / "bad.yaml", "seed: 1\nmax_step: 5\n");
    expect_refused(workspace, {"config", "--config", "bad.yaml"},
                   "bad.yaml:2: there is no key 'max_step'; did you mean 'max_steps'?");
}

TEST(ConfigCommand, DuplicateKey) {
    const Workspace workspace;
    write_text(workspace / "bad.yaml", "seed: 1\nmax_steps: 5\nseed: 2\n");
    expect_refused(workspace, {"config", "--config", "bad.yaml"},
                   "bad.yaml:3: key 'seed' is already set in line 1; remove one of the two");
}

TEST(ConfigCommand, ValueOutOfRange) {
    const Workspace workspace;
    write_text(workspace / "bad.yaml", "num_gaussians: 0\n");
    expect_refused(workspace, {"config", "--config", "bad.yaml"},
                   "bad.yaml:1: num_gaussians must be a whole number, auto or 1 to 10000000, not '0'");
    expect_refused(workspace, {"config", "--blend_eps", "0"}, "--blend_eps must be a number, 0.000001 to 1, not '0'");
    expect_refused(workspace, {"config"}, "GSFIT_SEED must be a whole number, 0 to 4294967295, not '-1'",
                   {"GSFIT_SEED=-1"});
}

TEST(ConfigCommand, ValueOfAnotherType) {
    const Workspace workspace;
    expect_refused(workspace, {"config", "--sublattice", "maybe"}, "--sublattice must be true or false, not 'maybe'");
    expect_refused(workspace, {"config", "--blend", "sun"},
                   "--blend must be one of norm, sum, topk_norm, not 'sun'; did you mean 'sum'?");
}

TEST(ConfigCommand, ParentsInACycle) {
    const Workspace workspace;
    write_text(workspace / "a.yaml", "parent: b.yaml\n");
    write_text(workspace / "b.yaml", "seed: 1\nparent: a.yaml\n");
    expect_refused(workspace, {"config", "--config", "a.yaml"},
                   "b.yaml:2: parent 'a.yaml' is the file itself or descends from it; a chain of parents must end");
}

TEST(ConfigCommand, MissingFile) {
    expect_refused(Workspace(), {"config", "--config", "none.yaml"},
                   "configuration: cannot read 'none.yaml': No such file or directory; check the name and its "
                   "permissions");
}

}  // namespace
}  // namespace gsfit::test

// What is refused, and the sentence that says so.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "gsfit/config.h"
#include "gsfit/core/error.h"
#include "unit/config_files.h"

namespace gsfit {
namespace {

template <class Action>
std::string refusal(const Action& action) {
    try {
        action();
    } catch (const UsageError& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        return error.what();
    }
    return "(accepted)";
}

std::string yaml_refusal(const std::string& yaml) {
    return refusal([&] { Config::parse(yaml, "run.yaml"); });
}

std::string load_refusal(const Sources& sources) {
    return refusal([&] { Config::load(sources); });
}

TEST(ConfigRefusal, UnknownKeys) {
    EXPECT_EQ(yaml_refusal("seed: 1\nnum_gausians: 5\n"),
              "run.yaml:2: there is no key 'num_gausians'; did you mean 'num_gaussians'?");
    EXPECT_EQ(yaml_refusal("max-step: 5\n"), "run.yaml:1: there is no key 'max-step'; did you mean 'max_steps'?");
    EXPECT_EQ(yaml_refusal("Seed: 5\n"), "run.yaml:1: there is no key 'Seed'; did you mean 'seed'?");
    EXPECT_EQ(yaml_refusal("parnet: a.yaml\n"), "run.yaml:1: there is no key 'parnet'; did you mean 'parent'?");
    EXPECT_EQ(yaml_refusal("palette: true\n"), "run.yaml:1: there is no key 'palette'; gsfit train --help lists all");
    EXPECT_EQ(yaml_refusal("\"a\\nb\": 5\n"), "run.yaml:1: there is no key 'a?b'; gsfit train --help lists all");
    EXPECT_EQ(yaml_refusal(std::string(100, 'x') + ": 5\n"),
              "run.yaml:1: there is no key '" + std::string(60, 'x') + "...'; gsfit train --help lists all");
}

TEST(ConfigRefusal, DuplicateKeys) {
    EXPECT_EQ(yaml_refusal("seed: 1\nthreads: 2\nseed: 1\n"),
              "run.yaml:3: key 'seed' is already set in line 1; remove one of the two");
    EXPECT_EQ(yaml_refusal("parent: a\nparent: b\n"),
              "run.yaml:2: key 'parent' is already set in line 1; remove one of the two");
}

TEST(ConfigRefusal, IntegersThatAreNone) {
    const std::string must = "run.yaml:1: seed must be a whole number, 0 to 4294967295, not ";
    for (const std::string value : {"abc", "1.0", "1e6", "0x10", "0o17", "1_000", "+5", "-1", "4294967296", "true",
                                    "99999999999999999999999999", "5 5", ".inf", ".nan", "nan", "1:30", "--5", "5-"}) {
        EXPECT_EQ(yaml_refusal("seed: " + value), must + "'" + value + "'");
    }
    EXPECT_EQ(yaml_refusal("seed: 010"), must + "'010'; remove the leading zero, which could mean an octal number");
    EXPECT_EQ(yaml_refusal("seed: \"5\""), must + "'5' as text; remove the quotes");
    EXPECT_EQ(yaml_refusal("seed: |\n  5\n"), must + "'5?' as text; remove the quotes");
}

TEST(ConfigRefusal, NumbersThatAreNone) {
    const std::string must = "run.yaml:1: decay_from must be a number, 0 to 1, not ";
    for (const std::string value : {"abc", "1e400", "1e-400", ".inf", "-.inf", ".nan", "inf", "nan", "infinity", "0x1",
                                    "1.5", "-0.1", "1,5", "0.5s", "e", ".", "1e", "true"}) {
        EXPECT_EQ(yaml_refusal("decay_from: " + value), must + "'" + value + "'");
    }
    EXPECT_EQ(yaml_refusal("decay_from: 00.5"),
              must + "'00.5'; remove the leading zero, which could mean an octal number");
    EXPECT_EQ(yaml_refusal("decay_floor: 0"), "run.yaml:1: decay_floor must be a number, above 0, up to 1, not '0'");
    EXPECT_EQ(yaml_refusal("cutoff: 6.0000001"), "run.yaml:1: cutoff must be a number, 1 to 6, not '6.0000001'");
}

TEST(ConfigRefusal, BoundsBelongToTheRange) {
    for (const Key& key : schema()) {
        if (key.type != Type::integer && key.type != Type::number) {
            continue;
        }
        const auto accepts = [&](double value) {
            std::string text = std::to_string(value);
            text.erase(text.find_last_not_of('0') + 1);
            text.erase(text.find_last_not_of('.') + 1);
            const std::string others = key.name == "l2_loss_ratio"              ? "\nl1_loss_ratio: 1"
                                       : key.name == "memory_warning_threshold" ? "\nmemory_critical_threshold: 1"
                                       : key.name == "adaptive_patch_size"      ? "\nadaptive_overlap: 0"
                                       : key.name == "adaptive_overlap"         ? "\nadaptive_patch_size: 4096"
                                       : key.only == Recipe::image_gs           ? "\nrecipe: image_gs"
                                                                                : "";
            return yaml_refusal(std::string(key.name) + ": " + text + others) == "(accepted)";
        };
        EXPECT_EQ(accepts(key.range.least), !key.range.above) << key.name;
        EXPECT_TRUE(accepts(key.range.most)) << key.name;
        EXPECT_FALSE(accepts(key.range.least - 1)) << key.name;
        EXPECT_FALSE(accepts(key.range.most + 1)) << key.name;
    }
}

TEST(ConfigRefusal, OtherTypes) {
    EXPECT_EQ(yaml_refusal("sublattice: 1"), "run.yaml:1: sublattice must be true or false, not '1'");
    EXPECT_EQ(yaml_refusal("sublattice: TRUE"), "run.yaml:1: sublattice must be true or false, not 'TRUE'");
    EXPECT_EQ(yaml_refusal("sublattice: 'on'"),
              "run.yaml:1: sublattice must be true or false, not 'on' as text; remove the quotes");
    EXPECT_EQ(yaml_refusal("blend: nrom"),
              "run.yaml:1: blend must be one of norm, sum, topk_norm, not 'nrom'; did you mean 'norm'?");
    EXPECT_EQ(yaml_refusal("log_level: loud"),
              "run.yaml:1: log_level must be one of debug, info, warning, error, not 'loud'");
    EXPECT_EQ(yaml_refusal("exp_name: \"a\\0b\""),
              "run.yaml:1: exp_name must be UTF-8 text without control characters, not 'a?b'");
    EXPECT_EQ(yaml_refusal("log_root: \"a\\nb\""),
              "run.yaml:1: log_root must be UTF-8 text without control characters, not 'a?b'");
}

TEST(ConfigRefusal, MissingValues) {
    const std::string sentence = "run.yaml:1: key 'seed' has no value; give one or remove the line";
    EXPECT_EQ(yaml_refusal("seed:\n"), sentence);
    EXPECT_EQ(yaml_refusal("seed: ~\n"), sentence);
    EXPECT_EQ(yaml_refusal("seed: null\n"), sentence);
    EXPECT_EQ(yaml_refusal(": 5\n"), "run.yaml:1: a value has no key; write 'key: value'");
}

TEST(ConfigRefusal, YamlThatIsNoFlatMap) {
    EXPECT_EQ(yaml_refusal("seed: [1, 2]"), "run.yaml:1: key 'seed' holds a list; it takes a single value");
    EXPECT_EQ(yaml_refusal("loss:\n  l1: 1\n"), "run.yaml:2: key 'loss' holds a nested map; it takes a single value");
    EXPECT_EQ(yaml_refusal("- seed: 1\n"), "run.yaml:1: expected lines of 'key: value', not a list");
    EXPECT_EQ(yaml_refusal("? [a]\n: 5\n"), "run.yaml:1: expected lines of 'key: value', not a list");
    EXPECT_EQ(yaml_refusal("? {a: 1}\n: 5\n"), "run.yaml:1: expected lines of 'key: value', not a nested map");
    EXPECT_EQ(yaml_refusal("just text\n"), "run.yaml:1: expected lines of 'key: value', not 'just text'");
    EXPECT_EQ(yaml_refusal("seed: 1\n---\nseed: 2\n"), "run.yaml:2: a second YAML document begins; keep one");
}

TEST(ConfigRefusal, TextThatIsNoYaml) {
    EXPECT_EQ(yaml_refusal("seed: 1\n  threads: 2\n"), "run.yaml:2: this is no YAML: illegal map value");
    EXPECT_EQ(yaml_refusal("seed: 1\nthreads 2\n"),
              "run.yaml:2: key 'threads 2' has no value; give one or remove the line");
    EXPECT_NE(yaml_refusal("{seed: 1"), "(accepted)");
    EXPECT_EQ(yaml_refusal(std::string("seed: 1\nthreads: \0", 18)),
              "run.yaml:2: the file holds a control character, so it is no YAML");
    EXPECT_EQ(yaml_refusal("seed: 1\n\x04nonsense"),
              "run.yaml:2: the file holds a control character, so it is no YAML");
    for (const std::string bytes : {"\xFF\xFE", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                    "\xF0\x9F", "\x80", "\xC3", "\xF8\x88\x80\x80\x80"}) {
        EXPECT_EQ(yaml_refusal("exp_name: " + bytes), "run.yaml: the file is no UTF-8 text");
    }
    EXPECT_EQ(yaml_refusal("exp_name: \xC3\xA9\xE2\x82\xAC\xED\x9F\xBF\xF0\x9F\x8C\x80\xF4\x8F\xBF\xBF"), "(accepted)");
}

TEST(ConfigRefusal, TagsAndAnchors) {
    const std::string anchors = "anchors and aliases are not supported; write the value itself";
    EXPECT_EQ(yaml_refusal("seed: &a 5\n"), "run.yaml:1: " + anchors);
    EXPECT_EQ(yaml_refusal("&a seed: 5\n"), "run.yaml:1: " + anchors);
    EXPECT_EQ(yaml_refusal("&a {seed: 5}\n"), "run.yaml:1: " + anchors);
    EXPECT_EQ(yaml_refusal("seed: 5\nthreads: *a\n"),
              "run.yaml:2: this is no YAML: the referenced anchor is not defined");
    const std::string tags = "tags are not supported; write the value alone";
    for (const std::string value : {"!!int 5", "! 5", "!!str \"5\"", "!!null ''", "!x 5", "!!str\n  5"}) {
        EXPECT_EQ(yaml_refusal("threads: 2\nseed: " + value), "run.yaml:2: " + tags);
    }
}

TEST(ConfigRefusal, QuotationsThatNeverEnd) {
    const std::string unclosed = "run.yaml:2: a quotation begins here and never ends; close it";
    for (const std::string end : {"\n", "\r\n"}) {
        for (const std::string value : {"\"", "'", "\"abc", "'abc", "\"a\\\"", "'a''"}) {
            EXPECT_EQ(yaml_refusal("log_root: \xC3\xA9" + end + "exp_name: " + value + end + "seed: 5" + end),
                      unclosed);
        }
        for (const std::string value :
             {"\"\"", "''", "\"a\\\"\"", "'a'''", "\"a\\\\\"", "'\"'", "\"'\"", "a\"", "'a' # '"}) {
            const std::string byte_order_mark = "\xEF\xBB\xBF";
            EXPECT_EQ(yaml_refusal(byte_order_mark + "exp_name: " + value + end + "seed: 5"), "(accepted)") << value;
        }
    }
    EXPECT_EQ(yaml_refusal("seed: 1\n\"threads: 5\n"), unclosed);
    EXPECT_EQ(yaml_refusal("seed: 1\nexp_name: \"abc"), "run.yaml:2: this is no YAML: illegal EOF in scalar");
}

TEST(ConfigRefusal, DeepNestingStopsAtOnce) {
    for (const std::string opening : {"[", "{", "? ", "- ", "a: {"}) {
        std::string yaml;
        while (yaml.size() < (1U << 20U)) {
            yaml += opening;
        }
        EXPECT_NE(yaml_refusal(yaml), "(accepted)") << opening;
    }
}

TEST(ConfigRefusal, KeysThatContradictEachOther) {
    const std::string reason =
        " contradict each other: a run ends by the clock or after its steps; remove one of the two";
    EXPECT_EQ(yaml_refusal("max_steps: 300\nseed: 1\nmax_seconds: 60\n"),
              "max_seconds (run.yaml:3) and max_steps (run.yaml:1)" + reason);
    EXPECT_EQ(load_refusal({.environment = {{"GSFIT_MAX_STEPS", "3"}, {"GSFIT_MAX_SECONDS", "3"}}}),
              "max_seconds (GSFIT_MAX_SECONDS) and max_steps (GSFIT_MAX_STEPS)" + reason);
    EXPECT_EQ(load_refusal({.flags = {{"max_steps", "500"}, {"max_seconds", "3"}}}),
              "max_seconds (--max_seconds) and max_steps (--max_steps)" + reason);
}

TEST(ConfigRefusal, AWordForZeroTakesItsPlace) {
    EXPECT_EQ(yaml_refusal("checkpoint_bands: auto\n"), "(accepted)");
    for (const std::string value : {"0", "65537", "-1", "automatic", "Auto", "1.5"}) {
        EXPECT_EQ(yaml_refusal("checkpoint_bands: " + value),
                  "run.yaml:1: checkpoint_bands must be a whole number, auto or 1 to 65536, not '" + value + "'");
    }
    EXPECT_EQ(yaml_refusal("seed: auto"), "run.yaml:1: seed must be a whole number, 0 to 4294967295, not 'auto'");
}

TEST(ConfigRefusal, TheWarningComesNoLaterThanTheCriticalThreshold) {
    const std::string reason = "memory_warning_threshold is above memory_critical_threshold; lower it";
    EXPECT_EQ(yaml_refusal("memory_warning_threshold: 0.96"), reason);
    EXPECT_EQ(yaml_refusal("memory_critical_threshold: 0.5"), reason);
    EXPECT_EQ(yaml_refusal("memory_warning_threshold: 0.5\nmemory_critical_threshold: 0.5"), "(accepted)");
}

TEST(ConfigRefusal, ARunNeedsALoss) {
    EXPECT_EQ(yaml_refusal("l2_loss_ratio: 0\n"),
              "l1_loss_ratio, l2_loss_ratio and ssim_loss_ratio are all 0; give at least one a weight");
    EXPECT_EQ(yaml_refusal("l2_loss_ratio: 0\nssim_loss_ratio: 0.1\n"), "(accepted)");
}

TEST(ConfigRefusal, Environment) {
    EXPECT_EQ(load_refusal({.environment = {{"GSFIT_SEED", "abc"}}}),
              "GSFIT_SEED must be a whole number, 0 to 4294967295, not 'abc'");
    EXPECT_EQ(load_refusal({.environment = {{"GSFIT_SEED", ""}}}),
              "GSFIT_SEED must be a whole number, 0 to 4294967295, not ''");
    EXPECT_EQ(load_refusal({.environment = {{"GSFIT_EXP_NAME", "\xFFx"}}}),
              "GSFIT_EXP_NAME must be UTF-8 text without control characters, not '?x'");
    EXPECT_EQ(load_refusal({.environment = {{"GSFIT_SEDE", "1"}}}),
              "environment variable 'GSFIT_SEDE' is no key of gsfit; did you mean 'GSFIT_SEED'?");
    EXPECT_EQ(load_refusal({.environment = {{"GSFIT_seed", "1"}}}),
              "environment variable 'GSFIT_seed' is no key of gsfit; did you mean 'GSFIT_SEED'?");
    EXPECT_EQ(load_refusal({.environment = {{"GSFIT_WHATEVER", "1"}}}),
              "environment variable 'GSFIT_WHATEVER' is no key of gsfit; unset it");
}

TEST(ConfigRefusal, Flags) {
    EXPECT_EQ(load_refusal({.flags = {{"max-steps", "none"}}}),
              "--max_steps must be a whole number, 1 to 1000000, not 'none'");
    EXPECT_EQ(load_refusal({.flags = {{"num-gausians", "1"}}}),
              "there is no flag '--num-gausians'; did you mean '--num_gaussians'?");
    EXPECT_EQ(load_refusal({.flags = {{"palette", "true"}}}), "there is no flag '--palette'; --help lists all");
    EXPECT_EQ(load_refusal({.flags = {{"max-steps", "1"}, {"max_steps", "2"}}}),
              "flag --max_steps is given twice; remove one of the two");
}

class ConfigFileRefusal : public test::InEmptyFolder {};

TEST_F(ConfigFileRefusal, FilesThatCannotBeRead) {
    EXPECT_EQ(load_refusal({.file = "none.yaml"}).find("configuration: "), 0U);
    EXPECT_NE(load_refusal({.file = "none.yaml"}).find("none.yaml"), std::string::npos);
    EXPECT_EQ(load_refusal({.file = "."}).find("configuration: "), 0U);
    write("huge.yaml", "#" + std::string((1U << 20U), 'x'));
    EXPECT_EQ(load_refusal({.file = "huge.yaml"}).find("configuration: "), 0U);
    write("full.yaml", "#" + std::string((1U << 20U) - 1, 'x'));
    EXPECT_EQ(load_refusal({.file = "full.yaml"}), "(accepted)");
}

TEST_F(ConfigFileRefusal, ErrorsNameTheFileOfTheChain) {
    write("presets/base.yaml", "seed: 1\nsede: 2\n");
    write("run.yaml", "parent: presets/base.yaml\n");
    EXPECT_EQ(load_refusal({.file = "run.yaml"}), "presets/base.yaml:2: there is no key 'sede'; did you mean 'seed'?");
}

TEST_F(ConfigFileRefusal, Parents) {
    const std::string no_file = " is no file; a parent is named relative to the file that names it";
    write("run.yaml", "seed: 1\nparent: presets/none.yaml\n");
    EXPECT_EQ(load_refusal({.file = "run.yaml"}), "run.yaml:2: parent 'presets/none.yaml'" + no_file);
    write("run.yaml", "parent: ''\n");
    EXPECT_EQ(load_refusal({.file = "run.yaml"}), "run.yaml:1: parent ''" + no_file);
    write("run.yaml", "parent: /dev/zero\n");
    EXPECT_EQ(load_refusal({.file = "run.yaml"}), "run.yaml:1: parent '/dev/zero'" + no_file);
    ASSERT_EQ(::mkfifo("pipe", 0600), 0);
    write("run.yaml", "parent: pipe\n");
    EXPECT_EQ(load_refusal({.file = "run.yaml"}), "run.yaml:1: parent 'pipe'" + no_file);
    write("run.yaml", "parent: \"a\\0b\"\n");
    EXPECT_EQ(load_refusal({.file = "run.yaml"}),
              "run.yaml:1: parent must be UTF-8 text without control characters, not 'a?b'");
    write("run.yaml", "parent: [a, b]\n");
    EXPECT_EQ(load_refusal({.file = "run.yaml"}), "run.yaml:1: key 'parent' holds a list; it takes a single value");
    EXPECT_EQ(yaml_refusal("parent: a.yaml\n"), "run.yaml:1: a parent can be named in a file only");
}

TEST_F(ConfigFileRefusal, CyclesOfParents) {
    const std::string cycle = " is the file itself or descends from it; a chain of parents must end";
    write("self.yaml", "parent: self.yaml\n");
    EXPECT_EQ(load_refusal({.file = "self.yaml"}), "self.yaml:1: parent 'self.yaml'" + cycle);
    write("a/one.yaml", "parent: ../two.yaml\n");
    write("two.yaml", "parent: link/one.yaml\n");
    std::filesystem::create_directory_symlink("a", "link");
    EXPECT_EQ(load_refusal({.file = "a/one.yaml"}), "two.yaml:1: parent 'link/one.yaml'" + cycle);
}

TEST_F(ConfigFileRefusal, ChainsThatAreTooLong) {
    write("1.yaml", "seed: 7\n");
    for (int i = 2; i <= 17; ++i) {
        write(std::to_string(i) + ".yaml", "parent: " + std::to_string(i - 1) + ".yaml\n");
    }
    EXPECT_EQ(load_refusal({.file = "17.yaml"}), "2.yaml:1: the chain of parents is longer than 16 files; shorten it");
    EXPECT_EQ(load_refusal({.file = "16.yaml"}), "(accepted)");
}

TEST(ConfigRefusal, StartsFromAFieldByHalves) {
    EXPECT_EQ(yaml_refusal("init_from_checkpoint: true"),
              "init_from_checkpoint is set without a field to start from; name one by init_checkpoint_path");
    EXPECT_EQ(
        yaml_refusal("init_checkpoint_path: results/photo"),
        "init_checkpoint_path names a field to start from without init_from_checkpoint; set that or leave it out");
    EXPECT_EQ(yaml_refusal("init_partial: true"),
              "init_partial is set without init_from_checkpoint; set that too or leave it out");
    EXPECT_EQ(yaml_refusal("init_from_checkpoint: true\ninit_checkpoint_path: a\ninit_partial: true"), "(accepted)");
}

}  // namespace
}  // namespace gsfit

#include "bench/options.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cxxopts.hpp>
#include <regex>
#include <utility>

#include "bench/machine.h"
#include "gsfit/core/error.h"

namespace gsfit::bench {
namespace {

constexpr const char* all_sizes =
    "768x512/5000,2048x2048/10000,3840x2160/20000,7680x4320/30000,7680x4320/30000/8,15360x8640/60000";

/// A list's items in the order given.
using Texts = std::vector<std::string>;

cxxopts::Options step_flags() {
    cxxopts::Options options("tools/bench", "Times training steps on synthetic fields; docs/performance.md explains.");
    options.custom_help("[fit|decode] [flags]")
        .add_options()("sizes", "WIDTHxHEIGHT/GAUSSIANS, with /STRIDE for a sub-lattice",
                       cxxopts::value<Texts>()->default_value(all_sizes))(
            "blends", "sum, norm, topk_norm", cxxopts::value<Texts>()->default_value("sum,norm"))(
            "threads", "1 to 1024", cxxopts::value<std::vector<int>>()->default_value("1,2"))(
            "simd", "avx512, avx2, sse4, neon", cxxopts::value<Texts>()->default_value(simd_names().front()))(
            "cutoff", "support of a Gaussian [sigma]",
            cxxopts::value<float>()->default_value(std::to_string(Blending().cutoff)))(
            "ssim", "weight of 1 - SSIM in the loss", cxxopts::value<float>()->default_value("0"))(
            "ssim_windows", "of blocks by themselves (block) or of the image, which such a step draws (image)",
            cxxopts::value<std::string>()->default_value("block"))("rounds", "times that every row is measured",
                                                                   cxxopts::value<int>()->default_value("3"))(
            "repeat", "steps of a measurement; 0: as many as take 2 s", cxxopts::value<int>()->default_value("0"));
    return options;
}

cxxopts::Options fit_flags() {
    cxxopts::Options options("tools/bench", "Fits an image with several seeds; docs/performance.md explains.");
    options.custom_help("fit [flags]")
        .positional_help("IMAGE GAUSSIANS STEPS")
        .add_options()("image", "", cxxopts::value<std::string>())("gaussians", "", cxxopts::value<std::int64_t>())(
            "steps", "", cxxopts::value<std::int64_t>())("seeds", "fits, each with a seed of its own",
                                                         cxxopts::value<int>()->default_value("3"))(
            "blend", "sum, norm or topk_norm", cxxopts::value<std::string>()->default_value("norm"))(
            "threads", "0: all cores", cxxopts::value<int>()->default_value("0"))(
            "simd", "avx512, avx2, sse4, neon", cxxopts::value<std::string>()->default_value(simd_names().front()));
    options.parse_positional({"image", "gaussians", "steps"});
    return options;
}

cxxopts::Options decode_flags() {
    cxxopts::Options options("tools/bench", "Opens and draws a compact file; docs/performance.md explains.");
    options.custom_help("decode [flags]")
        .positional_help("FILE")
        .add_options()("file", "", cxxopts::value<std::string>())(
            "crop", "side of the square in its middle that is drawn by itself [pixels]",
            cxxopts::value<int>()->default_value("512"))("rounds", "times that it is opened and drawn",
                                                         cxxopts::value<int>()->default_value("5"));
    options.parse_positional({"file"});
    return options;
}

/// No value when help was asked for.
std::optional<cxxopts::ParseResult> parse(cxxopts::Options flags, const Words& words) {
    flags.add_options()("json", "a file that gets the figures as JSON",
                        cxxopts::value<std::string>()->default_value(""))(
        "revision", "of the source, shown with the figures", cxxopts::value<std::string>()->default_value("unknown"))(
        "help", "this text");
    std::vector<const char*> pointers{"gsfit_bench"};
    for (const std::string& word : words) pointers.push_back(word.c_str());
    auto parsed = flags.parse(static_cast<int>(pointers.size()), pointers.data());
    if (!parsed.unmatched().empty()) {
        throw UsageError("there is no use for '" + parsed.unmatched().front() + "'; see tools/bench --help");
    }
    if (parsed.count("help") != 0) {
        std::printf("%s\n", flags.help().c_str());
        return std::nullopt;
    }
    return parsed;
}

/// What cxxopts objects to, in the house's way.
template <class Read>
auto as_usage_error(const Read& read) {
    try {
        return read();
    } catch (const cxxopts::exceptions::exception& error) {
        throw UsageError(std::string(error.what()) + "; see tools/bench --help");
    }
}

CommonOptions common_of(const cxxopts::ParseResult& parsed) {
    return {.json = parsed["json"].as<std::string>(), .revision = parsed["revision"].as<std::string>()};
}

int whole_number(const std::string& name, int value, int least, int most) {
    if (value < least || value > most) {
        throw UsageError("--" + name + " is " + std::to_string(value) + ", but may be " + std::to_string(least) +
                         " to " + std::to_string(most));
    }
    return value;
}

Blend known_blend(const std::string& text) {
    if (const auto blend = blend_of(text)) return *blend;
    throw UsageError("there is no blend '" + text + "'; take sum, norm or topk_norm");
}

std::string simd_of(const std::string& text) {
    const auto known = simd_names();
    if (std::find(known.begin(), known.end(), text) == known.end()) {
        std::string all;
        for (const std::string& name : known) all += " " + name;
        throw UsageError("this machine has no SIMD target '" + text + "'; it has:" + all);
    }
    return text;
}

float cutoff_of(float cutoff) {
    if (!(cutoff >= 1 && cutoff <= 6)) throw UsageError("--cutoff may be 1 to 6 sigma");
    return cutoff;
}

float ssim_of(float weight) {
    if (!(weight >= 0 && weight <= 1)) throw UsageError("--ssim may be 0 to 1");
    return weight;
}

SsimWindows windows_of(const std::string& text) {
    if (const auto windows = ssim_windows_of(text)) return *windows;
    throw UsageError("there are no SSIM windows '" + text + "'; take block or image");
}

/// The raster, Gaussians and stride that WIDTHxHEIGHT/GAUSSIANS[/STRIDE] stands for.
Row size_of(const std::string& text) {
    static const std::regex form(R"((\d{1,7})x(\d{1,7})/(\d{1,8})(?:/(\d{1,4}))?)");
    std::smatch parts;
    if (!std::regex_match(text, parts, form)) {
        throw UsageError("the size '" + text + "' is none; write it as 768x512/5000, or 7680x4320/30000/8");
    }
    Row row{.width = std::stoll(parts[1]),
            .height = std::stoll(parts[2]),
            .gaussians = std::stoll(parts[3]),
            .stride = parts[4].matched ? std::stoll(parts[4]) : 1};
    if (row.gaussians < 1 || row.stride < 1 || row.stride > std::min(row.width, row.height) ||
        row.width * row.height > max_image_pixels) {
        throw UsageError("the size '" + text +
                         "' needs 1 to 2^30 pixels, a Gaussian, and a stride from 1 to its shorter side");
    }
    return row;
}

std::vector<Row> rows_of(const cxxopts::ParseResult& parsed) {
    std::vector<Row> rows;
    for (const std::string& size : parsed["sizes"].as<Texts>()) {
        for (const std::string& blend : parsed["blends"].as<Texts>()) {
            for (const std::string& simd : parsed["simd"].as<Texts>()) {
                for (const int threads : parsed["threads"].as<std::vector<int>>()) {
                    Row row = size_of(size);
                    row.blend = known_blend(blend);
                    row.simd = simd_of(simd);
                    row.threads = whole_number("threads", threads, 1, 1024);
                    row.cutoff = cutoff_of(parsed["cutoff"].as<float>());
                    row.ssim = ssim_of(parsed["ssim"].as<float>());
                    row.windows = windows_of(parsed["ssim_windows"].as<std::string>());
                    rows.push_back(std::move(row));
                }
            }
        }
    }
    return rows;
}

std::string exactly(float value) {
    char text[32];
    return {text, std::to_chars(std::begin(text), std::end(text), value).ptr};
}

TrainOptions train_options_of(const cxxopts::ParseResult& parsed) {
    TrainOptions options;
    options.num_gaussians = parsed["gaussians"].as<std::int64_t>();
    options.max_steps = parsed["steps"].as<std::int64_t>();
    options.blending.blend = known_blend(parsed["blend"].as<std::string>());
    options.eval_steps = 0;
    options.check();
    return options;
}

}  // namespace

std::optional<StepOptions> parse_step_options(const Words& words) {
    return as_usage_error([&]() -> std::optional<StepOptions> {
        const auto parsed = parse(step_flags(), words);
        if (!parsed) return std::nullopt;
        return StepOptions{.common = common_of(*parsed),
                           .rows = rows_of(*parsed),
                           .rounds = whole_number("rounds", (*parsed)["rounds"].as<int>(), 1, 1000),
                           .repeat = whole_number("repeat", (*parsed)["repeat"].as<int>(), 0, 1000000)};
    });
}

std::optional<FitOptions> parse_fit_options(const Words& words) {
    return as_usage_error([&]() -> std::optional<FitOptions> {
        const auto parsed = parse(fit_flags(), words);
        if (!parsed) return std::nullopt;
        if (parsed->count("steps") == 0) throw UsageError("fit takes an image, a number of Gaussians and one of steps");
        return FitOptions{.common = common_of(*parsed),
                          .image = (*parsed)["image"].as<std::string>(),
                          .train = train_options_of(*parsed),
                          .seeds = whole_number("seeds", (*parsed)["seeds"].as<int>(), 1, 1000),
                          .threads = whole_number("threads", (*parsed)["threads"].as<int>(), 0, 1024),
                          .simd = simd_of((*parsed)["simd"].as<std::string>())};
    });
}

std::optional<DecodeOptions> parse_decode_options(const Words& words) {
    return as_usage_error([&]() -> std::optional<DecodeOptions> {
        const auto parsed = parse(decode_flags(), words);
        if (!parsed) return std::nullopt;
        if (parsed->count("file") == 0) throw UsageError("decode takes a compact file");
        return DecodeOptions{.common = common_of(*parsed),
                             .file = (*parsed)["file"].as<std::string>(),
                             .crop = whole_number("crop", (*parsed)["crop"].as<int>(), 1, 1 << 24),
                             .rounds = whole_number("rounds", (*parsed)["rounds"].as<int>(), 1, 1000)};
    });
}

Words words_of(const Row& row, int repeat) {
    return {"--sizes=" + std::to_string(row.width) + "x" + std::to_string(row.height) + "/" +
                std::to_string(row.gaussians) + "/" + std::to_string(row.stride),
            "--blends=" + std::string(name_of(row.blend)),
            "--threads=" + std::to_string(row.threads),
            "--simd=" + row.simd,
            "--cutoff=" + exactly(row.cutoff),
            "--ssim=" + exactly(row.ssim),
            "--ssim_windows=" + std::string(name_of(row.windows)),
            "--repeat=" + std::to_string(repeat)};
}

}  // namespace gsfit::bench

// The schema's defaults and those of TrainOptions are written down twice; here they are held together.

#include "cli/options.h"

#include <gtest/gtest.h>

#include "gsfit/core/error.h"

namespace gsfit::cli {
namespace {

/// For an image of 8K.
TrainOptions options_of(const Config& config) {
    return train_options(config, {.width = 7680, .height = 4320, .channels = 3, .bits = 8});
}

TEST(TrainOptionsFromConfig, DefaultsAreThoseOfTrainOptions) {
    const TrainOptions ours = options_of(Config());
    const TrainOptions theirs;
    EXPECT_EQ(ours.num_gaussians, theirs.num_gaussians);
    EXPECT_EQ(ours.max_steps, theirs.max_steps);
    EXPECT_EQ(ours.max_seconds, theirs.max_seconds);
    EXPECT_EQ(ours.seed, theirs.seed);
    EXPECT_EQ(ours.blending.blend, theirs.blending.blend);
    EXPECT_EQ(ours.blending.cutoff, theirs.blending.cutoff);
    EXPECT_EQ(ours.blending.eps, theirs.blending.eps);
    EXPECT_EQ(ours.blending.topk, theirs.blending.topk);
    EXPECT_EQ(ours.blending.support, theirs.blending.support);
    EXPECT_EQ(ours.loss.l1, theirs.loss.l1);
    EXPECT_EQ(ours.loss.l2, theirs.loss.l2);
    EXPECT_EQ(ours.ssim_loss_ratio, theirs.ssim_loss_ratio);
    EXPECT_EQ(ours.ssim_windows, theirs.ssim_windows);
    EXPECT_EQ(ours.initial_ratio, theirs.initial_ratio);
    EXPECT_EQ(ours.init_random_ratio, theirs.init_random_ratio);
    EXPECT_EQ(ours.growth_times, theirs.growth_times);
    EXPECT_EQ(ours.growth_until, theirs.growth_until);
    EXPECT_EQ(ours.growth_sigma, theirs.growth_sigma);
    EXPECT_EQ(ours.position_step, theirs.position_step);
    EXPECT_EQ(ours.scale_step, theirs.scale_step);
    EXPECT_EQ(ours.rotation_step, theirs.rotation_step);
    EXPECT_EQ(ours.feature_step, theirs.feature_step);
    EXPECT_EQ(ours.ssim_from, theirs.ssim_from);
    EXPECT_EQ(ours.decay_from, theirs.decay_from);
    EXPECT_EQ(ours.decay_floor, theirs.decay_floor);
    EXPECT_EQ(ours.sublattice, theirs.sublattice);
    EXPECT_EQ(ours.eval_steps, theirs.eval_steps);
    EXPECT_EQ(ours.cuda_graph, theirs.cuda_graph);
    EXPECT_EQ(ours.memory.amp, theirs.memory.amp);
    EXPECT_EQ(ours.memory.checkpointing, theirs.memory.checkpointing);
    EXPECT_EQ(ours.memory.bands, theirs.memory.bands);
    EXPECT_EQ(ours.memory.target, theirs.memory.target);
    EXPECT_EQ(ours.memory.budget_bytes, theirs.memory.budget_bytes);
    EXPECT_EQ(ours.memory.fraction, theirs.memory.fraction);
    EXPECT_EQ(ours.memory.warning, theirs.memory.warning);
    EXPECT_EQ(ours.memory.critical, theirs.memory.critical);
    EXPECT_EQ(ours.memory.growth, theirs.memory.growth);
}

TEST(TrainOptionsFromConfig, EveryKeyArrivesWhereItBelongs) {
    const TrainOptions options =
        options_of(Config::parse("num_gaussians: 11\nmax_steps: 12\nseed: 14\n"
                                 "blend: topk_norm\ncutoff: 3.5\nblend_eps: 0.25\ntopk: 7\nsupport: tile16\n"
                                 "l1_loss_ratio: 0.5\nl2_loss_ratio: 0.75\n"
                                 "ssim_loss_ratio: 0.125\nssim_windows: image\ninitial_ratio: 0.625\n"
                                 "init_random_ratio: 0.375\ngrowth_times: 3\n"
                                 "growth_until: 0.875\ngrowth_sigma: 0.0625\n"
                                 "position_step: 0.03125\nscale_step: 0.015625\n"
                                 "rotation_step: 0.0078125\nfeature_step: 0.00390625\n"
                                 "ssim_from: 0.4375\n"
                                 "decay_from: 0.1875\ndecay_floor: 0.3125\n"
                                 "sublattice: false\neval_steps: 15\n",
                                 "test"));
    EXPECT_EQ(options.num_gaussians, 11);
    EXPECT_EQ(options.max_steps, 12);
    EXPECT_EQ(options.seed, 14U);
    EXPECT_EQ(options.blending.blend, Blend::topk_norm);
    EXPECT_EQ(options.blending.cutoff, 3.5F);
    EXPECT_EQ(options.blending.eps, 0.25F);
    EXPECT_EQ(options.blending.topk, 7);
    EXPECT_EQ(options.blending.support, Support::tile16);
    EXPECT_EQ(options.loss.l1, 0.5F);
    EXPECT_EQ(options.loss.l2, 0.75F);
    EXPECT_EQ(options.ssim_loss_ratio, 0.125F);
    EXPECT_EQ(options.ssim_windows, SsimWindows::image);
    EXPECT_EQ(options.initial_ratio, 0.625F);
    EXPECT_EQ(options.init_random_ratio, 0.375F);
    EXPECT_EQ(options.growth_times, 3);
    EXPECT_EQ(options.growth_until, 0.875F);
    EXPECT_EQ(options.growth_sigma, 0.0625F);
    EXPECT_EQ(options.position_step, 0.03125F);
    EXPECT_EQ(options.scale_step, 0.015625F);
    EXPECT_EQ(options.rotation_step, 0.0078125F);
    EXPECT_EQ(options.feature_step, 0.00390625F);
    EXPECT_EQ(options.ssim_from, 0.4375F);
    EXPECT_EQ(options.decay_from, 0.1875F);
    EXPECT_EQ(options.decay_floor, 0.3125F);
    EXPECT_FALSE(options.sublattice);
    EXPECT_EQ(options.eval_steps, 15);
    EXPECT_EQ(options_of(Config::parse("max_seconds: 13", "test")).max_seconds, 13);
}

TEST(TrainOptionsFromConfig, BitsAreThoseOfAFieldThatIsQuantised) {
    const std::string bits = "pos_bits: 12\nscale_bits: 9\nrot_bits: 7\nfeat_bits: 6\n";
    EXPECT_FALSE(options_of(Config::parse(bits, "test")).quantisation);
    EXPECT_EQ(options_of(Config::parse(bits + "quantize: true\n", "test")).quantisation,
              (Quantisation{.position = 12, .scale = 9, .rotation = 7, .feature = 6}));
    EXPECT_EQ(options_of(Config::parse("quantize: true\n", "test")).quantisation, Quantisation());
}

TEST(TrainOptionsFromConfig, StepsAreWatchedAfterWhichSomethingIsMade) {
    const auto watched = [](const std::string& yaml) { return options_of(Config::parse(yaml, "test")).watched; };
    const auto steps =
        watched("save_ckpt_steps: 6\nmake_training_video: true\nvideo_iterations: 4\nsave_image_steps: 9\n");
    for (const std::int64_t step : {4, 6, 8, 9, 12}) EXPECT_TRUE(steps(step)) << step;
    for (const std::int64_t step : {1, 5, 7, 10}) EXPECT_FALSE(steps(step)) << step;
    EXPECT_FALSE(watched("save_ckpt_steps: 0\nvideo_iterations: 4\n")(4));
    EXPECT_FALSE(watched("log_level: debug\n")) << "the log has a line for each step";
    EXPECT_FALSE(options_of(Config::parse("cuda_graph: false\n", "test")).cuda_graph);
}

TEST(TrainOptionsFromConfig, EveryMemoryKeyArrivesWhereItBelongs) {
    const MemoryOptions memory =
        options_of(Config::parse("use_amp: false\nuse_gradient_checkpointing: true\ncheckpoint_bands: 7\n"
                                 "target_storage: file\nmemory_budget_gb: 0.6\ndevice_memory_budget_gb: 0.7\n"
                                 "memory_fraction: 0.5\n"
                                 "memory_warning_threshold: 0.25\nmemory_critical_threshold: 0.75\n"
                                 "memory_growth: false\n",
                                 "test"))
            .memory;
    EXPECT_FALSE(memory.amp);
    EXPECT_TRUE(memory.checkpointing);
    EXPECT_EQ(memory.bands, 7);
    EXPECT_EQ(memory.target, MemoryOptions::Target::file);
    EXPECT_EQ(memory.budget_bytes, 600'000'000);
    EXPECT_EQ(memory.device_budget_bytes, 700'000'000);
    EXPECT_EQ(memory.fraction, 0.5);
    EXPECT_EQ(memory.warning, 0.25);
    EXPECT_EQ(memory.critical, 0.75);
    EXPECT_FALSE(memory.growth);
    EXPECT_EQ(options_of(Config::parse("target_storage: memory", "test")).memory.target, MemoryOptions::Target::memory);
}

TEST(PictureOptionsFromConfig, EveryKeyArrivesWhereItBelongs) {
    const PictureOptions defaults = picture_options(Config());
    EXPECT_EQ(defaults.steps, PictureOptions().steps);
    EXPECT_EQ(defaults.gaussians, PictureOptions().gaussians);
    EXPECT_EQ(defaults.render_ending, PictureOptions().render_ending);
    EXPECT_EQ(defaults.plot_ending, PictureOptions().plot_ending);
    const PictureOptions options = picture_options(Config::parse(
        "vis_gaussians: true\nsave_image_steps: 7\nsave_image_format: png\nsave_plot_format: png", "test"));
    EXPECT_EQ(options.steps, 7);
    EXPECT_TRUE(options.gaussians);
    EXPECT_EQ(options.render_ending, ".png");
    EXPECT_EQ(options.plot_ending, ".png");
}

TEST(PictureOptionsFromConfig, ARunMakesPicturesWhenAStepComesOrGaussiansAreShown) {
    const auto makes = [](const std::string& yaml) { return makes_pictures(Config::parse(yaml, "test")); };
    EXPECT_FALSE(makes_pictures(Config()));
    EXPECT_FALSE(makes("save_image_steps: 0"));
    EXPECT_TRUE(makes("save_image_steps: 500"));
    EXPECT_FALSE(makes("save_image_steps: 501"));
    EXPECT_TRUE(makes("vis_gaussians: true\nsave_image_steps: 0"));
    EXPECT_GT(options_of(Config::parse("vis_gaussians: true", "test")).memory.recording_bytes, 3 * 3840 * 2160);
    EXPECT_EQ(options_of(Config()).memory.recording_bytes, 0);
}

TEST(TrainOptionsFromConfig, WhatTheSchemaAcceptsTrainingAccepts) {
    const std::string least = "0.000001";
    for (const std::string& yaml :
         {"checkpoint_bands: " + std::to_string(MemoryOptions::max_bands), "memory_fraction: " + least,
          "memory_warning_threshold: " + least + "\nmemory_critical_threshold: 0.000002",
          std::string("memory_critical_threshold: 1\nmemory_fraction: 1\nmemory_budget_gb: 1000000")}) {
        EXPECT_NO_THROW(options_of(Config::parse(yaml, "test")).check()) << yaml;
    }
    EXPECT_THROW(Config::parse("checkpoint_bands: " + std::to_string(MemoryOptions::max_bands + 1), "test"),
                 UsageError);
}

TEST(TrainOptionsFromConfig, MemoryKeysComeFromTheEnvironmentToo) {
    const std::map<std::string, std::string> environment{{"GSFIT_MEMORY_FRACTION", "0.5"},
                                                         {"GSFIT_MEMORY_WARNING_THRESHOLD", "0.6"},
                                                         {"GSFIT_MEMORY_CRITICAL_THRESHOLD", "0.7"},
                                                         {"GSFIT_CHECKPOINT_BANDS", "auto"}};
    const MemoryOptions memory =
        options_of(Config::load({.environment = environment, .flags = {{"memory_fraction", "0.4"}}})).memory;
    EXPECT_EQ(memory.fraction, 0.4);  // flags win
    EXPECT_EQ(memory.warning, 0.6);
    EXPECT_EQ(memory.critical, 0.7);
    EXPECT_EQ(memory.bands, 0);
}

TEST(RecorderOptionsFromConfig, EveryKeyArrives) {
    const RecorderOptions options = recorder_options(
        Config::parse("video_iterations: 7\nvideo_max_width: 1000\nvideo_layout: render\nvideo_save_to_disk: false\n"
                      "recorder_queue: 9",
                      "test"));
    EXPECT_EQ(options.iterations, 7);
    EXPECT_EQ(options.max_side, 1000);
    EXPECT_FALSE(options.on_disk);
    EXPECT_EQ(options.queue, 9);
}

TEST(RecorderOptionsFromConfig, TwoPanesShareTheVideosWidth) {
    EXPECT_EQ(recorder_options(Config()).max_side, 1920);
    EXPECT_EQ(recorder_options(Config::parse("video_layout: slider", "test")).max_side, 3840);
}

TEST(RecorderOptionsFromConfig, AVideosFramesArePartOfTheMemoryPlan) {
    EXPECT_EQ(options_of(Config()).memory.recording_bytes, 0);
    const std::int64_t four = options_of(Config::parse("make_training_video: true", "test")).memory.recording_bytes;
    EXPECT_GT(four, 20'000'000);
    EXPECT_GT(options_of(Config::parse("make_training_video: true\nrecorder_queue: 8", "test")).memory.recording_bytes,
              four);
}

TEST(VideoOptionsFromConfig, DefaultsAreThoseOfVideoOptions) {
    const VideoOptions ours = video_options(Config());
    const VideoOptions theirs;
    EXPECT_EQ(ours.layout, theirs.layout);
    EXPECT_EQ(ours.fps, theirs.fps);
    EXPECT_EQ(ours.crf, theirs.crf);
    EXPECT_EQ(ours.max_width, theirs.max_width);
    EXPECT_EQ(ours.encoders, theirs.encoders);
}

TEST(VideoOptionsFromConfig, EveryKeyArrivesWhereItBelongs) {
    const VideoOptions options = video_options(
        Config::parse("video_layout: slider\nvideo_fps: 24\nvideo_crf: 30\nvideo_max_width: 1000\n", "test"));
    EXPECT_EQ(options.layout, VideoLayout::slider);
    EXPECT_EQ(options.fps, 24);
    EXPECT_EQ(options.crf, 30);
    EXPECT_EQ(options.max_width, 1000);
    EXPECT_EQ(video_options(Config::parse("video_layout: side", "test")).layout, VideoLayout::side);
    EXPECT_EQ(video_options(Config::parse("video_layout: render", "test")).layout, VideoLayout::render);
}

TEST(VideoOptionsFromConfig, WhatTheSchemaAcceptsAVideoAccepts) {
    for (const char* yaml :
         {"video_fps: 1\nvideo_crf: 0\nvideo_max_width: 16", "video_fps: 240\nvideo_crf: 51\nvideo_max_width: 16384"}) {
        EXPECT_NO_THROW(video_options(Config::parse(yaml, "test")).check()) << yaml;
    }
}

}  // namespace
}  // namespace gsfit::cli

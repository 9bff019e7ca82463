// gsfit train: fits a field to an image and keeps everything about it in a run folder.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <utility>

#include "cli/amount.h"
#include "cli/batch.h"
#include "cli/batch_images.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/device.h"
#include "cli/help.h"
#include "cli/image_files.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/recording.h"
#include "cli/render.h"
#include "cli/render_run.h"
#include "cli/run_json.h"
#include "cli/run_log.h"
#include "cli/signals.h"
#include "cli/start.h"
#include "cli/target.h"
#include "cli/text.h"
#include "gsfit/checkpoint.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"
#include "gsfit/eval.h"
#include "gsfit/gpu.h"
#include "gsfit/image.h"
#include "gsfit/memory.h"
#include "gsfit/record.h"
#include "gsfit/train/plan.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;

/// What a run is made of: a new one, or one that goes on.
struct Job {
    Config config;
    fs::path image;
    fs::path folder;
    bool resumed = false;
};

/// default_name: where exp_name is not set.
fs::path new_folder(const Arguments& arguments, const Config& config, const std::string& default_name) {
    if (!arguments.has("output")) {
        const std::string& name = config.text("exp_name");
        return fs::path(config.text("log_root")) / (name.empty() ? default_name : name);
    }
    for (const char* key : {"exp_name", "log_root"}) {
        if (config.origin(key).level == Origin::Level::flag) {
            throw UsageError(text_of("--output names the run folder and so does --", key, "; leave one of them out"));
        }
    }
    return arguments.value("output");
}

Job new_job(const Arguments& arguments) {
    Config config = load_config_of_new_run(arguments);
    const fs::path image = image_path(config);
    if (image.empty()) {
        throw UsageError("no image is given; name one, for instance gsfit train photo.jpg");
    }
    const fs::path folder =
        new_folder(arguments, config, is_folder(image) ? batch_name({image}) : image.stem().string());
    return {std::move(config), image, folder, false};
}

Job resumed_job(const Arguments& arguments) {
    if (!arguments.positional.empty() || arguments.has("output") || arguments.has("config")) {
        throw UsageError(
            "a resumed run keeps its image, its folder and its configuration; leave out IMAGE, --output and "
            "--config");
    }
    const fs::path folder = arguments.value("resume");
    if (!holds_run(folder)) {
        throw InputError(text_of("'", folder.string(), "' holds no run to resume; name the folder of one"));
    }
    return {load_config_of_run(folder, arguments), image_of_run(folder), folder, true};
}

std::optional<FoundCheckpoint> checkpoint_of(const Job& job) {
    if (!job.resumed) {
        return std::nullopt;
    }
    std::optional<FoundCheckpoint> found = find_latest_checkpoint(job.folder);
    if (!found) {
        throw InputError(text_of("the run in '", job.folder.string(),
                                 "' was stopped before its first checkpoint; start it again in another folder"));
    }
    return found;
}

void check_raster(const Job& job, const PackedImage& image, const TrainState& state) {
    const Field& field = state.field;
    if (image.width() != field.raster_width || image.height() != field.raster_height ||
        image.channels() != field.channels() || !same_values(image.maps(), state.maps)) {
        throw InputError(text_of("'", job.image.string(), "' is no longer the image that the run in '",
                                 job.folder.string(), "' fits; put that one back"));
    }
}

RunInfo run_info(const Job& job, const ImageInfo& image, const DeviceChoice& device,
                 const std::optional<FoundCheckpoint>& checkpoint) {
    RunInfo info;
    info.versions = versions();
    info.device = device.name;
    info.simd = simd_target();
    info.threads = threads();
    info.seed = static_cast<std::uint64_t>(job.config.integer("seed"));
    info.image = fs::absolute(job.image).string();  // so that the run can go on from any directory
    info.image_width = image.width;
    info.image_height = image.height;
    if (checkpoint) {
        info.resumed_step = checkpoint->state.step;
    }
    return info;
}

/// Notes why the run failed, if the folder still takes it.
void record_failure(RunRecord& record, RunLog& log, const std::string& reason) {
    try {
        log.write(RunLog::Level::error, reason);
        record.end(RunExit::failed, reason);
    } catch (const OutputError&) {  // the reason itself is what the user needs to see
    }
}

/// Training with everybody who listens to it; the run's files lie in its folder.
class Run {
public:
    /// `start` is of a new run, `checkpoint` of one that goes on.
    Run(const Job& job, Progress& progress, const ImageInfo& image, const DeviceChoice& device,
        std::optional<Start> start, std::optional<FoundCheckpoint> checkpoint)
        : job_(job),
          progress_(progress),
          log_(job.folder, job.config.text("log_level")),
          record_(job.folder, run_info(job, image, device, checkpoint)),
          metrics_(job.folder, checkpoint ? std::optional(checkpoint->state.step) : std::nullopt),
          checkpoints_(job.folder, job.config.integer("save_ckpt_steps"), job.config.integer("save_checkpoint_keep")) {
        log_.write(RunLog::Level::info, text_of("gsfit ", GSFIT_VERSION, " fits '", job.image.string(), "', ",
                                                image.width, " x ", image.height, " pixels, ", image.channels,
                                                " channels, ", threads(), " threads, on ", device.name));
        if (!device.note.empty()) warn(device.note);
        if (checkpoint) {
            log_.write(RunLog::Level::info, text_of("goes on from '", checkpoint->path.string(), "'"));
            if (!checkpoint->note.empty()) {
                log_.write(RunLog::Level::warning, checkpoint->note);
            }
            resumed_step_ = checkpoint->state.step;
            start_ = std::move(checkpoint->state);
        }
        if (start) {
            log_.write(RunLog::Level::info, start->note);
            if (!start->warning.empty()) warn(start->warning);
            start_ = std::move(start->state);
        }
    }

    ExitCode run(PackedImage image, const TrainOptions& options) {
        try {
            progress_.phase("starting");
            if (const std::int64_t wanted = job_.config.integer("max_steps"); options.max_steps > wanted) {
                warn(text_of("max_steps ", wanted, " is raised to ", options.max_steps,
                             ", so that post_min_steps follow the last addition"));
            }
            Recording recording(job_.folder, job_.config, image, resumed_step_,
                                [this](const std::string& sentence) { warn(sentence); });
            const TrainState state =
                train(std::move(image), options, listeners(recording), std::move(start_), &stop_requested());
            const ExitCode code = stopped_ ? stop() : finish(state, recording);
            recording.make_report(state);
            return code;
        } catch (const std::exception& error) {
            record_failure(record_, log_, error.what());
            throw;
        }
    }

private:
    std::vector<TrainListener> listeners(Recording& recording) {
        const auto save = [&](const TrainEvent& event) {
            if (checkpoints_.is_due(event)) recording.drain();  // no frame before a checkpoint may be missing
            checkpoints_(event);
        };
        return {lasting(std::ref(recording)),
                lasting(save),
                lasting(std::ref(metrics_)),
                lasting(std::ref(record_)),
                lasting(std::ref(log_)),
                [this](const TrainEvent& event) {
                    progress_(event);
                    stopped_ = event.stopped;
                }};
    }

    /// A listener that writes: while it cannot, as on a full disk, training goes on; only the end must be written. Told
    /// once for each.
    TrainListener lasting(TrainListener listener) {
        return [this, listener = std::move(listener), told = false](const TrainEvent& event) mutable {
            try {
                listener(event);
            } catch (const OutputError& error) {
                if (event.kind == TrainEvent::Kind::finished) throw;
                if (!std::exchange(told, true)) {
                    warn(text_of(error.what(), " (training goes on and tries again later)"));
                }
            }
        };
    }

    void warn(const std::string& sentence) {
        progress_.note(sentence);
        try {
            log_.write(RunLog::Level::warning, sentence);
        } catch (const OutputError&) {  // the user has been told
        }
    }

    ExitCode finish(const TrainState& state, Recording& recording) {
        progress_.phase("rendering");
        const Field drawn = drawn_field(state);
        const Lattice raster = job_.config.boolean("downsample")
                                   ? evaluate_full_size(drawn, state.blending)
                                   : Lattice::whole(drawn.raster_width, drawn.raster_height);
        for (const ImageMap& map : state.maps) {
            write_render(final_render_path(job_.folder, state.maps, map), drawn, map, state.blending, raster);
        }
        if (state.quantisation) write_packed(state);
        if (recording.has_frames()) {
            progress_.phase("making the video");
            recording.make_video();
        }
        record_.end(RunExit::finished);
        recording.remove_frames();  // not before: a run that is killed here makes its video again
        return ExitCode::done;
    }

    /// Compares with the image that was scaled down; its raster.
    Lattice evaluate_full_size(const Field& drawn, const Blending& blending) {
        const PackedImage image = read_full_target(job_.image, job_.config, {.folder = job_.folder});
        const Quality quality = evaluate(drawn, blending, image);
        record_.full_size(
            {.width = image.width(), .height = image.height(), .psnr = quality.psnr, .ssim = quality.ssim});
        return Lattice::whole(image.width(), image.height());
    }

    void write_packed(const TrainState& state) {
        const fs::path path = job_.folder / "packed.safetensors";
        save_packed(path, state);
        record_.packed({.bits_per_gaussian = state.quantisation->of_gaussian(state.field.channels()),
                        .file_bytes = static_cast<std::int64_t>(size_of_file(path))});
    }

    ExitCode stop() {
        const ExitCode code = exit_code_of_signal();
        record_.end(code == ExitCode::interrupted ? RunExit::interrupted : RunExit::terminated);
        return code;
    }

    const Job& job_;
    Progress& progress_;
    RunLog log_;
    RunRecord record_;
    MetricsTable metrics_;
    CheckpointWriter checkpoints_;
    std::optional<TrainState> start_;
    std::optional<std::int64_t> resumed_step_;
    bool stopped_ = false;
};

void report(const fs::path& folder, bool as_json) {
    const nlohmann::ordered_json record = read_run_json(folder);
    nlohmann::ordered_json result{{"folder", folder.string()}};
    for (const char* name : {"psnr", "ssim", "maps", "gaussians", "steps", "seconds"}) {
        if (name == std::string_view("maps") && !record.contains(name)) continue;
        result[name] = record.value(name, nlohmann::ordered_json());
    }
    for (const char* name : {"full_size", "packed_bytes", "packed_bpp"}) {
        if (record.contains(name)) result[name] = record[name];
    }
    print_report(result, as_json);
}

bool is_finished(const Job& job) {
    return job.resumed && read_run_json(job.folder).value("exit", nlohmann::ordered_json()) == "finished";
}

/// Decodes the image into memory or, when that is planned or memory fails, into a file in the run's folder.
class TargetReader {
public:
    TargetReader(const Job& job, Progress& progress) : job_(job), progress_(progress) {}

    PackedImage read(bool into_file) {
        progress_.phase(text_of("decoding ", job_.image.string()));
        if (!into_file) {
            try {
                return read_target(job_.image, job_.config, {});
            } catch (const std::bad_alloc&) {
                progress_.note("memory does not suffice for the decoded image: it is decoded into a file");
            }
        }
        return read_target(job_.image, job_.config, {.folder = folder().path()});
    }

    /// Opened when it is first asked for: an image that cannot be read leaves no folder.
    const RunFolder& folder() {
        if (!folder_) folder_.emplace(job_.resumed ? RunFolder::reopen(job_.folder) : RunFolder::create(job_.folder));
        return *folder_;
    }

private:
    const Job& job_;
    Progress& progress_;
    std::optional<RunFolder> folder_;
};

/// Options of the run, for an image of its size.
TrainOptions options_of(const Job& job, const ImageInfo& image) {
    TrainOptions options = train_options(job.config, image);
    options.memory.folder = job.folder;
    check_fit(options, image);
    return options;
}

ExitCode fit(Job job) {
    const DeviceChoice device = device_of(job.config);
    const ImageInfo info = inspect_target(job.image, job.config);
    const double target_psnr = job.config.number("target_psnr");
    const std::int64_t target_bytes = job.config.integer("target_bytes");
    const bool is_auto = is_amount_auto(job.config);
    job.config = with_planned_amount(job.config, info);
    TrainOptions options = options_of(job, info);
    options.device = device.device;
    if (is_auto) options = within_memory(options, info, host_memory().resident);
    const MemorySettings settings = plan_memory(info, options, host_memory().resident).choice().settings;
    const auto progress = make_progress(job.config.text("progress"), options.max_seconds > 0 ? 0 : options.max_steps);
    TargetReader reader(job, *progress);
    PackedImage image = reader.read(settings.target_in_file);
    stop_on_signals();
    if (target_psnr > 0 || target_bytes > 0 || is_auto) {
        const auto config = is_auto            ? with_auto_amount(job.config, image, options)
                            : target_bytes > 0 ? with_amount_of_bytes(job.config, target_bytes, image, options)
                                               : with_amount_of_psnr(job.config, target_psnr, image, options);
        if (!config) return exit_code_of_signal();
        job.config = *config;
        options.num_gaussians = job.config.integer("num_gaussians");
    }
    std::optional<Start> start = job.resumed ? std::nullopt : start_of(job.config, image.info(), options);
    reader.folder();
    std::optional<FoundCheckpoint> checkpoint = checkpoint_of(job);
    if (checkpoint) {
        if (!checkpoint->note.empty()) {
            progress->note(checkpoint->note);
        }
        check_raster(job, image, checkpoint->state);
    } else {
        write_file_atomically(job.folder / "config.yaml", job.config.to_yaml(true));
    }
    const ImageInfo fitted = image.info();
    return Run(job, *progress, fitted, device, std::move(start), std::move(checkpoint)).run(std::move(image), options);
}

void check_one_image(const Arguments& arguments) {
    const auto& images = arguments.positional;
    if (images.size() > 1) {
        throw UsageError(
            text_of(images.size(), " images are given; put --each before them to fit each into a folder of its own"));
    }
}

ExitCode run_each(const Arguments& arguments) {
    const Config config = load_config(arguments);
    if (config.boolean("eval")) throw UsageError("eval renders one run and --each fits many; leave one of them out");
    if (config.number("target_psnr") > 0 || config.integer("target_bytes") > 0) {
        throw UsageError("target_psnr and target_bytes are for one image, and --each fits many; leave one of them out");
    }
    if (is_amount_auto(config)) {
        throw UsageError("num_gaussians auto is for one image, and --each fits many; give a number");
    }
    check_device(wanted_device(config));
    return fit_batch(arguments, config, new_folder(arguments, config, batch_name(arguments.positional)));
}

ExitCode run(const Arguments& arguments) {
    if (arguments.has("each")) return run_each(arguments);
    check_one_image(arguments);
    const Job job = arguments.has("resume") ? resumed_job(arguments) : new_job(arguments);
    if (job.config.boolean("eval")) return render_run(job.folder, job.config, arguments.has("json"));
    set_threads(static_cast<int>(job.config.integer("threads")));
    if (is_finished(job)) {
        std::fprintf(stderr, "gsfit: the run in '%s' is finished; there is nothing to resume\n", job.folder.c_str());
    } else if (const ExitCode code = fit(job); code != ExitCode::done) {
        if (holds_run(job.folder)) {
            std::fprintf(stderr, "gsfit: stopped and saved; gsfit train --resume %s goes on\n", job.folder.c_str());
        }
        return code;
    }
    report(job.folder, arguments.has("json"));
    return ExitCode::done;
}

}  // namespace

Command train_command() {
    return {
        {"train",
         "[IMAGE ...]",
         {{"each", 0, "", "fit every IMAGE, or every image in a folder, several at once"},
          {"config", 0, "FILE", "YAML to start from"},
          {"output", 0, "DIR", "run folder; without it log_root/exp_name"},
          {"resume", 0, "DIR", "go on with the stopped run in this folder"},
          {"json", 0, "", "the result as one JSON object"}},
         true,
         true},
        "Fits Gaussians to an image.",
        "IMAGE is a PNG, JPEG, TIFF, WebP or EXR file, grey or RGB, with or without alpha; or a folder, whose images\n"
        "of one size are fitted together as a texture stack. The run folder receives the\n"
        "configuration, metrics, checkpoints, a log and the final render. SIGINT and SIGTERM stop after the\n"
        "current step and save; --resume goes on, bit for bit when the run ends by max_steps.\n"
        "With --each the folder holds a run folder for each image, summary.csv and summary.html; the same command\n"
        "again fits what is not finished.",
        run};
}

}  // namespace gsfit::cli

#include "cli/batch.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "cli/batch_children.h"
#include "cli/batch_images.h"
#include "cli/batch_plan.h"
#include "cli/batch_progress.h"
#include "cli/batch_summary.h"
#include "cli/batch_tasks.h"
#include "cli/output.h"
#include "cli/run_json.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"
#include "gsfit/memory.h"
#include "gsfit/record.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;

/// What all runs together may hold [bytes]: the budget without what this process holds, or the fraction of what is
/// free.
std::int64_t budget_of(const Config& config) {
    constexpr double bytes_per_gb = 1e9;
    const HostMemory host = host_memory();
    const std::int64_t budget = std::llround(config.number("memory_budget_gb") * bytes_per_gb);
    if (budget > 0) return std::max<std::int64_t>(1, budget - host.resident);
    return std::llround(config.number("memory_fraction") * static_cast<double>(host.available));
}

std::string exit_of(const ChildEnd& end) {
    if (end.exit_code == static_cast<int>(ExitCode::interrupted) || end.signal == SIGINT) return "interrupted";
    if (end.exit_code == static_cast<int>(ExitCode::terminated) || end.signal == SIGTERM) return "terminated";
    if (end.signal != 0) return "killed";
    return end.exit_code == 0 ? "finished" : "failed";
}

std::string message_of(const ChildEnd& end) {
    constexpr std::string_view name = "gsfit: ";
    if (end.signal == SIGKILL)
        return "the run was killed, as the system does when memory runs out; the batch repeated goes on";
    if (end.signal != 0) return text_of("the run was ended by signal ", end.signal, " (", strsignal(end.signal), ")");
    if (end.exit_code != 0 && end.last_line.empty()) return text_of("the run ended with exit code ", end.exit_code);
    return end.last_line.starts_with(name) ? end.last_line.substr(name.size()) : end.last_line;
}

class Batch {
public:
    Batch(const Arguments& arguments, const Config& config, const fs::path& folder,
          const std::vector<BatchImage>& images)
        : folder_(folder), budget_(budget_of(config)), progress_(config.text("progress"), images.size()) {
        for (const BatchImage& image : images) rows_.push_back({.image = image.path, .folder = image.folder});
        tasks_.resize(rows_.size());
        for (std::size_t i = 0; i < rows_.size(); ++i) look_at(i, arguments, config);
        plan_ = plan_batch(waiting_tasks(), threads(), images_that_fit());
        write_summary_table(folder_, rows_);
    }

    /// Until every image is done, or those that were running are when a stop was asked for.
    void run() {
        bool told = false;
        while (children_.count() > 0 || (next_ < rows_.size() && !stop_requested())) {
            if (stop_requested() && !told) {
                children_.send(stop_signal());
                told = true;
            }
            if (!stop_requested()) start_what_fits();
            for (const ChildEnd& end : children_.wait()) take(end);
        }
        write_summary_table(folder_, rows_);
        write_summary_page(folder_, rows_);
    }

    [[nodiscard]] const std::vector<BatchRow>& rows() const { return rows_; }

    [[nodiscard]] std::size_t finished() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(rows_, [](const BatchRow& row) { return row.exit == "finished"; }));
    }

private:
    void look_at(std::size_t i, const Arguments& arguments, const Config& config) {
        BatchRow& row = rows_[i];
        try {
            tasks_[i] = task_of(row, folder_, arguments, config);
            if (!tasks_[i]) row.exit = "finished";
        } catch (const std::exception& error) {
            row.exit = "failed";
            row.message = error.what();
            progress_.ended(row, finished(), 0);
        }
    }

    [[nodiscard]] std::int64_t waiting_tasks() const {
        return std::ranges::count_if(tasks_, [](const auto& task) { return task.has_value(); });
    }

    /// Of the mean size.
    [[nodiscard]] std::int64_t images_that_fit() const {
        double bytes = 0;
        for (const auto& task : tasks_) bytes += task ? static_cast<double>(task->bytes) : 0;
        const double fitting =
            static_cast<double>(budget_) * static_cast<double>(waiting_tasks()) / std::max(bytes, 1.0);
        return std::llround(std::clamp(std::floor(fitting), 1.0, 1e9));
    }

    void start_what_fits() {
        for (; next_ < rows_.size(); ++next_) {
            if (!tasks_[next_]) continue;
            const std::int64_t needed = tasks_[next_]->bytes;
            const std::int64_t free = budget_ - taken_;
            const auto running = static_cast<std::int64_t>(children_.count());
            if (running > 0 && (running >= plan_.jobs || needed > free)) return;
            if (!start(next_, std::min(std::max(needed, budget_ / plan_.jobs), free))) return;
        }
    }

    /// False when the system lets no process start now, while others run whose end may change that.
    bool start(std::size_t i, std::int64_t bytes) {
        try {
            children_.start(i, words_of(*tasks_[i], plan_.threads, bytes));
        } catch (const Error&) {
            if (children_.count() == 0) throw;
            return false;
        }
        tasks_[i]->bytes = bytes;
        taken_ += bytes;
        rows_[i].exit = "running";
        progress_.started(rows_[i], children_.count());
        return true;
    }

    /// A disk that is full for a while ends no batch: the table is written again when the next image is done.
    void write_table() {
        try {
            write_summary_table(folder_, rows_);
        } catch (const OutputError& error) {
            if (!std::exchange(told_, true)) std::fprintf(stderr, "gsfit: %s (the batch goes on)\n", error.what());
        }
    }

    void take(const ChildEnd& end) {
        BatchRow& row = rows_[end.id];
        taken_ -= tasks_[end.id]->bytes;
        row.exit = exit_of(end);
        row.message = message_of(end);
        read_record(row);
        progress_.ended(row, finished(), children_.count());
        write_table();
    }

    void read_record(BatchRow& row) const {
        try {
            row.record = read_run_json(folder_ / row.folder);
        } catch (const InputError&) {  // the run ended before it had one
            row.record = nullptr;
        }
    }

    const fs::path folder_;
    const std::int64_t budget_;  ///< [bytes] for all runs together
    std::int64_t taken_ = 0;     ///< [bytes] of those, by runs that go on
    const BatchProgress progress_;
    std::vector<BatchRow> rows_;
    std::vector<std::optional<BatchTask>> tasks_;  ///< of the rows; none: nothing is left to do
    std::size_t next_ = 0;                         ///< row to be started
    BatchPlan plan_;
    Children children_;
    bool told_ = false;  ///< that the table cannot be written
};

/// Tells of every image that is not fitted. Throws Error when there are any.
void tell_failures(const Batch& batch, const fs::path& folder) {
    const std::size_t failed = batch.rows().size() - batch.finished();
    if (failed == 0) return;
    for (const BatchRow& row : batch.rows()) {
        if (row.exit == "finished") continue;
        std::fprintf(stderr, "%s: %s\n", row.image.c_str(), row.message.c_str());
    }
    throw Error(text_of(failed, " of ", batch.rows().size(), " images failed; what ails them stands above and in '",
                        (folder / "summary.csv").string(), "'"));
}

void check_arguments(const Arguments& arguments, const Config& config) {
    if (arguments.has("resume")) {
        throw UsageError("--each goes on by itself with what is in its folder; leave out --resume");
    }
    if (!config.text("input_path").empty()) {
        throw UsageError(text_of("--each takes its images as arguments, but ", config.origin("input_path").text(),
                                 " names one as well; leave that out"));
    }
}

}  // namespace

ExitCode fit_batch(const Arguments& arguments, const Config& config, const fs::path& folder) {
    check_arguments(arguments, config);
    const std::vector<BatchImage> images = batch_images(arguments.positional);
    set_threads(static_cast<int>(config.integer("threads")));
    const RunFolder claim = RunFolder::create(folder);
    remove_leftovers(folder);
    stop_on_signals();
    Batch batch(arguments, config, folder, images);
    batch.run();
    if (stop_requested()) {
        std::fprintf(stderr, "gsfit: stopped and saved; the same command goes on\n");
        return exit_code_of_signal();
    }
    print_report({{"folder", folder.string()},
                  {"images", images.size()},
                  {"done", batch.finished()},
                  {"failed", images.size() - batch.finished()}},
                 arguments.has("json"));
    tell_failures(batch, folder);
    return ExitCode::done;
}

}  // namespace gsfit::cli

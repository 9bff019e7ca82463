#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gsfit/train.h"

namespace gsfit {

/// A folder that this process, and no other, writes a run into (docs/run-folder.md). The claim ends with the object.
class RunFolder {
public:
    /// For a new run; the folder is created when it does not exist, and what others keep there stays untouched. Throws
    /// OutputError when it holds a run, when another process writes to it, or when it cannot be written.
    static RunFolder create(const std::filesystem::path& path);

    /// Of a run to be continued; removes what a killed process left half-written. Throws InputError when the folder
    /// holds no run, else as create().
    static RunFolder reopen(const std::filesystem::path& path);

    RunFolder(RunFolder&& other) noexcept;
    RunFolder& operator=(RunFolder&&) = delete;
    ~RunFolder();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    explicit RunFolder(const std::filesystem::path& path);

    std::filesystem::path path_;
    int lock_ = -1;  // file descriptor
};

/// Whether the folder has a file of a run. Throws InputError when it cannot be searched.
bool holds_run(const std::filesystem::path& folder);

/// Removes a run that has nothing to go on from; what others keep in its folder stays. Throws as RunFolder::reopen, and
/// OutputError when a file cannot be removed.
void discard_run(const std::filesystem::path& folder);

/// A listener that writes metrics.csv of a run folder: a row per evaluation, on disk before the call returns. A step
/// has one row. Throws OutputError. Hand it to train() with std::ref.
class MetricsTable {
public:
    /// A new table; or the one that is there, without its rows beyond `resumed_step`. Throws InputError when that one
    /// has other columns.
    explicit MetricsTable(const std::filesystem::path& run_folder,
                          std::optional<std::int64_t> resumed_step = std::nullopt);

    void operator()(const TrainEvent& event);

private:
    std::filesystem::path path_;
    std::int64_t last_step_ = -1;
};

/// What run.json says of a run besides what the events tell.
struct RunInfo {
    std::map<std::string, std::string> versions;  ///< of gsfit, LibTorch and the compiler
    std::string device;                           ///< "cpu"
    std::string simd;                             ///< the instruction set that the kernels chose, as "AVX3"
    int threads = 1;
    std::uint64_t seed = 0;
    std::string image;              ///< absolute path
    std::int64_t image_width = 0;   ///< [pixels] as trained on
    std::int64_t image_height = 0;  ///< [pixels]
    std::optional<std::int64_t> resumed_step;
};

/// What a quantised field takes.
struct PackedSize {
    std::int64_t bits_per_gaussian = 0;
    std::int64_t file_bytes = 0;  ///< of packed.safetensors
};

/// Of a field that was fitted to a smaller image, at the image's own size.
struct FullSizeQuality {
    std::int64_t width = 0;   ///< [pixels]
    std::int64_t height = 0;  ///< [pixels]
    double psnr = 0;          ///< [dB]
    double ssim = 0;
};

/// Why a run is over.
enum class RunExit {
    finished,     ///< the schedule is done
    interrupted,  ///< SIGINT
    terminated,   ///< SIGTERM
    failed,
};

/// A listener that writes run.json of a run folder, atomically, when the run starts, is evaluated, has something to
/// note and ends. Throws OutputError. Hand it to train() with std::ref.
class RunRecord {
public:
    /// Writes the first version: exit "running".
    RunRecord(const std::filesystem::path& run_folder, RunInfo info);

    void operator()(const TrainEvent& event);

    /// To be told in the versions from now on.
    void packed(const PackedSize& size) { packed_ = size; }
    void full_size(const FullSizeQuality& quality) { full_size_ = quality; }

    /// The last version; `message` is the error's sentence of a failed run.
    void end(RunExit exit, const std::string& message = {});

private:
    void write(const std::string& exit, const std::string& message, const std::string& finished) const;

    std::filesystem::path path_;
    RunInfo info_;
    std::string started_;
    std::int64_t step_ = 0;
    std::int64_t gaussians_ = 0;
    double seconds_ = 0;
    std::int64_t skipped_steps_ = 0;
    MemoryReport memory_;
    std::optional<double> psnr_;
    std::optional<double> ssim_;
    std::optional<PackedSize> packed_;
    std::optional<FullSizeQuality> full_size_;
    std::vector<MapQuality> maps_;
};

}  // namespace gsfit

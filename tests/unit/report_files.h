#pragma once

// Run folders as a run leaves them, for tests of what reads them.

#include <filesystem>
#include <string>

#include "gsfit/core/file.h"

namespace gsfit {

inline const std::string metrics_header =
    "step,seconds,gaussians,loss,psnr,ssim,step_scale,steps_per_second,skipped_steps,loss_scale,resident_bytes,"
    "device_bytes\n";

/// PSNR is infinite once, SSIM measured at the end.
inline const std::string example_metrics = metrics_header +
                                           "0,0,30,0.1,,,1,0,0,1024,50000000,\n"
                                           "10,0.5,60,0.01,30,,1,20,0,1024,60000000,\n"
                                           "20,1.25,100,0.001,inf,0.9876,0.5,16,2,512,61000000,\n";

inline const std::string example_record = R"({
  "versions": {"LibTorch": "2.11.0", "gsfit": "0.1.0"},
  "device": "cpu", "simd": "AVX3", "threads": 2, "seed": 123,
  "image": {"path": "/pictures/heron.png", "width": 640, "height": 480},
  "started": "2026-11-21T09:48:38Z", "finished": "2026-11-21T09:48:40Z", "exit": "finished",
  "steps": 20, "gaussians": 100, "seconds": 185.4, "skipped_steps": 2, "psnr": 31.256, "ssim": 0.98765,
  "memory": {"budget_bytes": 2000000000, "planned_bytes": 90000000, "amp": true, "checkpointing": false, "bands": 3,
             "target_storage": "memory"},
  "peak_resident_bytes": 61500000
})";

inline const std::string example_config =
    "# Run\nseed: 123  # default\nnum_gaussians: 100  # flag --num_gaussians\n\n# Input\n"
    "input_path: \"/pictures/a \\\"heron\\\"  # one.png\"  # flag --input_path\n";

inline void write_example_run(const std::filesystem::path& folder) {
    write_file_atomically(folder / "run.json", example_record);
    write_file_atomically(folder / "metrics.csv", example_metrics);
    write_file_atomically(folder / "config.yaml", example_config);
}

inline std::string text_of_file(const std::filesystem::path& path) {
    const auto bytes = read_file(path, 1 << 26);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace gsfit

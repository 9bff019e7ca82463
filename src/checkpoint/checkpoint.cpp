#include "gsfit/checkpoint.h"

#include "checkpoint/state_format.h"
#include "gsfit/core/file.h"

namespace gsfit {
namespace {

constexpr std::size_t size_limit = std::size_t{64} << 30;  // of a file [bytes]; 2^28 Gaussians are 26 GiB

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const TrainState& state) {
    write_file_atomically(path, encode_state(state));
}

void save_packed(const std::filesystem::path& path, const TrainState& state) {
    write_file_atomically(path, encode_packed(state));
}

TrainState load_checkpoint(const std::filesystem::path& path) {
    return decode_state(read_file(path, size_limit), path.string());
}

SavedField load_field(const std::filesystem::path& path) {
    return decode_field(read_file(path, size_limit), path.string());
}

}  // namespace gsfit

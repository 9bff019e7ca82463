// Stands in for libnvidia-ml.so.1: two GPUs, the second of which does not tell its memory. FAKE_NVML_DRIVER=0: no
// driver.

#include <cstdlib>
#include <string_view>

namespace {

int started = 0;
int handles[2];

constexpr int success = 0;
constexpr int uninitialized = 1;
constexpr int not_supported = 3;
constexpr int not_found = 6;
constexpr int no_driver = 9;

}  // namespace

extern "C" {

int nvmlInit_v2() {
    const char* driver = std::getenv("FAKE_NVML_DRIVER");
    if (driver != nullptr && std::string_view(driver) == "0") return no_driver;
    ++started;
    return success;
}

int nvmlShutdown() {
    --started;
    return started >= 0 ? success : uninitialized;
}

int nvmlDeviceGetCount_v2(unsigned* count) {
    *count = 2;
    return started > 0 ? success : uninitialized;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
    if (started == 0) return uninitialized;
    if (index > 1) return not_found;
    *device = &handles[index];
    return success;
}

int nvmlDeviceGetMemoryInfo(void* device, unsigned long long* total_free_used) {
    if (started == 0) return uninitialized;
    if (device == &handles[1]) return not_supported;
    total_free_used[0] = 80ULL << 30;
    total_free_used[1] = 50ULL << 30;
    total_free_used[2] = 30ULL << 30;
    return success;
}

int fake_nvml_started() { return started; }
}

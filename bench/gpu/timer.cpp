#include "bench/gpu/timer.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/Event.h>

#include <algorithm>

namespace gsfit::bench {

std::vector<double> time_on(const c10::Device& device, const std::function<void()>& work) {
    constexpr double enough_ms = 1000;
    constexpr std::size_t least = 5;
    constexpr std::size_t most = 50;
    const c10::Stream stream = at::accelerator::getCurrentStream(device.index());
    for (int i = 0; i < 2; ++i) work();
    at::accelerator::synchronizeDevice(device.index());
    std::vector<double> times;
    double spent = 0;
    while (times.size() < least || (spent < enough_ms && times.size() < most)) {
        c10::Event begin(device.type(), c10::EventFlag::BACKEND_DEFAULT);  // others keep no time
        c10::Event end(device.type(), c10::EventFlag::BACKEND_DEFAULT);
        begin.record(stream);
        work();
        end.record(stream);
        end.synchronize();
        times.push_back(begin.elapsedTime(end));
        spent += times.back();
    }
    std::sort(times.begin(), times.end());
    return times;
}

}  // namespace gsfit::bench

// cuda/graph.h where kernels run on the CPU: all is done as soon as it is launched, so a mark has nothing to wait for.

#include "cuda/graph.h"

#include <memory>
#include <vector>

#include "simt/engine.h"

struct CUgraphExec_st {
    std::vector<std::function<void()>> launches;
};

namespace simt {
namespace {

CUgraphExec_st* recording = nullptr;

}  // namespace

void enqueue(std::function<void()> launch) {
    if (recording != nullptr) {
        recording->launches.push_back(std::move(launch));
    } else {
        launch();
    }
}

}  // namespace simt

namespace gsfit::gpu {

Graph record_graph(const std::function<void(Stream)>& enqueue) {
    auto graph = std::make_unique<CUgraphExec_st>();
    simt::recording = graph.get();
    try {
        enqueue(nullptr);
    } catch (...) {
        simt::recording = nullptr;
        throw;
    }
    simt::recording = nullptr;
    return graph.release();
}

void launch_graph(Graph graph, Stream /*stream*/) {
    for (const auto& launch : graph->launches) launch();
}

void free_graph(Graph graph) { delete graph; }

Mark make_mark() { return nullptr; }
void set_mark(Mark /*mark*/, Stream /*stream*/) {}
void wait_for(Mark /*mark*/) {}
void free_mark(Mark /*mark*/) {}

}  // namespace gsfit::gpu

#include "cuda/graph.h"

#include "cuda/simt.h"

namespace gsfit::gpu {

namespace {

/// LibTorch's current stream may be the default one, which cannot be recorded.
class RecordingStream {
public:
    RecordingStream() { simt::check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "make a stream"); }
    RecordingStream(const RecordingStream&) = delete;
    RecordingStream& operator=(const RecordingStream&) = delete;
    ~RecordingStream() { cudaStreamDestroy(stream_); }

    cudaGraph_t record(const std::function<void(Stream)>& enqueue) {
        simt::check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "record a graph");
        try {
            enqueue(stream_);
        } catch (...) {
            cudaGraph_t part = nullptr;
            if (cudaStreamEndCapture(stream_, &part) == cudaSuccess) cudaGraphDestroy(part);
            cudaGetLastError();  // is not the next launch's
            throw;
        }
        return end();
    }

private:
    cudaGraph_t end() {
        cudaGraph_t graph = nullptr;
        simt::check(cudaStreamEndCapture(stream_, &graph), "record a graph");
        return graph;
    }

    cudaStream_t stream_ = nullptr;
};

}  // namespace

Graph record_graph(const std::function<void(Stream)>& enqueue) {
    cudaGraph_t graph = RecordingStream().record(enqueue);
    Graph ready = nullptr;
    const cudaError_t error = cudaGraphInstantiate(&ready, graph, 0);
    cudaGraphDestroy(graph);
    simt::check(error, "make a graph ready");
    return ready;
}

void launch_graph(Graph graph, Stream stream) { simt::check(cudaGraphLaunch(graph, stream), "launch a graph"); }

void free_graph(Graph graph) { cudaGraphExecDestroy(graph); }

Mark make_mark() {
    Mark mark = nullptr;
    simt::check(cudaEventCreateWithFlags(&mark, cudaEventDisableTiming), "make an event");
    return mark;
}

void set_mark(Mark mark, Stream stream) { simt::check(cudaEventRecord(mark, stream), "record an event"); }

void wait_for(Mark mark) { simt::check(cudaEventSynchronize(mark), "finish what it was given"); }

void free_mark(Mark mark) { cudaEventDestroy(mark); }

}  // namespace gsfit::gpu

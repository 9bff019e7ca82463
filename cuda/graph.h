// Work for the device that is recorded once and launched as one, and marks in a stream's order: CUDA's graphs and
// events on a GPU (graph.cu), lists of closures where kernels run on the CPU.
#pragma once

#include <functional>

#include "cuda/stream.h"

struct CUgraphExec_st;
struct CUevent_st;

namespace gsfit::gpu {

using Graph = CUgraphExec_st*;
using Mark = CUevent_st*;

/// Records what enqueue(stream) launches; nothing of it runs. The launches keep the values that they are given here.
/// Throws std::runtime_error when CUDA refuses, as it does when something was to be allocated or waited for.
Graph record_graph(const std::function<void(Stream)>& enqueue);
void launch_graph(Graph graph, Stream stream);
void free_graph(Graph graph);

Mark make_mark();
/// Puts the mark behind all that the stream has been given so far.
void set_mark(Mark mark, Stream stream);
/// Waits until the device has come to the mark. Throws std::runtime_error when what came before it failed.
void wait_for(Mark mark);
void free_mark(Mark mark);

}  // namespace gsfit::gpu

// A CUDA stream by name alone, so that a launcher's header needs no CUDA header.
#pragma once

struct CUstream_st;

namespace gsfit::gpu {

/// What cudaStream_t is; null is the default stream.
using Stream = CUstream_st*;

}  // namespace gsfit::gpu

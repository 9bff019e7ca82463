#pragma once

/// Before a function that is the same on the host and on a CUDA device.
#if defined(__CUDACC__)
#define GSFIT_ON_BOTH __host__ __device__ inline
#else
#define GSFIT_ON_BOTH inline
#endif

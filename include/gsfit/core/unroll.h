#pragma once

/// Before a loop over vectors that must stay in registers: it is unrolled whole.
#ifdef __clang__
#define GSFIT_UNROLL _Pragma("unroll")
#else
#define GSFIT_UNROLL _Pragma("GCC unroll 32")
#endif

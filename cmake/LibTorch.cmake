# LibTorch as imported targets. The wheel's own find_package(Torch) stops where no CUDA toolkit is
# installed, so the few targets that gsfit links are named here.
#
# GSFIT_LIBTORCH: the directory that holds include/ and lib/ (tools/setup puts it in .deps/). The environment
# variable of this name comes before what an earlier configuration or -D said.

set(GSFIT_LIBTORCH "" CACHE PATH "LibTorch: the directory with include/ and lib/")
if(NOT "$ENV{GSFIT_LIBTORCH}" STREQUAL "")
  set(GSFIT_LIBTORCH "$ENV{GSFIT_LIBTORCH}" CACHE PATH "" FORCE)
endif()
if(NOT GSFIT_LIBTORCH)
  set(GSFIT_LIBTORCH "${PROJECT_SOURCE_DIR}/.deps/libtorch/torch" CACHE PATH "" FORCE)
endif()
if(NOT EXISTS "${GSFIT_LIBTORCH}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "No LibTorch in ${GSFIT_LIBTORCH}: run tools/setup, or name one with -DGSFIT_LIBTORCH=<dir>.")
endif()

foreach(library c10 torch_cpu c10_cuda torch_cuda)
  if(NOT EXISTS "${GSFIT_LIBTORCH}/lib/lib${library}.so")
    continue() # a LibTorch without CUDA
  endif()
  add_library(${library} SHARED IMPORTED)
  set_target_properties(${library} PROPERTIES
    IMPORTED_LOCATION "${GSFIT_LIBTORCH}/lib/lib${library}.so"
    INTERFACE_INCLUDE_DIRECTORIES "${GSFIT_LIBTORCH}/include;${GSFIT_LIBTORCH}/include/torch/csrc/api/include")
endforeach()
set_property(TARGET torch_cpu PROPERTY INTERFACE_LINK_LIBRARIES c10)

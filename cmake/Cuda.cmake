# Sets GSFIT_WITH_CUDA and enables the language where LibTorch has its CUDA libraries, and a CUDA toolkit is there and
# knows all the architectures.

# gsfit_gpu_program(<name> <sources>): a program that uses a GPU. It loads libgsfit_cuda.so from the build's root, or from
# lib/ beside its folder, where tools/gpu_bundle packs it.
function(gsfit_gpu_program name)
  add_executable(${name} ${ARGN})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(${name} PRIVATE gsfit_flags)
  target_precompile_headers(${name} REUSE_FROM gsfit_headers)
  set_target_properties(${name} PROPERTIES BUILD_RPATH "${PROJECT_BINARY_DIR};$ORIGIN/../lib")
  add_dependencies(${name} gsfit_cuda)
endfunction()

set(GSFIT_CUDA AUTO CACHE STRING "CUDA: AUTO, where all it needs is found; ON, stop where not; OFF, do not look")
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  # Machine code for each; PTX for what comes after them.
  set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real 90-real 100-real 120)
endif()
set(GSFIT_WITH_CUDA OFF)
if(GSFIT_CUDA STREQUAL "OFF")
  return()
endif()

set(no_cuda "")
if(TARGET torch_cuda AND TARGET c10_cuda)
  include(CheckLanguage)
  check_language(CUDA)
endif()
if(NOT TARGET torch_cuda OR NOT TARGET c10_cuda)
  set(no_cuda "LibTorch in ${GSFIT_LIBTORCH} has no CUDA libraries (tools/setup cuda puts them into .deps)")
elseif(NOT CMAKE_CUDA_COMPILER)
  set(no_cuda "no CUDA toolkit was found; name its compiler with -DCMAKE_CUDA_COMPILER=<nvcc>")
else()
  enable_language(CUDA)
  set(CMAKE_CUDA_STANDARD 17) # the newest that every CMake since 3.22 knows for CUDA
  if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.8)
    set(no_cuda "CUDA ${CMAKE_CUDA_COMPILER_VERSION} is older than 12.8, the first that knows every architecture")
  endif()
endif()

if(NOT no_cuda)
  set(GSFIT_WITH_CUDA ON)
  find_package(CUDAToolkit REQUIRED)
elseif(GSFIT_CUDA STREQUAL "AUTO")
  message(STATUS "Building without CUDA: ${no_cuda}")
else()
  message(FATAL_ERROR "GSFIT_CUDA is ON, but ${no_cuda}.")
endif()

# gsfit_room(<name> KNOWS <rooms and libraries its headers may name> PRIVATE <libraries only its sources name>)
#
# A room is a static library gsfit_<name> of src/<name>/*.cpp. Its links are its dependency rules. All rooms share include/,
# so it is tests/lint/rooms.py that holds every #include to them, not the compiler.

add_library(gsfit_flags INTERFACE)
target_compile_options(gsfit_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror -Wno-error=invalid-pch -fno-math-errno -pthread
  ${GSFIT_SANITIZE})
target_link_options(gsfit_flags INTERFACE ${GSFIT_SANITIZE})
if(GSFIT_SANITIZE)
  # Instrumentation misleads GCC's flow analysis (std::regex "may be used uninitialized"); release holds the warnings.
  target_compile_options(gsfit_flags INTERFACE -Wno-error)
endif()

# gsfit_precompile(<name> LIKE <libraries> HEADERS <...>): headers that are read once for all targets that REUSE_FROM
# <name> and have the flags of those libraries. LibTorch's take longer to read than most files of ours to compile.
function(gsfit_precompile name)
  cmake_parse_arguments(PRECOMPILE "" "" "LIKE;HEADERS" ${ARGN})
  set(empty "${PROJECT_BINARY_DIR}/${name}.cpp")
  file(CONFIGURE OUTPUT "${empty}" CONTENT "")
  add_library(${name} OBJECT "${empty}")
  target_link_libraries(${name} PRIVATE ${PRECOMPILE_LIKE})
  target_precompile_headers(${name} PRIVATE ${PRECOMPILE_HEADERS})
endfunction()
set(common_headers <algorithm> <filesystem> <functional> <optional> <span> <string> <vector>
  <ATen/core/Tensor.h> <ATen/ops/empty.h> <ATen/ops/full.h>)
gsfit_precompile(gsfit_headers LIKE gsfit_flags torch_cpu HEADERS ${common_headers})

# gsfit_link(<target> PUBLIC|PRIVATE <rooms and libraries>)
function(gsfit_link target scope)
  foreach(item ${ARGN})
    if(TARGET gsfit_${item})
      set(item gsfit_${item})
    endif()
    target_link_libraries(${target} ${scope} ${item})
  endforeach()
endfunction()

function(gsfit_room name)
  cmake_parse_arguments(ROOM "" "" "KNOWS;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "_kernels\\.cpp$")
  add_library(gsfit_${name} STATIC ${sources})
  target_include_directories(gsfit_${name} PUBLIC "${PROJECT_SOURCE_DIR}/include" PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(gsfit_${name} PRIVATE gsfit_flags)
  target_precompile_headers(gsfit_${name} REUSE_FROM gsfit_headers)
  gsfit_link(gsfit_${name} PUBLIC ${ROOM_KNOWS})
  gsfit_link(gsfit_${name} PRIVATE ${ROOM_PRIVATE})
  file(GLOB kernels CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*_kernels.cpp")
  if(kernels)
    gsfit_kernels(${name} ${kernels})
    target_sources(gsfit_${name} PRIVATE $<TARGET_OBJECTS:gsfit_${name}_kernels>)
  endif()
endfunction()

# gsfit_kernels(<name> <files>): a room's SIMD kernels, which know no LibTorch, as objects gsfit_<name>_kernels: they take
# minutes to compile, and libgsfit_decode has the same.
function(gsfit_kernels name)
  add_library(gsfit_${name}_kernels OBJECT ${ARGN})
  target_include_directories(gsfit_${name}_kernels PRIVATE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(gsfit_${name}_kernels PRIVATE gsfit_flags PkgConfig::Highway)
  set_target_properties(gsfit_${name}_kernels PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    # SSE4 is the least that kernels are compiled for; better ones are chosen at run time.
    target_compile_options(gsfit_${name}_kernels PRIVATE -msse4.2 -maes -mpclmul)
  endif()
  if(GSFIT_FUZZ)
    # One SIMD target is enough there: each takes minutes to compile with a fuzzer's traces.
    target_compile_definitions(gsfit_${name}_kernels PRIVATE HWY_COMPILE_ONLY_STATIC)
  endif()
endfunction()

# Test code is compiled for a short build: what it tests has its own flags.
add_library(gsfit_test_flags INTERFACE)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(gsfit_test_flags INTERFACE -O1)
endif()
target_link_libraries(gsfit_test_flags INTERFACE gsfit_flags)
if(BUILD_TESTING)
  gsfit_precompile(gsfit_test_headers LIKE gsfit_test_flags torch_cpu GTest::gtest HEADERS ${common_headers} <gtest/gtest.h>)
endif()

# gsfit_test(<name> <sources> ROOMS <rooms and libraries> [LABELS ...]): a GoogleTest program. LibTorch takes longer to
# load than most cases to run, so its ctest entries are three shards of its cases, <name>.<shard>, not the cases.
function(gsfit_test name)
  cmake_parse_arguments(TEST "" "" "ROOMS;LABELS" ${ARGN})
  add_executable(${name} ${TEST_UNPARSED_ARGUMENTS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE gsfit_test_flags GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM gsfit_test_headers)
  gsfit_link(${name} PRIVATE ${TEST_ROOMS})
  set(shards 3)
  foreach(shard RANGE 1 ${shards})
    math(EXPR index "${shard} - 1")
    add_test(NAME ${name}.${shard} COMMAND ${name})
    set_tests_properties(${name}.${shard} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT 1200
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()

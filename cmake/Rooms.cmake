# gsfit_room(<name> KNOWS <rooms and libraries its headers may name> PRIVATE <libraries only its sources name>)
#
# A room is a static library gsfit_<name> of src/<name>/*.cpp. Its links are its dependency rules. All rooms share include/,
# so it is tests/lint/rooms.py that holds every #include to them, not the compiler.

add_library(gsfit_flags INTERFACE)
target_compile_options(gsfit_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror -fno-math-errno ${GSFIT_SANITIZE})
target_link_options(gsfit_flags INTERFACE ${GSFIT_SANITIZE})
if(GSFIT_SANITIZE)
  # Instrumentation misleads GCC's flow analysis (std::regex "may be used uninitialized"); release holds the warnings.
  # Files that are compiled together shadow one another's names.
  target_compile_options(gsfit_flags INTERFACE -Wno-error -Wno-shadow -Wno-subobject-linkage)
endif()

function(gsfit_room name)
  cmake_parse_arguments(ROOM "" "" "KNOWS;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp")
  add_library(gsfit_${name} STATIC ${sources})
  target_include_directories(gsfit_${name} PUBLIC "${PROJECT_SOURCE_DIR}/include" PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(gsfit_${name} PRIVATE gsfit_flags)
  if(GSFIT_SANITIZE)
    # Reading LibTorch's headers takes longer than compiling a file of ours: eight at a time share them.
    set_target_properties(gsfit_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
  foreach(scope KNOWS PRIVATE)
    foreach(item ${ROOM_${scope}})
      if(TARGET gsfit_${item})
        set(item gsfit_${item})
      endif()
      if(scope STREQUAL KNOWS)
        target_link_libraries(gsfit_${name} PUBLIC ${item})
      else()
        target_link_libraries(gsfit_${name} PRIVATE ${item})
      endif()
    endforeach()
  endforeach()
  file(GLOB kernels "${PROJECT_SOURCE_DIR}/src/${name}/*_kernels.cpp")
  set_source_files_properties(${kernels} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)  # Highway includes them several times
  if(kernels AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    # SSE4 is the least that kernels are compiled for; better ones are chosen at run time.
    set_source_files_properties(${kernels} PROPERTIES COMPILE_OPTIONS "-msse4.2;-maes;-mpclmul")
  endif()
endfunction()

# Test code is compiled for a short build: what it tests has its own flags.
add_library(gsfit_test_flags INTERFACE)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(gsfit_test_flags INTERFACE -O1)
endif()
target_link_libraries(gsfit_test_flags INTERFACE gsfit_flags)

# gsfit_test(<name> <sources> ROOMS <rooms and libraries> [LABELS ...]): a GoogleTest program, one ctest entry a case,
# <name>.<suite>.<case>. Under the address sanitizer, where a program takes a second to start, it is one entry for every
# shard of its cases: <name>.<shard>.
function(gsfit_test name)
  cmake_parse_arguments(TEST "" "" "ROOMS;LABELS" ${ARGN})
  add_executable(${name} ${TEST_UNPARSED_ARGUMENTS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE gsfit_test_flags GTest::gtest_main)
  foreach(item ${TEST_ROOMS})
    if(TARGET gsfit_${item})
      set(item gsfit_${item})
    endif()
    target_link_libraries(${name} PRIVATE ${item})
  endforeach()
  if(NOT GSFIT_SANITIZE MATCHES "address")
    gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 120 PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT 600)
    return()
  endif()
  set(shards 3)
  foreach(shard RANGE 1 ${shards})
    math(EXPR index "${shard} - 1")
    add_test(NAME ${name}.${shard} COMMAND ${name})
    set_tests_properties(${name}.${shard} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT 1200
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()

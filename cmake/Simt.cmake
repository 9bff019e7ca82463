# gsfit_simt_test(<name> <sources> KERNELS <files of cuda/, from the project's root> ROOMS <rooms and libraries>)
#
# A GoogleTest program in which a host compiler's code of the kernel files runs on the engine of tests/simt, in five
# orders of threads and blocks: ctest entries <name>.<order>. And, but for sanitizer builds, which cannot be
# combined with it, a second program <name>_race whose kernel files are instrumented for the race receiver.

set(GSFIT_SIMT_ORDERS fwd rev 1 2 3)

function(gsfit_simt_kernels name)
  add_library(${name} OBJECT ${ARGN})
  set_source_files_properties(${ARGN} PROPERTIES LANGUAGE CXX)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include"
    "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE gsfit_flags)
  target_compile_options(${name} PRIVATE -O2 -g1 -Wno-unknown-pragmas) # of which `unroll` is one
endfunction()

# ARGUMENTS are the program's own.
function(gsfit_simt_program name)
  cmake_parse_arguments(SIMT "" "KERNELS" "SOURCES;ROOMS;ORDERS;ARGUMENTS" ${ARGN})
  add_executable(${name} ${SIMT_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/src"
    "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE gsfit_test_flags ${SIMT_KERNELS} simt_engine GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM gsfit_test_headers)
  gsfit_link(${name} PRIVATE ${SIMT_ROOMS})
  foreach(order ${SIMT_ORDERS})
    add_test(NAME ${name}.${order} COMMAND ${name} ${SIMT_ARGUMENTS})
    set_tests_properties(${name}.${order} PROPERTIES LABELS simt ENVIRONMENT "SIMT_ORDER=${order}" TIMEOUT 1200)
  endforeach()
endfunction()

function(gsfit_simt_test name)
  cmake_parse_arguments(SIMT "" "" "KERNELS;ROOMS" ${ARGN})
  list(TRANSFORM SIMT_KERNELS PREPEND "${PROJECT_SOURCE_DIR}/")
  gsfit_simt_kernels(${name}_kernels ${SIMT_KERNELS})
  gsfit_simt_program(${name} SOURCES ${SIMT_UNPARSED_ARGUMENTS} KERNELS ${name}_kernels ROOMS ${SIMT_ROOMS}
    ORDERS ${GSFIT_SIMT_ORDERS})
  if(GSFIT_SANITIZE)
    target_compile_options(${name}_kernels PRIVATE -fsanitize=float-cast-overflow)
    return()
  endif()
  gsfit_simt_kernels(${name}_race_kernels ${SIMT_KERNELS})
  target_compile_options(${name}_race_kernels PRIVATE -fsanitize=thread)
  gsfit_simt_program(${name}_race SOURCES ${SIMT_UNPARSED_ARGUMENTS} KERNELS ${name}_race_kernels ROOMS ${SIMT_ROOMS}
    simt_race ORDERS fwd)
endfunction()

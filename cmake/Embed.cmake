# gsfit_embed(<room> <name> <file>): makes a file part of the room's library (of the program, where the room is cli); its
# sources include "embedded/<name>.h" and read embedded::<name>().
function(gsfit_embed room name file)
  set(target gsfit_${room})
  if(room STREQUAL "cli")
    set(target gsfit)
  endif()
  set(folder "${PROJECT_BINARY_DIR}/embedded/${room}")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/embedded.h.in" "${folder}/embedded/${name}.h" @ONLY)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/embedded.cpp.in" "${folder}/${name}.cpp" @ONLY)
  set_source_files_properties("${folder}/${name}.cpp" PROPERTIES OBJECT_DEPENDS "${file}")
  target_sources(${target} PRIVATE "${folder}/${name}.cpp")
  target_include_directories(${target} PRIVATE "${folder}")
endfunction()

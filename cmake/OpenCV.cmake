# The OpenCV libraries that gsfit uses, as imported targets of their own names. Debian's find_package(OpenCV) stops
# unless every library of OpenCV is installed: 200 packages and 600 MB more than these three.

find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
foreach(library core imgproc imgcodecs)
  find_library(OPENCV_${library}_LIBRARY opencv_${library} REQUIRED)
  add_library(opencv_${library} SHARED IMPORTED)
  set_target_properties(opencv_${library} PROPERTIES
    IMPORTED_LOCATION "${OPENCV_${library}_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${OPENCV_INCLUDE_DIR}")
endforeach()

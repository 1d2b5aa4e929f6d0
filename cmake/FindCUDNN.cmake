# Finds cuDNN: CUDNN_FOUND, CUDNN_VERSION and the target CUDNN::cudnn.
#
# Looks below CUDNN_ROOT, in the CUDA toolkit that find_package(CUDAToolkit) found, where systems keep libraries, and last
# in the packages of the python3 on PATH, where `pip install nvidia-cudnn-cu13` puts it (nvidia/cudnn, whose library has
# no name without a version).
set(cudnn_names cudnn libcudnn.so.9)
find_path(CUDNN_INCLUDE_DIR cudnn_version.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
find_library(CUDNN_LIBRARY NAMES ${cudnn_names} HINTS ${CUDAToolkit_LIBRARY_DIR} PATH_SUFFIXES lib64 lib)

if(NOT CUDNN_INCLUDE_DIR OR NOT CUDNN_LIBRARY)
  find_program(CUDNN_PYTHON python3)
  mark_as_advanced(CUDNN_PYTHON)
  set(cudnn_folders)
  if(CUDNN_PYTHON)
    execute_process(
      COMMAND ${CUDNN_PYTHON} -c "import site; print(';'.join([*site.getsitepackages(), site.getusersitepackages()]))"
      OUTPUT_VARIABLE cudnn_folders OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  find_path(CUDNN_INCLUDE_DIR cudnn_version.h PATHS ${cudnn_folders} PATH_SUFFIXES nvidia/cudnn/include)
  find_library(CUDNN_LIBRARY NAMES ${cudnn_names} PATHS ${cudnn_folders} PATH_SUFFIXES nvidia/cudnn/lib)
endif()

if(CUDNN_INCLUDE_DIR)
  file(STRINGS ${CUDNN_INCLUDE_DIR}/cudnn_version.h cudnn_lines REGEX "^#define CUDNN_(MAJOR|MINOR|PATCHLEVEL) +[0-9]+")
  string(REGEX MATCHALL "[0-9]+" CUDNN_VERSION "${cudnn_lines}")
  list(JOIN CUDNN_VERSION "." CUDNN_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CUDNN REQUIRED_VARS CUDNN_LIBRARY CUDNN_INCLUDE_DIR VERSION_VAR CUDNN_VERSION)
mark_as_advanced(CUDNN_INCLUDE_DIR CUDNN_LIBRARY)

if(CUDNN_FOUND AND NOT TARGET CUDNN::cudnn)
  add_library(CUDNN::cudnn UNKNOWN IMPORTED)
  set_target_properties(CUDNN::cudnn PROPERTIES
    IMPORTED_LOCATION ${CUDNN_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${CUDNN_INCLUDE_DIR})
endif()

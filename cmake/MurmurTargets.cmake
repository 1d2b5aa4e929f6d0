# murmur_library(FOLDER SOURCES ... LINK ... PRIVATE ...): the static library of one folder.
#   LINK     what its headers need; our own folders are named by folder (runtime), others by target
#   PRIVATE  what only its sources need
function(murmur_library folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE" ${ARGN})
  set(target murmur_${folder})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(murmur::${folder} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${folder})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/murmur>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target}
    PUBLIC ${ARG_LINK}
    PRIVATE $<BUILD_INTERFACE:murmur_warnings> $<BUILD_INTERFACE:murmur_settings> ${ARG_PRIVATE})
endfunction()

# How long a test may take where programs are slow (a sanitizer), in multiples of what it may here.
set(MURMUR_TEST_PATIENCE 1 CACHE STRING "tests are given so many times their usual seconds")

# murmur_test_patience(OUT SECONDS)
function(murmur_test_patience out seconds)
  math(EXPR seconds "${seconds} * ${MURMUR_TEST_PATIENCE}")
  set(${out} ${seconds} PARENT_SCOPE)
endfunction()

# murmur_test(FOLDER SOURCES ... LINK ... LABEL unit|sim|zmq|gpu|style TIMEOUT seconds): the tests of one folder, one
# program; every case is a ctest of its own.
function(murmur_test folder)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  murmur_test_patience(seconds ${ARG_TIMEOUT})
  set(target ${folder}_test)
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE murmur_test_main murmur_warnings murmur_settings ${ARG_LINK})
  target_compile_definitions(${target} PRIVATE MURMUR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  catch_discover_tests(${target} TEST_PREFIX "${folder}: "
                       PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${seconds})
endfunction()

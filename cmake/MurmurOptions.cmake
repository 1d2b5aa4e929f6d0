# What a build can be asked for, and what every target of ours is compiled with.

option(MURMUR_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(MURMUR_FUZZ "Build the libFuzzer targets (clang only)" OFF)
set(MURMUR_CUDA AUTO CACHE STRING "Build the CUDA module: AUTO (where the toolkit is found), ON, OFF")
set_property(CACHE MURMUR_CUDA PROPERTY STRINGS AUTO ON OFF)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

# Warnings are for our own targets; -Werror is for the presets of those who change the code, not for who builds it.
add_library(murmur_warnings INTERFACE)
target_compile_options(murmur_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wdouble-promotion
  -Wold-style-cast -Wcast-align -Wcast-qual -Wformat=2 -Wnon-virtual-dtor -Woverloaded-virtual -Wnull-dereference
  -Wimplicit-fallthrough -Wextra-semi -Wundef -Wmissing-declarations -Wsuggest-override -Wvla>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(murmur_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wduplicated-cond -Wduplicated-branches -Wlogical-op>)
elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(murmur_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wthread-safety -Wglobal-constructors -Wexit-time-destructors -Wcomma
    -Wunreachable-code>)
endif()

# Both compilers fuse a * b + c once FMA is allowed; real and simulated runs must give the same bits.
add_library(murmur_settings INTERFACE)
target_compile_options(murmur_settings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>)
target_compile_definitions(murmur_settings INTERFACE _GLIBCXX_ASSERTIONS)
if(CMAKE_BUILD_TYPE MATCHES "Release|RelWithDebInfo")
  target_compile_options(murmur_settings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-clash-protection>)
endif()

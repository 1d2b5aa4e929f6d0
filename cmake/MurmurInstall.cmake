# cmake --install, and find_package(murmur) for programs that build on the libraries.
include(CMakePackageConfigHelpers)

install(TARGETS murmur_runtime murmur_kernels murmur_models murmur_gossip murmur_peers
        EXPORT murmurTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS murmur RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(folder IN ITEMS runtime kernels models gossip peers)
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/murmur FILES_MATCHING PATTERN "*.h")
endforeach()
install(EXPORT murmurTargets NAMESPACE murmur:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/murmur)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/murmurConfig.cmake.in
  ${PROJECT_BINARY_DIR}/murmurConfig.cmake INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/murmur)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/murmurConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/murmurConfig.cmake ${PROJECT_BINARY_DIR}/murmurConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/murmur)

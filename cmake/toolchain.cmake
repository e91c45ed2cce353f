# One toolchain for every build: clang 19 with lld. GCC 12 destroys temporaries in a co_await expression twice, so it is refused.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Firth is built with clang 19 (apt: clang-19 lld-19), not with ${CMAKE_CXX_COMPILER_ID} "
                      "${CMAKE_CXX_COMPILER_VERSION}: GCC 12 miscompiles coroutines. Use a preset: cmake --preset release")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")  # NDEBUG: without FIRTH_DASSERT
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")

# ccache where it is installed. Paths inside the checkout are made relative, so that the checkouts of one machine share what was compiled
# and an assertion names src/base/x.cc (absolute for the compiler alone, ../.. through ccache).
find_program(FIRTH_CCACHE ccache)
if(FIRTH_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${FIRTH_CCACHE})
endif()
add_compile_options(-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/= -fmacro-prefix-map=../../=)

option(FIRTH_THIN_LTO "Link with ThinLTO" OFF)
option(FIRTH_FUZZ "Build the fuzz targets" OFF)
set(FIRTH_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=")

# The oldest processor that we support has SSE4.2 (2008): CRC32C is one instruction.
add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
                    -Woverloaded-virtual -Wimplicit-fallthrough -Wunused -Wno-missing-designated-field-initializers
                    -msse4.2 -mpclmul -fno-omit-frame-pointer)
add_link_options(-fuse-ld=lld-19 -Wl,--gc-sections)
add_compile_options(-ffunction-sections -fdata-sections)
add_compile_definitions(_FORTIFY_SOURCE=0)

if(FIRTH_THIN_LTO)
  add_compile_options(-flto=thin)
  add_link_options(-flto=thin -Wl,--thinlto-jobs=2 -Wl,--thinlto-cache-dir=${CMAKE_BINARY_DIR}/thinlto-cache)
endif()
if(FIRTH_SANITIZE)
  # Without vptr: objects that a library built by another compiler made (spdlog's sinks) look wrong to it.
  add_compile_options(-fsanitize=${FIRTH_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FIRTH_SANITIZE})
endif()

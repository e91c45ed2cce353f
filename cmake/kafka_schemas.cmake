# firth_kafka_schemas(TARGET FOLDER folder OUTPUT path [REGISTRY]): structs and codecs of every schema in the folder, made at build time into
# TARGET and included as "<path>/<api>.h". One .h and one .cc an API, made anew when its schema or the generator changes. REGISTRY: also the
# table of all messages.
find_package(Python3 3.10 REQUIRED COMPONENTS Interpreter)

function(firth_kafka_schemas target)
  cmake_parse_arguments(ARG "REGISTRY" "FOLDER;OUTPUT" "" ${ARGN})
  set(generator ${PROJECT_SOURCE_DIR}/src/kafka/schema/generate.py)
  set(root ${PROJECT_BINARY_DIR}/generated)
  set(out ${root}/${ARG_OUTPUT})
  file(MAKE_DIRECTORY ${out})
  file(GLOB schemas CONFIGURE_DEPENDS ${ARG_FOLDER}/*.schema)
  foreach(schema ${schemas})
    get_filename_component(name ${schema} NAME_WE)
    add_custom_command(OUTPUT ${out}/${name}.h ${out}/${name}.cc
      COMMAND ${Python3_EXECUTABLE} ${generator} api ${schema} ${ARG_OUTPUT} ${out}
      DEPENDS ${schema} ${generator} COMMENT "Kafka schema ${name}" VERBATIM)
    target_sources(${target} PRIVATE ${out}/${name}.h ${out}/${name}.cc)
  endforeach()
  if(ARG_REGISTRY)
    add_custom_command(OUTPUT ${out}/message_registry.cc
      COMMAND ${Python3_EXECUTABLE} ${generator} registry ${ARG_OUTPUT} ${out} ${schemas}
      DEPENDS ${schemas} ${generator} COMMENT "Kafka schemas: table of messages" VERBATIM)
    target_sources(${target} PRIVATE ${out}/message_registry.cc)
  endif()
  target_include_directories(${target} PUBLIC ${root})
endfunction()

# Writes the ctest file of one test program: one ctest for each suite, so that LibTorch is loaded
# once a suite and not once a test.
#   cmake -D PROGRAM=... -D NAME=... -D OUTPUT=... -D ENVIRONMENT=... -P discover_suites.cmake
execute_process(COMMAND "${PROGRAM}" --gtest_list_tests OUTPUT_VARIABLE list
  COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "(^|\n)[^ \n][^\n]*\\.[ \n]" suites "${list}\n")
set(text "")
foreach(suite IN LISTS suites)
  string(REGEX REPLACE "[ \n]" "" suite "${suite}")
  # A suite of which some tests were skipped and others passed has passed; scripts/test lists the
  # skipped ones.
  string(APPEND text "add_test([=[${NAME}.${suite}]=] [=[${PROGRAM}]=] [=[--gtest_filter=${suite}*]=])
set_tests_properties([=[${NAME}.${suite}]=] PROPERTIES TIMEOUT 900 ENVIRONMENT [=[${ENVIRONMENT}]=]
  SKIP_REGULAR_EXPRESSION [=[PASSED  \\] 0 tests\\.\n(\\[  SKIPPED \\][^\n]*\n)+$]=])
")
endforeach()
file(WRITE "${OUTPUT}" "${text}")

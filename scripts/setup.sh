# What ./run and ./test share, to be sourced from the project's root: the packages and the builds.

# need run|test: installs what scripts/packages lists for it (for tests: all of it) and dpkg does not know. Costs 20 ms when nothing is missing.
need() {
  local wanted installed missing=() package
  wanted=$(awk -v who="$1" '$1 == "run" || ($1 == "test" && who == "test") {print $2}' scripts/packages)
  # shellcheck disable=SC2086  # one word per package
  installed=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null | awk '$1 == "ii" {print $2}' || true)
  for package in $wanted; do
    grep -qxF "$package" <<<"$installed" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "installing: ${missing[*]}"
  local as_root=() log
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update -qq &&
         "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -20 "$log"
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# build PRESET TARGET...: configures it the first time (later ninja does so itself when a CMake file changed) and builds the targets.
# Shows progress on a terminal, else only what went wrong.
build() {
  local preset=$1 quiet=()
  shift
  [ -t 1 ] || quiet=(--quiet)
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >/dev/null
  ninja -C "build/$preset" -j "${JOBS:-$(nproc)}" "${quiet[@]}" "$@" 2>&1 |
    { grep -vE '^(ninja: (no work to do|Entering directory)|-- )' || true; }
}

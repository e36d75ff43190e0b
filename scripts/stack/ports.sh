# Which port each server gets: the one asked for in the environment, else the one it had, else the default; where that
# is taken, the next free one. Remembered in the state folder. Sourced by ../stack.sh.

# The name of the variable that sets a port.
port_variable() {
  case $1 in
    temporal) echo MLOPS_TEMPORAL_PORT ;;
    temporal-ui) echo MLOPS_TEMPORAL_UI_PORT ;;
    mongod) echo MLOPS_MONGODB_PORT ;;
    minio) echo MLOPS_S3_PORT ;;
  esac
}

# MLOPS_PORT_SHIFT moves all defaults, for a second stack that should leave the usual ports to the first.
default_port() {
  local shift=${MLOPS_PORT_SHIFT:-0}
  case $1 in
    temporal) echo $((7233 + shift)) ;;
    temporal-ui) echo $((8233 + shift)) ;;
    mongod) echo $((27017 + shift)) ;;
    minio) echo $((9000 + shift)) ;;
  esac
}

port_of() { cat "$stack/run/$1.port" 2>/dev/null; }

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# asked_port NAME: the port that the environment asks for, or nothing.
asked_port() {
  local variable port
  variable=$(port_variable "$1")
  port=${!variable:-}
  [ -n "$port" ] || return 0
  [[ $port =~ ^[1-9][0-9]{0,4}$ ]] && [ "$port" -le 65535 ] || misuse "$variable=$port is not a port: 1 to 65535"
  printf '%s\n' "$port"
}

# choose_port NAME: for a server that isn't running.
choose_port() {
  local name=$1 asked port first
  asked=$(asked_port "$name")
  if [ -n "$asked" ]; then
    ! is_taken "$asked" || die "port $asked is taken: set $(port_variable "$name") to another one, or unset it"
    port=$asked
  else
    port=$(port_of "$name" || default_port "$name")
    first=$port
    while is_taken "$port" || is_chosen "$port"; do port=$((port + 1)); done
    [ "$port" = "$first" ] || say "port $first is taken: $name gets $port"
  fi
  printf '%s\n' "$port" >"$stack/run/$name.port"
  chosen_ports+=("$port")
}

chosen_ports=()
is_chosen() { [[ " ${chosen_ports[*]} " == *" $1 "* ]]; }

# keep_port NAME: for a server that runs already.
keep_port() {
  local asked has
  asked=$(asked_port "$1")
  has=$(port_of "$1")
  [ -z "$asked" ] || [ "$asked" = "$has" ] ||
    die "$1 runs on port $has, but $(port_variable "$1") is $asked: run 'stack.sh down' first"
  chosen_ports+=("$has")
}

# shellcheck shell=bash
# Throw-away PostgreSQL clusters: on free ports of 127.0.0.1, in a temporary folder. Sourced after common.sh.
#
# A script that starts clusters calls `clean_up_at_exit` first. Servers refuse to run as root, so that root runs them
# as Debian's user `postgres`; anybody else runs them as themselves.

# shellcheck disable=SC2034 # for the scripts that source this file
server_bin=/usr/lib/postgresql/15/bin

cluster_folder=
declare -A cluster_port=()

as_server() {
  if (($(id -u) == 0)); then
    (cd "$cluster_folder" && runuser -u postgres -- env -u PGDATA HOME="$cluster_folder" "$@")
  else
    "$@"
  fi
}

# clean_up_at_exit: whatever ends the script also ends its clusters, unless `keep_clusters` is set.
keep_clusters=
clean_up_at_exit() {
  # Always under /tmp: a socket's path has at most 107 bytes.
  cluster_folder=$(mktemp -d /tmp/pgpreflight-XXXXXX)
  chmod 711 "$cluster_folder"
  trap stop_clusters EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

stop_clusters() {
  [[ -z $keep_clusters ]] || return 0
  local name
  for name in "${!cluster_port[@]}"; do
    as_server "$server_bin/pg_ctl" -D "$cluster_folder/$name/data" -m immediate -s stop >/dev/null 2>&1 || true
  done
  rm -rf "$cluster_folder"
}

free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      say "$port"
      return
    fi
  done
  die "no free port between 20000 and 32000"
}

# start_cluster NAME BIN [SETTING=VALUE…]: superuser `postgres`, trusted from this machine; its port in cluster_port.
start_cluster() {
  local name=$1 bin=$2 folder=$cluster_folder/$1 setting port
  shift 2
  mkdir -m 700 "$folder"
  if (($(id -u) == 0)); then chown postgres: "$folder"; fi
  quietly as_server "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync
  for _ in {1..3}; do
    port=$(free_port)
    {
      printf '%s\n' "port = $port" "listen_addresses = '127.0.0.1'" "unix_socket_directories = '$folder'" \
        "cluster_name = '$name'" 'fsync = off' 'full_page_writes = off'
      for setting; do printf "%s = '%s'\n" "${setting%%=*}" "${setting#*=}"; done
    } | as_server tee "$folder/data/script.conf" >/dev/null
    as_server sh -c "grep -q '^include' '$folder/data/postgresql.conf' ||
      echo \"include 'script.conf'\" >> '$folder/data/postgresql.conf'"
    cluster_port[$name]=$port
    if as_server "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -s start >/dev/null 2>&1; then return; fi
    grep -q 'Address already in use' "$folder/log" || break
  done
  printf 'The cluster "%s" did not start. Its log:\n' "$name" >&2
  sed 's/^/  /' "$folder/log" >&2
  return 1
}

# sql NAME DATABASE [FILE]: runs a file, or standard input, as superuser; rows come unaligned.
sql() {
  "$server_bin/psql" -X -A -t -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "${cluster_port[$1]}" -U postgres -d "$2" \
    -f "${3:--}"
}

# offer_without BIN EXTENSION…: a copy of a PostgreSQL installation that lacks some extensions; prints its programs'
# folder. The server looks for its files relative to its own executable, so that the executables are copies and the
# rest are links.
offer_without() {
  local bin=$1 version root extension
  shift
  version=$(basename "$(dirname "$bin")")
  root=$cluster_folder/offer
  mkdir -p "$root/lib/postgresql/$version/bin" "$root/share/postgresql/$version"
  ln -s "$bin"/* "$root/lib/postgresql/$version/bin/"
  cp --remove-destination "$bin"/{initdb,pg_ctl,postgres} "$root/lib/postgresql/$version/bin/"
  ln -s "$(dirname "$bin")/lib" "$root/lib/postgresql/$version/lib"
  cp -rs "/usr/share/postgresql/$version/." "$root/share/postgresql/$version"
  for extension; do rm "$root/share/postgresql/$version/extension/$extension".control; done
  say "$root/lib/postgresql/$version/bin"
}

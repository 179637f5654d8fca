# shellcheck shell=bash disable=SC2154
# Time and memory for very many objects: `scripts/bench scale`. Sourced by scripts/bench, whose variables and functions
# it uses.

# How many of each kind.
declare -A scale_counts=([keyed]=200000 [keyless]=200000 [partitions]=50000 [large_objects]=300000 [sequences]=100000
  [roles]=20000)

# Some relations of each kind, to be named by a filter.
declare -A scale_tables=([keyed]='public.t1 public.t2' [keyless]='public.t1 public.t2' [partitions]='public.p0 public.p0_1'
  [large_objects]='public.none' [sequences]='public.s1' [roles]='public.t1 public.t2')

# scale_run NAME COMMAND…: `runs` times; a median in seconds and the largest peak in MiB, with 0 to 2 as exit status.
scale_run() {
  local run results=$cluster_folder/scale-$1
  shift
  : >"$results"
  for ((run = 0; run < runs; run++)); do "$cluster_folder/measure" "$@" >>"$results"; done
  awk '$3 > 2 { exit 1 }' "$results" || die "failed: $* ($(tail -n 1 "$results"))"
  printf '  %9.2f  %6.1f' "$(awk '{ print $1 }' "$results" | median)" \
    "$(awk '$2 > most { most = $2 } END { print most / 1024 }' "$results")"
}

# scale_latency SECONDS [COMMAND…]: of single inserts, in milliseconds: the median, the 95th and 99th percentile and the
# longest, while the command runs again and again.
scale_latency() {
  local seconds=$1 busy=$cluster_folder/busy
  shift
  if (($# > 0)); then
    touch "$busy"
    (while [[ -e $busy ]]; do "$@" >/dev/null 2>&1 || true; done) &
  fi
  as_server "$server_bin/pgbench" -n -c 1 -T "$seconds" -l --log-prefix="$cluster_folder/latency/writer" \
    -f "$cluster_folder/latency/writer.sql" "${source%postgres}scale" >"$cluster_folder/said" 2>&1 ||
    die "pgbench failed: $(cat "$cluster_folder/said")"
  rm -f "$busy" && wait
  sort -k 3,3n "$cluster_folder"/latency/writer.[0-9]* | awk '
    { value[NR] = $3 / 1000 }
    END {
      for (i = 1; i <= 4; i++) {
        at = int(NR * (i == 1 ? 0.5 : i == 2 ? 0.95 : i == 3 ? 0.99 : 1))
        printf "  %9.3f", value[at < 1 ? 1 : at]
      }
      printf "  %9d\n", NR
    }'
  rm -f "$cluster_folder"/latency/writer.[0-9]*
}

# measure_latency KIND: in the database `scale`, which has many of that kind.
measure_latency() {
  mkdir -m 777 "$cluster_folder/latency"
  say "INSERT INTO writer (text) VALUES (repeat('x', 100));" >"$cluster_folder/latency/writer.sql"
  chmod 644 "$cluster_folder/latency/writer.sql"
  sql source scale <<<'CREATE TABLE writer (id bigserial PRIMARY KEY, text text)'
  printf '\n%-34s  %9s  %9s  %9s  %9s  %9s\n' 'latency of single inserts, ms' median '95 %' '99 %' longest inserts
  printf '%-34s' 'alone' && scale_latency 20
  printf '%-34s' "beside checks of $1" && scale_latency 20 "${scale_check[@]}"
  printf '%-34s' "beside snapshots of $1" &&
    scale_latency 20 "$built" snapshot --source "$source" --output "$cluster_folder/snapshot.json"
}

measure_scale() {
  local entry kind count table filter
  ((${#counts[@]} > 0)) || counts=(partitions large_objects sequences roles keyless keyed)
  cp "$repository/Benchmarks/scale.sql" "$cluster_folder/" && chmod 644 "$cluster_folder/scale.sql"
  printf '%-22s  %-17s  %-17s  %-17s  %-17s  %8s\n' '' check 'with --method dump' 'with --with-table' snapshot ''
  printf '%-22s' case
  for _ in 1 2 3 4; do printf '  %9s  %6s' s MiB; done
  printf '  %8s\n' 'file MiB'
  for entry in "${counts[@]}"; do
    kind=${entry%%=*}
    count=${scale_counts[$kind]}
    [[ $entry != *=* ]] || count=${entry#*=}
    sql source postgres <<<'CREATE DATABASE scale TEMPLATE template0'
    as_server "$server_bin/psql" -qX -v case="$kind" -v count="$count" -d "${source%postgres}scale" \
      -f "$cluster_folder/scale.sql" >/dev/null
    sql source postgres <<<'CHECKPOINT'
    scale_check=("$built" check --source "$source" --target "$target" --include-database scale)
    filter=()
    for table in ${scale_tables[$kind]}; do filter+=(--with-table "$table"); done
    printf '%-22s' "$count $kind"
    scale_run check "${scale_check[@]}"
    scale_run dump "${scale_check[@]}" --method dump
    scale_run filter "${scale_check[@]}" "${filter[@]}"
    scale_run snapshot "$built" snapshot --source "$source" --output "$cluster_folder/snapshot.json"
    printf '  %8.1f\n' "$(stat -c %s "$cluster_folder/snapshot.json" | awk '{ print $1 / 1048576 }')"
    # The last is the largest, unless others are asked for.
    if [[ $entry == "${counts[-1]}" ]]; then measure_latency "$kind"; fi
    sql source postgres <<'SQL'
DROP DATABASE scale;
SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname LIKE 'scale_role_%' \gexec
SQL
  done
}

# shellcheck shell=bash disable=SC2034,SC2154
# What a migration takes: `scripts/bench migrate`, `replicate`, `cutover` and `resume`. Sourced by scripts/bench, whose variables
# and functions it uses.

# server_time: processor time of both clusters so far, in seconds: of the servers' processes, and of those that ended.
server_time() {
  local name pid pids=()
  for name in source target; do
    pid=$(head -n 1 "$cluster_folder/$name/data/postmaster.pid")
    pids+=("$pid" $(pgrep -P "$pid"))
  done
  # The fields after the name in parentheses, which may hold spaces: 14 to 17 of the line.
  for pid in "${pids[@]}"; do sed 's/.*) //' "/proc/$pid/stat"; done |
    awk -v ticks="$(getconf CLK_TCK)" '{ sum += $12 + $13 + $14 + $15 } END { printf "%.2f", sum / ticks }'
}

make_shop() {
  from=${source%postgres}shop to=${target%postgres}shop
  sql source postgres <<<'CREATE DATABASE shop'
  as_server "$server_bin/psql" -qXAt -v ON_ERROR_STOP=1 -v scale="${counts[0]:-1}" -d "$from" \
    -f "$cluster_folder/migrate.sql" >/dev/null
  printf 'the database: %s\n\n' "$(sql source shop <<<'SELECT pg_size_pretty(pg_database_size(current_database()))')"
  export cluster_folder source target from to server_bin
}

# measure_ways NAME…: runs the commands in the arrays of these names in turn, into a target without the database; then
# `column` has the medians: seconds, KiB, exit status, processor seconds of the client and of all, MiB of WAL.
measure_ways() {
  local run way before wal
  for ((run = 0; run < runs; run++)); do
    for way in "$@"; do
      local -n command=$way
      leave_shop
      for name in source target; do sql "$name" postgres <<<CHECKPOINT; done
      before=$(server_time) wal=$(wal_position)
      "$cluster_folder/measure" "${command[@]}" >"$cluster_folder/measured"
      awk -v before="$before" -v after="$(server_time)" -v wal="$wal" -v end="$(wal_position)" \
        '{ print $0, $4 + after - before, (end - wal) / 1048576 }' "$cluster_folder/measured" |
        tee -a "$cluster_folder/ways-$way" |
        awk '$3 != 0 { exit 1 }' || die "$way failed: $(cat "$cluster_folder/measured")"
    done
  done
}

# Of the target, in bytes.
wal_position() { sql target postgres <<<"SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"; }

# leave_shop: no replication of it, and no such database on the target.
leave_shop() {
  "$built" cleanup --source "$source" --target "$target" --yes >/dev/null
  if [[ -n $(sql target postgres <<<"SELECT 1 FROM pg_subscription WHERE subname = 'native'") ]]; then
    sql target shop <<<'SET client_min_messages = warning; DROP SUBSCRIPTION native'
    sql source shop <<<'DROP PUBLICATION native'
  fi
  sql target postgres <<<'SET client_min_messages = warning; DROP DATABASE IF EXISTS shop'
}

measure_migrations() {
  local way ways=(plain pgcopydb counted ours)
  install_packages pgcopydb
  make_shop
  plain() {
    "$server_bin/psql" -X -q -d "$target" -c 'CREATE DATABASE shop TEMPLATE template0' &&
      "$server_bin/pg_dump" -Fd -Z0 -j 4 -f "$cluster_folder/dump" -d "$from" &&
      "$server_bin/pg_restore" -j 4 -d "$to" "$cluster_folder/dump" && rm -rf "$cluster_folder/dump"
  }
  copydb() {
    "$server_bin/psql" -X -q -d "$target" -c 'CREATE DATABASE shop TEMPLATE template0' &&
      pgcopydb clone --source "$from" --target "$to" --dir "$cluster_folder/pgcopydb" --table-jobs 4 --index-jobs 4 \
        --split-tables-larger-than 256MB && rm -rf "$cluster_folder/pgcopydb"
  }
  export -f plain copydb
  plain=(/bin/bash -c plain) pgcopydb=(/bin/bash -c copydb)
  counted=("$built" migrate --source "$source" --target "$target" --include-database shop --yes --jobs 4
    --target-free-space 1TB --method dump)
  ours=("${counted[@]}" --verify none)
  measure_ways "${ways[@]}"
  printf '%-34s  %7s  %11s  %8s  %10s  %10s\n' way 'clock s' 'processor s' '÷ clock' '÷ processor' 'memory MiB'
  for way in "${ways[@]}"; do
    case $way in
      plain) name='pg_dump -Fd -Z0, pg_restore' ;;
      pgcopydb) name=pgcopydb ;;
      counted) name='pgpreflight migrate' ;;
      ours) name='pgpreflight migrate --verify none' ;;
    esac
    printf '%-34s  %7.2f  %11.2f  %8s  %10s  %10.1f\n' "$name" "$(column 1 "$way")" "$(column 5 "$way")" \
      "$(ratio "$(column 1 "$way")" "$(column 1 pgcopydb)")" "$(ratio "$(column 5 "$way")" "$(column 5 pgcopydb)")" \
      "$(awk '$2 > most { most = $2 } END { print most / 1024 }' "$cluster_folder/ways-$way")"
  done
}

measure_replications() {
  local way ways=(native fast dumped)
  make_shop
  # Tables without a key are not replicated otherwise.
  sql source shop <<'SQL'
DO $$ DECLARE t regclass; BEGIN
  FOR t IN SELECT c.oid FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
              AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
  LOOP EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', t); END LOOP;
END $$;
SQL
  # Until each table's initial copy is done and what follows it is applied.
  native() {
    "$server_bin/psql" -X -q -d "$target" -c 'CREATE DATABASE shop TEMPLATE template0' &&
      "$server_bin/pg_dump" -Fc -s -d "$from" | "$server_bin/pg_restore" -d "$to" &&
      "$server_bin/psql" -X -q -d "$from" -c 'CREATE PUBLICATION native FOR ALL TABLES' &&
      "$server_bin/psql" -X -q -d "$to" \
        -c "CREATE SUBSCRIPTION native CONNECTION '$from' PUBLICATION native" || return
    until [[ $("$server_bin/psql" -XAtq -d "$to" \
      -c "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'") == 0 ]]; do
      sleep 0.1
    done
  }
  export -f native
  native=(/bin/bash -c native)
  fast=("$built" migrate --source "$source" --target "$target" --include-database shop --yes --jobs 4
    --target-free-space 1TB --verify none --method replication)
  dumped=("${fast[@]}" --method dump)
  measure_ways "${ways[@]}"
  leave_shop
  printf '%-34s  %7s  %11s  %8s  %10s  %16s\n' way 'clock s' 'processor s' '÷ clock' '÷ processor' 'WAL (target) MiB'
  for way in "${ways[@]}"; do
    case $way in
      native) name="the server's own initial copy" ;;
      fast) name='pgpreflight migrate' ;;
      dumped) name='pgpreflight migrate --method dump' ;;
    esac
    printf '%-34s  %7.2f  %11.2f  %8s  %10s  %16.0f\n' "$name" "$(column 1 "$way")" "$(column 5 "$way")" \
      "$(ratio "$(column 1 "$way")" "$(column 1 native)")" "$(ratio "$(column 5 "$way")" "$(column 5 native)")" \
      "$(column 6 "$way")"
  done
}

measure_cutovers() {
  local megabytes name status=0
  ((${#counts[@]} > 0)) || counts=(2 100 1340)
  printf '%8s  %16s  %16s  %9s  %9s  %9s  %7s\n' 'size MB' 'plan s' 'cutover s' 'blocked s' 'by psql s' 'by dump s' '÷ dump'
  for megabytes in "${counts[@]}"; do
    name=late_$megabytes
    sql source postgres <<<"CREATE DATABASE $name TEMPLATE template0"
    sql source "$name" <<SQL
CREATE TABLE kept (id int PRIMARY KEY, t text);
INSERT INTO kept SELECT n, repeat('x', 950) FROM generate_series(1, $megabytes * 500) n;
DO \$\$ BEGIN FOR n IN 1..4 LOOP
  EXECUTE format('CREATE TABLE late_%s (n int, t text)', n);
  EXECUTE format('INSERT INTO late_%s SELECT n, repeat(''x'', 950) FROM generate_series(1, $megabytes * 125) n', n);
END LOOP; END \$\$;
SQL
    move=("$built" migrate --source "$source" --target "$target" --include-database "$name" --yes --jobs 4
      --target-free-space 1TB --max-blocked-time 600 --report "json=$cluster_folder/moved.json")
    "${move[@]}" --method dump >/dev/null
    /usr/bin/python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["migration"]["databases"][0]["blockedSeconds"])' "$cluster_folder/moved.json" \
      >"$cluster_folder/dumped"
    copy_late "$name" >"$cluster_folder/copied"
    sql target postgres <<<"DROP DATABASE $name"
    "${move[@]}" --method replication >/dev/null
    "$built" cutover --source "$source" --target "$target" --include-database "$name" --yes --block-writes \
      --max-blocked-time 600 --format json >"$cluster_folder/cut.json" 2>"$cluster_folder/said" ||
      die "the cutover failed: $(cat "$cluster_folder/said")"
    /usr/bin/python3 - "$cluster_folder" "$megabytes" <<'PYTHON' || status=1
import json, sys
folder, megabytes = sys.argv[1:]
plan = json.load(open(f"{folder}/moved.json"))["plan"]["databases"][0]["estimatedBlockedSeconds"]
cut = json.load(open(f"{folder}/cut.json"))[0]
own, blocked = cut["estimatedBlockedSeconds"], cut["blockedSeconds"]
dumped, copied = (float(open(f"{folder}/{name}").read()) for name in ("dumped", "copied"))
ranges = [f"{range['low']:.2f} to {range['high']:.2f}" for range in (plan, own)]
print(f"{megabytes:>8}  {ranges[0]:>16}  {ranges[1]:>16}  {blocked:9.2f}  {copied:9.2f}  {dumped:9.2f}  {blocked / dumped:7.2f}")
is_estimated = all(range["low"] <= blocked <= range["high"] for range in (plan, own))
sys.exit(not is_estimated or blocked > copied + 2)
PYTHON
  done
  measure_cutover_under_load || status=1
  return "$status"
}

# copy_late DATABASE: the same rows by psql, four tables at a time, into empty tables of the target; prints the seconds.
copy_late() {
  local number start
  sql target "$1" <<<'TRUNCATE late_1, late_2, late_3, late_4'
  start=$(date +%s.%N)
  for number in 1 2 3 4; do
    "$server_bin/psql" -XAtq -d "${source%postgres}$1" -c "COPY late_$number TO STDOUT" |
      "$server_bin/psql" -XAtq -d "${target%postgres}$1" -c "COPY late_$number FROM STDIN" &
  done
  wait
  awk -v start="$start" -v end="$(date +%s.%N)" 'BEGIN { print end - start }'
}

measure_cutover_under_load() {
  local writers
  sql source postgres <<<'CREATE DATABASE busy TEMPLATE template0'
  sql source busy <<'SQL'
DO $$ BEGIN FOR n IN 1..100 LOOP
  EXECUTE format('CREATE TABLE busy_%s (id bigserial PRIMARY KEY, t text)', n);
  EXECUTE format('INSERT INTO busy_%s (t) SELECT repeat(''x'', 500) FROM generate_series(1, 1000)', n);
END LOOP; END $$;
SQL
  move=("$built" migrate --source "$source" --target "$target" --include-database busy --yes --jobs 4
    --target-free-space 1TB --method replication)
  printf '%s\n' '\set n random(1, 100)' "INSERT INTO busy_:n (t) VALUES ('written')" >"$cluster_folder/write.sql"
  chmod 644 "$cluster_folder/write.sql"
  "$server_bin/pgbench" -n -c 4 -T 600 -f "$cluster_folder/write.sql" "${source%postgres}busy" >/dev/null 2>&1 &
  writers=$!
  "${move[@]}" >/dev/null
  "$built" cutover --source "$source" --target "$target" --include-database busy --yes --block-writes \
    --format json >"$cluster_folder/cut.json" 2>"$cluster_folder/said" ||
    die "the cutover failed: $(cat "$cluster_folder/said")"
  wait "$writers" || true
  /usr/bin/python3 - "$cluster_folder/cut.json" <<'PYTHON'
import json, sys
cut = json.load(open(sys.argv[1]))[0]
blocked = cut["blockedSeconds"]
print(f"\n100 tables under load: writes were blocked for {blocked:.2f} s")
sys.exit(blocked >= 2)
PYTHON
}

# measure_resumptions: a database of so many GB that an application writes to is moved, and the program is killed when half
# of it has arrived, and again at nine tenths.
measure_resumptions() {
  local gigabytes=${counts[0]:-10} method
  sql source postgres <<<'CREATE DATABASE shop TEMPLATE template0'
  sql source shop <<SQL
CREATE FUNCTION fill(t text, megabytes int) RETURNS void LANGUAGE plpgsql AS \$\$ BEGIN
  EXECUTE format('CREATE TABLE %I (id bigserial PRIMARY KEY, n int DEFAULT 0, t text) WITH (fillfactor = 90)', t);
  EXECUTE format('INSERT INTO %I (t) SELECT repeat(md5(i::text), 28) FROM generate_series(1, %s) i', t, megabytes * 1000);
END \$\$;
SELECT fill('large', $gigabytes * 240);
SELECT fill('table_' || i, $gigabytes * 40) FROM generate_series(1, 19) i;
CREATE INDEX ON large (n);
CREATE TABLE calm (id int PRIMARY KEY);
SQL
  printf '%s\n' '\set t random(1, 4)' "\set id random(1, $gigabytes * 40000)" \
    'UPDATE table_:t SET n = n + 1 WHERE id = :id;' "INSERT INTO table_:t (t) VALUES ('written');" \
    'SELECT count(*) FROM large WHERE id BETWEEN :id AND :id + 20;' >"$cluster_folder/work.sql"
  chmod 644 "$cluster_folder/work.sql"
  from=${source%postgres}shop to=${target%postgres}shop
  printf 'the database: %s; the application: 4 sessions, 200 transactions a second\n\n' \
    "$(sql source shop <<<'SELECT pg_size_pretty(pg_database_size(current_database()))')"
  sql source shop <<<'CHECKPOINT'
  work 20
  wait "$worker"
  printf '%-12s  %-28s  %8s  %12s  %14s  %14s\n' method step 'clock s' 'arrived MiB' 'again MiB' 'latency ms'
  printf '%-12s  %-28s  %8s  %12s  %14s  %14s\n' '' 'application alone' '' '' '' "$(latency)"
  for method in replication dump; do
    move=("$built" migrate --source "$source" --target "$target" --include-database shop --yes --jobs 4
      --target-free-space 1TB --verify none --method "$method")
    interrupt_at 50 "$method" 'killed at a half' "${move[@]}"
    interrupt_at 90 "$method" 'killed at nine tenths' "${move[@]}" --resume
    interrupt_at 0 "$method" 'gone on with to the end' "${move[@]}" --resume
    leave_shop
  done
}

# work SECONDS: lets the application write, in the background, as process $worker.
work() {
  rm -f "$cluster_folder"/work.log*
  "$server_bin/pgbench" -n -c 4 -R 200 -T "$1" -l --log-prefix="$cluster_folder/work.log" -f "$cluster_folder/work.sql" \
    "$from" >/dev/null 2>&1 &
  worker=$!
}

# Mean and 95th percentile of the transactions of the log, in milliseconds, without what they waited for their turn.
latency() {
  cat "$cluster_folder"/work.log* | awk '{ print ($3 - $7) / 1000 }' | sort -n |
    awk '{ sum += $1; v[NR] = $1 } END { printf "%.1f, %.1f", sum / NR, v[int(NR * 0.95) + 1] }'
}

# interrupt_at PERCENT METHOD STEP COMMAND…: kills it when so much of the database has arrived, 0 for never; says what of
# that is not whole, and so goes again.
interrupt_at() {
  local percent=$1 method=$2 step=$3 start pid whole goal arrived again=''
  shift 3
  whole=$(sql source shop <<<'SELECT pg_database_size(current_database())')
  goal=$((whole / 100 * percent))
  work 7200
  start=$(date +%s.%N)
  "$@" >"$cluster_folder/said" 2>&1 &
  pid=$!
  if ((percent > 0)); then
    until (($(size_of_shop) >= goal)); do
      kill -0 "$pid" 2>/dev/null || die "it ended before: $(cat "$cluster_folder/said")"
      sleep 0.2
    done
    arrived=$(size_of_shop)
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    until [[ $(sql target postgres <<<"SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgpreflight%'
                                        AND backend_type = 'client backend'") == 0 ]]; do
      sleep 0.2
    done
    # What was rolled back, and what is of no whole table.
    again=$((((arrived - $(size_of_shop)) >> 20) + $(under_way)))
  else
    wait "$pid" || die "it failed: $(cat "$cluster_folder/said")"
    arrived=$(size_of_shop)
  fi
  kill "$worker"
  wait "$worker" || true
  printf '%-12s  %-28s  %8.1f  %12d  %14s  %14s\n' "$method" "$step" \
    "$(awk -v start="$start" -v end="$(date +%s.%N)" 'BEGIN { print end - start }')" "$((arrived >> 20))" "$again" \
    "$(latency)"
}

size_of_shop() {
  sql target postgres <<<"SELECT coalesce(sum(pg_database_size(oid)), 0) FROM pg_database WHERE datname = 'shop'"
}

# What is on the target of tables that the journal does not have as arrived, in MiB: with the slot, these alone are copied
# again; by dump also those that were written to, as all tables are to be of one moment.
under_way() {
  local journal oids names
  journal=$(sql target shop <<<"SELECT nspname FROM pg_namespace WHERE nspname LIKE 'pgpreflight_journal_%'")
  oids=$(sql target shop <<<"SELECT coalesce(string_agg(oid, ','), '0') FROM (
      SELECT split_part(step, ' ', 2) AS oid FROM $journal.steps WHERE step LIKE 'rows %'
       GROUP BY 1 HAVING count(*) = max(split_part(step, '/', 2)::int)) s")
  names=$(sql source shop <<<"SELECT coalesce(string_agg(quote_literal(relname), ','), quote_literal(''))
                                FROM pg_class WHERE oid IN ($oids)")
  sql target shop <<<"SELECT coalesce(sum(pg_table_size(c.oid)), 0)::bigint >> 20 FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname NOT IN ($names)
      AND NOT EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srrelid = c.oid)"
}

# column NUMBER WAY: the median of a column of what was measured.
column() { awk -v column="$1" '{ print $column }' "$cluster_folder/ways-$2" | median; }

# shellcheck shell=bash
# Where scripts/servers puts PostgreSQL and the tests look for it. Sourced after common.sh.

# shellcheck disable=SC2034 # for the scripts that source this file
if [[ -n ${PGPREFLIGHT_TEST_SERVERS:-} ]]; then
  servers_folder=$PGPREFLIGHT_TEST_SERVERS
elif (($(id -u) == 0)); then
  servers_folder=/var/cache/pgpreflight/servers
else
  servers_folder=${XDG_CACHE_HOME:-$HOME/.cache}/pgpreflight/servers
fi

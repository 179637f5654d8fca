# shellcheck shell=bash
# What the scripts share: messages, packages, Swift. Sourced, never run.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# say LINE…
say() {
  printf '%s\n' "$@"
}

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# usage: the comment at the head of the script that runs.
usage() {
  sed -n '2,/^[^#]/{/^#/!d;s/^# \{0,1\}//;p}' "$0"
}

# quietly COMMAND…: without a word when it succeeds; when it fails, what was tried and what it printed.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if ((status != 0)); then
    {
      printf '\nThis failed with status %d:\n  %s\nIts output:\n' "$status" "$*"
      sed 's/^/  /' "$log"
    } >&2
  fi
  rm -f "$log"
  return "$status"
}

as_root() {
  if (($(id -u) == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    printf 'neither root nor sudo, so that this could not be run: %s\n' "$*" >&2
    return 1
  fi
}

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null) == installed* ]]
}

# install_packages PACKAGE…: those that are missing, and no question to a package server when none is.
install_packages() {
  local package missing=()
  command -v dpkg-query >/dev/null || die "this script installs Debian's packages; elsewhere, install these: $*"
  for package; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]} == 0)) && return
  say "Installing ${missing[*]}"
  quietly as_root bash "$repository/scripts/lib/install-packages" "${missing[@]}"
}

# What a build needs beside Swift itself.
build_packages=(git pkg-config libpq-dev libxml2-dev libssl-dev)

# What Swift itself needs on Debian 12, by its own documentation.
swift_packages=(binutils-gold gcc git libc6-dev libcurl4-openssl-dev libedit-dev libncurses-dev libpython3-dev
  libsqlite3-dev libstdc++-12-dev libxml2-dev pkg-config tzdata uuid-dev zlib1g-dev)

# Puts `swift` on the PATH, wherever it was unpacked, and sees that it runs.
find_swift() {
  local folder
  if ! command -v swift >/dev/null; then
    for folder in "${SWIFTLY_BIN_DIR:-$HOME/.local/share/swiftly/bin}" /opt/swift/usr/bin /usr/local/swift/usr/bin \
      /usr/share/swift/usr/bin /usr/libexec/swift/bin; do
      if [[ -x $folder/swift ]]; then
        export PATH="$folder:$PATH"
        break
      fi
    done
  fi
  command -v swift >/dev/null || die "there is no swift on the PATH; 6.2 or newer is needed: https://www.swift.org/install/linux/"
  swift --version >/dev/null 2>&1 || install_packages "${swift_packages[@]}"
}

# build_release PRODUCT: sets `built` to the executable's path.
# shellcheck disable=SC2034 # for the scripts that source this file
build_release() {
  install_packages "${build_packages[@]}"
  find_swift
  built=$repository/.build/release/$1
  [[ -e $built ]] || say "Building $1 (the first time takes a few minutes)"
  quietly swift build -c release --product "$1" --package-path "$repository"
}

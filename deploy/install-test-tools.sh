#!/bin/bash
# Installs what the tests need beyond Node and npm on Debian 12 and its kin. Needs root (or sudo without a password);
# where it has neither it says so and goes on, and the tests that need the tools are skipped.
set -u

# THE list: command, package. Everything that installs tools for tests reads it here.
tools='
chromium    chromium
fc-list     fontconfig
-           fonts-noto-cjk
sipp        sip-tester
baresip     baresip
espeak-ng   espeak-ng
sox         sox
setpriv     util-linux
'

wanted=()
while read -r command package; do
  [ -n "${package:-}" ] || continue
  if [ "$command" = - ]; then
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || wanted+=("$package")
  else
    command -v "$command" >/dev/null || wanted+=("$package")
  fi
done <<<"$tools"

if [ ${#wanted[@]} -eq 0 ]; then
  echo 'All tools for the tests are installed.'
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "Missing: ${wanted[*]}. This system has no apt-get: install them by hand."
  exit 0
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    echo "Missing: ${wanted[*]}. Only root may install them: sudo apt-get install ${wanted[*]}"
    exit 0
  fi
fi

echo "Installing ${wanted[*]}"
for attempt in 1 2 3; do
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
      "${wanted[@]}" </dev/null &&
    exit 0
  echo "Attempt $attempt failed"
  sleep $((attempt * 10))
done
echo "Could not install ${wanted[*]}: the tests that need them will be skipped."
exit 0

#!/bin/sh
# Whether systemd understands the units, and how exposed it finds them (0 none, 10 all).
# Needs systemd-analyze; starts nothing.
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
for unit in *.service *.socket *.timer; do
    # A program that is surely there: whether digest is installed is not asked here.
    sed 's|/usr/local/bin/digest|/bin/true|' "$unit" > "$folder/$unit"
done
cd "$folder"
systemd-analyze verify --man=no ./*.service ./*.socket ./*.timer
for unit in digest-serve digest-bounces; do
    systemd-analyze security --offline=true --threshold=20 --no-pager "./$unit.service" | tail -n 1
done

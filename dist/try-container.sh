#!/bin/sh
# Tries what dist/Containerfile does behind its build, where no registry of images can be reached: its RUN
# lines in a fresh Debian made by debootstrap, then the program as its user, with its command, its volume
# and its health check.
#
#     dist/try-container.sh target/release/digest     # as root; needs debootstrap
set -eu
digest=$(realpath "$1")
file=$(realpath "$(dirname "$0")/Containerfile")
root=$(mktemp -d)
chmod 755 "$root"
serving=
end() {
    if [ -n "$serving" ]; then kill "$serving" 2>/dev/null || true; fi
    umount "$root/proc" 2>/dev/null || true
    rm -rf --one-file-system "$root"
}
trap end EXIT

release=$(sed -n 's/^ARG DEBIAN=//p' "$file")
debootstrap --variant=minbase "$release" "$root" >"$root.log" 2>&1 || { tail "$root.log"; exit 1; }
rm -f "$root.log"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mount -t proc proc "$root/proc"

# What stands behind a word at the beginning of a line of the last stage, with the lines that go on.
of() {
    awk -v word="$1" '
        /^FROM /{ text = ""; on = 0; next }
        /^#/ { next }
        on || index($0, word " ") == 1 {
            line = on ? $0 : substr($0, length(word) + 2)
            on = sub(/\\$/, "", line); text = text line (on ? " " : "\n")
        }
        END { printf "%s", text }' "$file"
}

chroot "$root" sh -euc "export DEBIAN_FRONTEND=noninteractive; $(of RUN)" >/dev/null
install -m 755 "$digest" "$root/usr/local/bin/digest"
user=$(of USER)
as() { chroot --userspec="$user:$user" "$root" sh -euc "cd /publication && $1"; }

# A publication as somebody brings it in the volume.
as 'digest init . >/dev/null 2>&1 && rm subscribers.csv'
as 'printf "\n[audience]\nsource = \"store\"\n\n[web]\nmetrics = \"127.0.0.1:9464\"\n" >>digest.toml'
as 'digest subscribers add you@example.org --consent mine && digest test "$(ls issues)" --to you@example.org --catch out'

as "$(of ENTRYPOINT | tr -d '[]",') $(of CMD | grep -v curl | tr -d '[]",')" 2>"$root/log" &
health=$(of HEALTHCHECK | sed 's/.*CMD //')
tries=0
until as "$health" 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 50 ]; then cat "$root/log"; exit 1; fi
    sleep 0.2
done
serving=$(pgrep -u "$user" -x digest)
owner=$(stat -c %u "/proc/$serving")
echo "user $owner answers; $(grep -c '"event":"ready"' "$root/log") line of ready in JSON"
chroot "$root" curl -fsS -o /dev/null -H 'Host: newsletter.example.org' http://127.0.0.1:8080/
kill -TERM "$serving"
wait
serving=
grep -q '"event":"stop"' "$root/log" && echo "SIGTERM ends it in order"

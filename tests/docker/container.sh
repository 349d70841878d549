#!/bin/sh
# container.sh ROOT STATE FOLDER... -- COMMAND...
# Runs COMMAND as an engine would with `--read-only --cap-drop ALL --security-opt no-new-privileges`:
# in a file system of its own that holds the system and FOLDERs, none of it writable, with STATE as
# the one volume, as a user who is nobody here. Needs root, to give all of it up.
set -eu
root=$1 state=$2
shift 2

put() { # put OPTIONS FOLDER: shows FOLDER at its own path
    mkdir -p "$root$2"
    mount --bind "$2" "$root$2"
    mount -o "remount,bind,$1" "$root$2"
}

mount --make-rprivate /
mount -t tmpfs -o mode=0755 container "$root"
for folder in /bin /lib /lib64 /sbin; do
    if [ -L "$folder" ]; then cp -d "$folder" "$root"; elif [ -d "$folder" ]; then put ro "$folder"; fi
done
put ro /usr
put ro /etc
while [ "$1" != -- ]; do
    put ro "$1"
    shift
done
shift
mkdir -p "$root/proc" "$root/dev" "$root/tmp"
mount --rbind /proc "$root/proc"
for device in null urandom; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir -p "$root/var/lib/esapr"
mount --bind "$state" "$root/var/lib/esapr"
mount -o remount,ro "$root"
chroot=$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)
exec "$chroot" "$root" setpriv --reuid=65532 --regid=65532 --clear-groups --no-new-privs \
    --bounding-set=-all --inh-caps=-all -- "$@"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# machine.sh ROOT NAME: boots the systemd of the Debian in folder ROOT, in namespaces of its own but for the network, and runs until
# it is killed: then everything in it is gone. As root. It sees its own processes, files and cgroups; kernel settings are read only.
set -eu
root=$1
cgroups=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)
[ -n "$cgroups" ] || { echo 'machine.sh: there is no cgroup2 here' >&2; exit 1; }
mkdir -p "$cgroups/$2"
echo $$ >"$cgroups/$2/cgroup.procs"
# shellcheck disable=SC2016	# expanded by the inner shell
exec unshare --mount --pid --fork --kill-child=KILL --cgroup --uts --ipc --propagation private sh -euc '
	mount --bind "$1" "$1"
	cd "$1"
	mount -t proc proc proc
	mount --bind proc/sys proc/sys
	mount -o remount,bind,ro proc/sys
	mount -t sysfs -o ro sysfs sys
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mount -t tmpfs -o mode=755 tmpfs run
	mount -t tmpfs tmpfs tmp
	mount -t tmpfs -o mode=755 tmpfs dev
	for device in null zero full random urandom tty; do
		touch dev/$device
		mount --bind /dev/$device dev/$device
	done
	mkdir dev/pts dev/shm dev/mqueue run/old
	mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
	ln -s pts/ptmx dev/ptmx
	mount -t tmpfs shm dev/shm
	mount -t mqueue mqueue dev/mqueue
	pivot_root . run/old
	exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		sh -c "umount -l /run/old && exec /lib/systemd/systemd --system --log-target=console systemd.unit=multi-user.target"
' sh "$root"

# Process 1 of the guest once its root is there: what an init system would set up, then the agent.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p /dev/pts /dev/shm /run/user/1000
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup
chown 1000:1000 /run/user/1000
chmod 700 /run/user/1000
# Rootless container tools want the root mount shared.
mount --make-rshared /
hostname guest
ip link set lo up 2>/dev/null || busybox ip link set lo up
# The project, where the host gave one along: a disk of its own, because hundreds of files over 9p take half a minute.
for disk in /sys/block/vd*; do
    if [ "$(cat "$disk/serial")" = disk1 ]; then mkdir -p /opt && mount -t ext4 -o ro "/dev/${disk##*/}" /opt; fi
done
python3 -u /share/.guest/agent.py
# Only reached when the agent failed: let the host see it at once.
echo "guest: the agent has ended"
sync
busybox poweroff -f

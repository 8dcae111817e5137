/**
 * What a node's mount namespace looks like: the host's files, with folders of its own wherever two nodes (or a node and the
 * host) would meet, so that every default path of Kubernetes works. Inside, propagation is shared, as kubelets expect it;
 * towards the host there is none.
 */

export interface BindMount {
  source: string;
  target: string;
}

/** Present when the mounts are complete. */
export const READY_FILE = "/run/.knarr-node";

/** Folders that components and add-ons of a node take for their own. */
const OWN_FOLDERS = ["/var/lib/kubelet", "/var/lib/cni", "/etc/cni", "/var/log/pods", "/var/log/containers"];

/** Binds of the default folders to a node's data folder, e.g. /var/lib/kubelet to `<dataDir>/var/lib/kubelet`. */
export function ownFolders(dataDir: string): BindMount[] {
  return OWN_FOLDERS.map((target) => ({ target, source: `${dataDir}${target}` }));
}

/**
 * The shell script that arranges a fresh mount namespace. `/run` becomes an empty tmpfs, and what the host has mounted below
 * it is let go (else this namespace would keep the host's, and other nodes', mounts alive). `/sys` is mounted anew, since
 * it shows the network namespace of whoever mounted it; what is mounted on it moves over.
 */
export function mountScript(binds: readonly BindMount[], resolvConf: string): string {
  return `set -eu
mount --make-rprivate /
while read -r _ target _; do
  case $target in /run|/run/*) umount -l "$target" 2>/dev/null || true;; esac
done < /proc/self/mounts
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /run
mkdir -p /run/lock /run/netns

list=; last=/; n=0
while read -r _ target _; do
  case $target in "$last"/*) continue;; /sys/*) list="$list $target"; last=$target;; esac
done < /proc/self/mounts
for target in $list; do
  n=$((n + 1)); mkdir -p /run/.sys/$n; mount --move "$target" /run/.sys/$n
done
umount -l /sys; mount -t sysfs -o nosuid,nodev,noexec sysfs /sys; n=0
for target in $list; do
  n=$((n + 1)); mount --move /run/.sys/$n "$target" || umount -l /run/.sys/$n
done
rm -rf --one-file-system /run/.sys

${binds.map(({ source, target }) => `mount --bind ${quote(source)} ${quote(target)}`).join("\n")}

names=$(readlink -m /etc/resolv.conf)
case $names in
  /run/*) mkdir -p "$(dirname "$names")"; cp ${quote(resolvConf)} "$names";;
  *) if [ -e "$names" ]; then mount --bind ${quote(resolvConf)} "$names"; fi;;
esac
mount --make-rshared /
touch ${READY_FILE}
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

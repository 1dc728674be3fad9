/** File tables that images are built of: a Linux root folder, busybox, Debian and Alpine. */
import { lookup } from "../../core/lookup.ts";
import type { LayerFile } from "../fs/layer.ts";
import { busyboxApplets, debianCommands } from "../tools/index.ts";

export type FileTable = Record<string, LayerFile>;

const dir: LayerFile = { dir: true };

/** What every container has, whatever its image: devices and the files the kubelet writes. */
export const runtimeFiles: FileTable = {
  "/dev/null": { device: "null" },
  "/dev/zero": { device: "zero" },
  "/dev/full": { device: "full" },
  "/dev/random": { device: "random" },
  "/dev/urandom": { device: "urandom" },
  "/dev/tty": { device: "tty", gid: 5 },
  "/dev/stdin": { device: "stdin" },
  "/dev/stdout": { device: "stdout" },
  "/dev/stderr": { device: "stderr" },
  "/dev/shm": { dir: true, mode: 0o1777 },
  "/dev/pts": dir,
  "/dev/mqueue": { dir: true, mode: 0o1777 },
  "/dev/termination-log": { text: "", mode: 0o666 },
  "/etc/hosts": { dynamic: "hosts" },
  "/etc/hostname": { dynamic: "hostname" },
  "/etc/resolv.conf": { dynamic: "resolv.conf" },
  "/proc": dir,
  "/sys": dir,
};

const rootFolders: FileTable = {
  "/bin": dir,
  "/etc": dir,
  "/home": dir,
  "/root": { dir: true, mode: 0o700 },
  "/tmp": { dir: true, mode: 0o1777 },
  "/usr": dir,
  "/usr/sbin": dir,
  "/var": dir,
};

const applets = (folder: string, names: readonly string[], program = "busybox"): FileTable =>
  Object.fromEntries(names.map((name) => [`${folder}/${name}`, { program }]));

export const busyboxFiles: FileTable = {
  ...rootFolders,
  ...applets("/bin", [...busyboxApplets(), "busybox"]),
  "/root": { dir: true, mode: 0o755 },
  "/home": { dir: true, uid: 65534, gid: 65534 },
  "/usr/bin/env": { program: "busybox" },
  "/var/spool/mail": { dir: true, uid: 8, gid: 8 },
  "/var/www": { dir: true, uid: 33, gid: 33 },
  "/etc/passwd":
    "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nbin:x:2:2:bin:/bin:/bin/false\nsys:x:3:3:sys:/dev:/bin/false\nsync:x:4:100:sync:/bin:/bin/sync\nmail:x:8:8:mail:/var/spool/mail:/bin/false\nwww-data:x:33:33:www-data:/var/www:/bin/false\noperator:x:37:37:Operator:/var:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
  "/etc/group":
    "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nmail:x:8:\nkmem:x:9:\nwheel:x:10:root\ncdrom:x:11:\ndialout:x:18:\nfloppy:x:19:\nvideo:x:28:\naudio:x:29:\nwww-data:x:33:\noperator:x:37:\nusers:x:100:\nnogroup:x:65534:\n",
  "/etc/shadow": { text: "root:*:10933:0:99999:7:::\nnobody:*:10933:0:99999:7:::\n", mode: 0o600 },
  "/etc/localtime": "TZif2",
  "/etc/nsswitch.conf": "hosts: files dns\n",
};

/** Where Alpine has busybox' applets; the others are in /usr/bin. busybox: include/applets.src.h */
const alpineFolders: [folder: string, names: ReadonlySet<string>][] = [
  [
    "/bin",
    new Set(
      (
        "arch ash base64 busybox cat chattr chgrp chmod chown cp date dd df dmesg dnsdomainname echo egrep false fgrep " +
        "fsync getopt grep gunzip gzip hostname ionice iostat ipcalc kill link linux32 linux64 ln ls lsattr lzop mkdir " +
        "mknod mktemp more mount mountpoint mpstat mv netstat nice pidof ping ping6 printenv ps pwd rev rm rmdir sed " +
        "setpriv sh sleep stat stty su sync tar touch true umount uname usleep watch zcat"
      ).split(" "),
    ),
  ],
  [
    "/sbin",
    new Set(
      (
        "arp blkid depmod fdisk findfs fsck halt hwclock ifconfig ifdown ifup init insmod ip klogd losetup lsmod mkswap " +
        "modinfo modprobe nologin pivot_root poweroff reboot rmmod route swapoff swapon switch_root sysctl syslogd"
      ).split(" "),
    ),
  ],
  ["/usr/sbin", new Set(["chroot"])],
];

const alpineFolder = (name: string): string =>
  alpineFolders.find(([, names]) => names.has(name))?.[0] ?? "/usr/bin";

const alpineApplets = (): FileTable =>
  Object.fromEntries(
    [...busyboxApplets(), "busybox"].map((name) => [
      `${alpineFolder(name)}/${name}`,
      { program: "busybox" },
    ]),
  );

/** Alpine: busybox under another root, with its release files. */
export const alpineFiles = (version: string): FileTable => ({
  ...rootFolders,
  ...alpineApplets(),
  "/sbin": dir,
  "/usr/bin": dir,
  "/usr/bin/env": { program: "busybox" },
  "/media": dir,
  "/mnt": dir,
  "/opt": dir,
  "/run": dir,
  "/srv": dir,
  "/usr/local/bin": dir,
  "/usr/share": dir,
  "/var/cache": dir,
  "/var/empty": { dir: true, mode: 0o555 },
  "/var/lib": dir,
  "/var/log": dir,
  "/var/run": { link: "../run" },
  "/var/spool": dir,
  "/var/tmp": { dir: true, mode: 0o1777 },
  "/usr/bin/getent": { program: "getent" },
  "/sbin/apk": { program: "apk" },
  "/etc/apk/repositories": ["main", "community"]
    .map(
      (part) =>
        `https://dl-cdn.alpinelinux.org/alpine/v${version.split(".").slice(0, 2).join(".")}/${part}\n`,
    )
    .join(""),
  "/etc/alpine-release": `${version}\n`,
  "/etc/os-release": `NAME="Alpine Linux"\nID=alpine\nVERSION_ID=${version}\nPRETTY_NAME="Alpine Linux v${version.split(".").slice(0, 2).join(".")}"\nHOME_URL="https://alpinelinux.org/"\nBUG_REPORT_URL="https://gitlab.alpinelinux.org/alpine/aports/-/issues"\n`,
  "/etc/passwd":
    "root:x:0:0:root:/root:/bin/sh\nbin:x:1:1:bin:/bin:/sbin/nologin\ndaemon:x:2:2:daemon:/sbin:/sbin/nologin\nmail:x:8:12:mail:/var/mail:/sbin/nologin\nntp:x:123:123:NTP:/var/empty:/sbin/nologin\nguest:x:405:100:guest:/dev/null:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
  "/etc/group":
    "root:x:0:root\nbin:x:1:root,bin,daemon\ndaemon:x:2:root,bin,daemon\nsys:x:3:root,bin\nadm:x:4:root,daemon\ntty:x:5:\ndisk:x:6:root\nwheel:x:10:root\nmail:x:12:mail\nusers:x:100:games\nnogroup:x:65533:\nnobody:x:65534:\n",
  "/etc/issue": `Welcome to Alpine Linux ${version.split(".").slice(0, 2).join(".")}\nKernel \\r on \\m (\\l)\n`,
});

export interface DebianRelease {
  version: string;
  codename: string;
  id: "debian" | "ubuntu";
}

export const debianReleases: Record<string, DebianRelease> = lookup({
  buster: { version: "10", codename: "buster", id: "debian" },
  bullseye: { version: "11", codename: "bullseye", id: "debian" },
  bookworm: { version: "12", codename: "bookworm", id: "debian" },
  trixie: { version: "13", codename: "trixie", id: "debian" },
});

function debianRelease({ version, codename, id }: DebianRelease): string {
  if (id === "ubuntu")
    return `PRETTY_NAME="Ubuntu ${version} LTS"\nNAME="Ubuntu"\nVERSION_ID="${version.slice(0, 5)}"\nVERSION="${version} LTS"\nVERSION_CODENAME=${codename}\nID=ubuntu\nID_LIKE=debian\nHOME_URL="https://www.ubuntu.com/"\n`;
  return `PRETTY_NAME="Debian GNU/Linux ${version} (${codename})"\nNAME="Debian GNU/Linux"\nVERSION_ID="${version}"\nVERSION="${version} (${codename})"\nVERSION_CODENAME=${codename}\nID=debian\nHOME_URL="https://www.debian.org/"\nSUPPORT_URL="https://www.debian.org/support"\nBUG_REPORT_URL="https://bugs.debian.org/"\n`;
}

export const debianFiles = (release: DebianRelease): FileTable => ({
  ...rootFolders,
  "/bin": { link: "usr/bin" },
  "/sbin": { link: "usr/sbin" },
  "/lib": { link: "usr/lib" },
  "/usr/lib": dir,
  "/usr/local/bin": dir,
  "/usr/share": dir,
  "/opt": dir,
  "/srv": dir,
  "/mnt": dir,
  "/media": dir,
  "/boot": dir,
  "/run": dir,
  "/var/log": dir,
  "/var/cache": dir,
  "/var/lib": dir,
  "/var/run": { link: "/run" },
  "/var/tmp": { dir: true, mode: 0o1777 },
  ...Object.fromEntries(debianCommands().map((name) => [`/usr/bin/${name}`, { program: name }])),
  "/usr/bin/su": { program: "su" },
  "/usr/bin/sh": { program: "dash" },
  "/usr/bin/dash": { program: "dash" },
  "/usr/bin/apt": { program: "apt" },
  "/usr/bin/apt-get": { program: "apt" },
  "/usr/bin/apt-cache": { program: "apt" },
  "/usr/bin/dpkg": { program: "dpkg" },
  "/usr/bin/dpkg-query": { program: "dpkg" },
  "/var/lib/apt/lists": dir,
  "/var/lib/dpkg": dir,
  "/var/cache/apt/archives": dir,
  "/etc/apt/sources.list.d": dir,
  "/etc/bash.bashrc":
    "# Every interactive bash reads this file, and then ~/.bashrc.\n[ -z \"$PS1\" ] && return\nPS1='\\u@\\h:\\w\\$ '\n",
  "/usr/bin/bash": { program: "bash" },
  "/etc/os-release": debianRelease(release),
  ...(release.id === "debian" ? { "/etc/debian_version": `${release.version}.2\n` } : {}),
  "/etc/passwd":
    "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nbin:x:2:2:bin:/bin:/usr/sbin/nologin\nsys:x:3:3:sys:/dev:/usr/sbin/nologin\nsync:x:4:65534:sync:/bin:/bin/sync\nmail:x:8:8:mail:/var/mail:/usr/sbin/nologin\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
  "/etc/group":
    "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\nmail:x:8:\nwww-data:x:33:\nusers:x:100:\nnogroup:x:65534:\n",
});

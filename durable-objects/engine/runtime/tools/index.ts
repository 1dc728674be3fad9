/**
 * Names of the tools, for images' file tables. Apart from the programs themselves (table.ts), which import the runtime,
 * which imports the images; a test holds the two together.
 */

export const toolNames: readonly string[] = (
  "sleep cat true false touch mkdir rmdir rm cp mv ln chmod chown chgrp mkfifo mknod readlink " +
  "realpath basename dirname unlink ls env printenv id whoami hostname uname ps kill killall " +
  "pkill date seq yes test [ [[ timeout expr pgrep pidof echo printf pwd nproc tty sync clear " +
  "which groups head tail wc sort grep egrep fgrep tr cut tee uniq rev tac nl find xargs stat " +
  "sed awk tar gzip gunzip zcat chroot nsenter wget curl nslookup host dig getent nc telnet " +
  "bind-nslookup nc.openbsd socat git " +
  "ping ping6 ip ifconfig netstat ss route arp df du free mount umount uptime md5sum sha1sum " +
  "sha256sum sha512sum base64 od hexdump hd xxd strings diff cmp comm paste fold split expand " +
  "shuf less more top watch mktemp truncate nohup setsid nice stty sysctl vi vim view vim.tiny who users hostid " +
  "logger dmesg dd time install unexpand usleep getopt cal factor cksum crc32 sum dos2unix unix2dos nano man"
).split(" ");

/** Names busybox's image has in /bin. */
export const busyboxApplets = (): string[] =>
  [...toolNames, "sh", "ash"].filter((name) => !notInBusybox.has(name));

/** Names a Debian image has in /usr/bin. */
export const debianCommands = (): string[] => toolNames.filter((name) => !notInDebian.has(name));

/** Programs of other packages: images that have them name them. */
const notInBusybox = new Set([
  "no-applet",
  "curl",
  "dig",
  "host",
  "getent",
  "ss",
  "bind-nslookup",
  "nc.openbsd",
  "socat",
  "git",
  "nano",
  "man",
  "vim",
  "view",
  "vim.tiny",
]);

const notInDebian = new Set(
  (
    "no-applet sh ash busybox wget curl nc nc.openbsd socat git nslookup bind-nslookup dig host ss ping ping6 vi vim view vim.tiny less ip ifconfig netstat route arp telnet traceroute httpd [[ " +
    "crc32 dos2unix unix2dos cal ps top free uptime kill killall pidof pgrep pkill watch sysctl hexdump hd xxd strings usleep nano man setsid time"
  ).split(" "),
);

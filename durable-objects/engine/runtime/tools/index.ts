/** The table of tools. A tool is one row here and one function in its family's file. */
import type { Program } from "../program.ts";
import { awk } from "./awk.ts";
import { basicTools } from "./basic.ts";
import { rootTools } from "./chroot.ts";
import { byteTools } from "./byte-tools.ts";
import { compareTools } from "./compare.ts";
import { curl } from "./curl.ts";
import { dd } from "./dd.ts";
import { diskTools } from "./disk-tools.ts";
import { dnsTools } from "./dns-tools.ts";
import { fileTools } from "./file-tools.ts";
import { find } from "./find.ts";
import { gzipTools } from "./gzip.ts";
import { listingTools } from "./listing.ts";
import { ncTools } from "./nc.ts";
import { netStateTools } from "./net-state.ts";
import { oddTools } from "./odds.ts";
import { pingTools } from "./ping.ts";
import { screenTools } from "./screens.ts";
import { sed } from "./sed.ts";
import { stat } from "./stat.ts";
import { systemTools } from "./system.ts";
import { tar } from "./tar.ts";
import { shapeTools } from "./text-shapes.ts";
import { textTools } from "./text.ts";
import { wget } from "./wget.ts";
import { xargs } from "./xargs.ts";

const families = (): Program[][] => [
  basicTools,
  fileTools,
  listingTools,
  systemTools,
  textTools,
  [find, xargs, stat, sed, awk, tar],
  gzipTools,
  rootTools,
  [wget, curl],
  dnsTools,
  ncTools,
  pingTools,
  netStateTools,
  diskTools,
  byteTools,
  compareTools,
  shapeTools,
  screenTools,
  oddTools,
  [dd],
];

export const toolPrograms = (): Program[] => families().flat();

/** Names busybox's image has in /bin. */
export const busyboxApplets = (): string[] =>
  [...toolPrograms().map((program) => program.name), "sh", "ash"].filter(
    (name) => !notInBusybox.has(name),
  );

/** Names a Debian image has in /usr/bin. */
export const debianCommands = (): string[] =>
  [...toolPrograms().map((program) => program.name), "getent"].filter((name) => !notInDebian.has(name));

/** Programs of other packages: images that have them name them. */
const notInBusybox = new Set(["no-applet", "curl", "dig", "host", "getent", "ss"]);

const notInDebian = new Set(
  (
    "no-applet sh ash busybox wget curl nc nslookup dig host ss ping ping6 vi less ip ifconfig netstat route arp telnet traceroute httpd [[ " +
    "ps top free uptime kill killall pidof pgrep pkill watch sysctl hexdump hd xxd strings usleep clear less setsid"
  ).split(" "),
);

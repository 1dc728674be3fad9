/** The table of tools. A tool is one row here and one function in its family's file. */
import type { Program } from "../kernel/types.ts";
import { argumentTools } from "./arguments/programs.ts";
import { awk } from "./awk/awk.ts";
import { byteTools } from "./bytes/checksums.ts";
import { cal } from "./system/cal.ts";
import { cat } from "./text/cat.ts";
import { cut, tr } from "./text/tr-cut.ts";
import { rootTools } from "./system/chroot.ts";
import { compareTools } from "./text/compare.ts";
import { cp, mv } from "./files/cp-mv.ts";
import { curl } from "./net/curl.ts";
import { date } from "./system/date.ts";
import { dd } from "./bytes/dd.ts";
import { dig } from "./net/dig.ts";
import { mountTools } from "./system/mount.ts";
import { diskTools } from "./system/df-du-free.ts";
import { dnsTools } from "./net/nslookup.ts";
import { dumpTools } from "./bytes/dump.ts";
import { envTools } from "./system/env.ts";
import { expr } from "./arguments/expr.ts";
import { factor } from "./arguments/factor.ts";
import { fileTools } from "./files/mkdir-ln.ts";
import { find } from "./find/find.ts";
import { getopt } from "./arguments/getopt.ts";
import { git } from "./net/git.ts";
import { grep } from "./text/grep.ts";
import { gzipTools } from "./bytes/gzip.ts";
import { head, tail } from "./text/head-tail.ts";
import { identityTools } from "./system/identity.ts";
import { install } from "./files/install.ts";
import { jq } from "./jq/jq.ts";
import { less } from "./less/less.ts";
import { lineEndTools } from "./text/dos2unix.ts";
import { lineTools } from "./text/line-filters.ts";
import { listingTools } from "./files/ls.ts";
import { machineTools } from "./system/sysctl-dmesg.ts";
import { man } from "./system/man.ts";
import { mktemp } from "./files/mktemp.ts";
import { modeTools } from "./files/chmod-chown.ts";
import { ncTools } from "./nc/nc.ts";
import { ncOpenbsd } from "./nc/openbsd.ts";
import { netStateTools } from "./net/interfaces.ts";
import { more } from "./less/more.ts";
import { nano } from "./nano/nano.ts";
import { nohupTools } from "./system/nohup.ts";
import { nodeTools } from "./machine/index.ts";
import { pathTools } from "./files/path-names.ts";
import { pingTools } from "./net/ping.ts";
import { processTools } from "./system/ps-kill.ts";
import { rm } from "./files/rm.ts";
import { sed } from "./sed/sed.ts";
import { seqTools } from "./arguments/seq-yes.ts";
import { sleepTools } from "./system/sleep.ts";
import { socat } from "./socat/socat.ts";
import { sort } from "./text/sort.ts";
import { stat } from "./files/stat.ts";
import { sumTools } from "./bytes/old-checksums.ts";
import { tar } from "./tar/tar.ts";
import { terminalTools } from "./system/tty-clear.ts";
import { shapeTools } from "./text/fold-split-expand.ts";
import { time, timeout } from "./system/timeout.ts";
import { top } from "./system/top.ts";
import { touch } from "./files/touch.ts";
import { trueFalseTools } from "./arguments/true-false.ts";
import { truncate } from "./files/truncate.ts";
import { viPrograms } from "./vi/vi.ts";
import { watch } from "./system/watch.ts";
import { wget } from "./net/wget.ts";
import { yq } from "./yq/yq.ts";
import { xargs } from "./find/xargs.ts";

const families = (): Program[][] => [
  [awk, sed, jq, yq, find, xargs, tar],
  // Words and numbers.
  argumentTools,
  seqTools,
  trueFalseTools,
  [expr, getopt, factor],
  // Text.
  [cat, head, tail, sort, tr, cut],
  [grep("grep"), grep("egrep"), grep("fgrep")],
  lineTools,
  compareTools,
  shapeTools,
  [less, more, nano],
  lineEndTools,
  // Files.
  fileTools,
  listingTools,
  modeTools,
  pathTools,
  diskTools,
  mountTools,
  [cp, mv, rm, touch, stat, install, mktemp, truncate],
  // Bytes.
  byteTools,
  sumTools,
  dumpTools,
  gzipTools,
  [dd],
  // The network.
  [wget, curl, dig, git, ncOpenbsd, socat],
  ncTools,
  dnsTools,
  pingTools,
  netStateTools,
  // Processes, the machine, time.
  processTools,
  identityTools,
  envTools,
  nohupTools,
  rootTools,
  terminalTools,
  viPrograms,
  machineTools,
  sleepTools,
  [man, top, watch, date, cal, time, timeout],
  // The nodes themselves.
  nodeTools,
];

export const toolPrograms = (): Program[] => families().flat();

/** The table of tools. A tool is one row here and one function in its family's file. */
import type { Program } from "../program.ts";
import { argumentTools } from "./argument-tools.ts";
import { awk } from "./awk.ts";
import { byteTools } from "./byte-tools.ts";
import { cal } from "./cal.ts";
import { cat } from "./cat.ts";
import { cut, tr } from "./characters.ts";
import { rootTools } from "./chroot.ts";
import { compareTools } from "./compare.ts";
import { cp, mv } from "./copying.ts";
import { curl } from "./curl.ts";
import { date } from "./date.ts";
import { dd } from "./dd.ts";
import { dig } from "./dig.ts";
import { diskTools } from "./disk-tools.ts";
import { dnsTools } from "./dns-tools.ts";
import { dumpTools } from "./dump-tools.ts";
import { envTools } from "./env.ts";
import { expr } from "./expr.ts";
import { factor } from "./factor.ts";
import { fileTools } from "./file-tools.ts";
import { find } from "./find.ts";
import { getopt } from "./getopt.ts";
import { grep } from "./grep.ts";
import { gzipTools } from "./gzip.ts";
import { head, tail } from "./head-tail.ts";
import { identityTools } from "./identity.ts";
import { install } from "./install.ts";
import { lineEndTools } from "./line-ends.ts";
import { lineTools } from "./line-filters.ts";
import { listingTools } from "./listing.ts";
import { machineTools } from "./machine-tools.ts";
import { mktemp } from "./mktemp.ts";
import { modeTools } from "./mode-tools.ts";
import { ncTools } from "./nc.ts";
import { ncOpenbsd } from "./nc-openbsd.ts";
import { netStateTools } from "./net-state.ts";
import { nohupTools } from "./nohup.ts";
import { pathTools } from "./path-tools.ts";
import { pingTools } from "./ping.ts";
import { processTools } from "./process-tools.ts";
import { rm } from "./removing.ts";
import { sed } from "./sed.ts";
import { seqTools } from "./seq-yes.ts";
import { sleepTools } from "./sleep.ts";
import { sort } from "./sort.ts";
import { stat } from "./stat.ts";
import { sumTools } from "./sums.ts";
import { tar } from "./tar.ts";
import { terminalTools } from "./terminal-tools.ts";
import { shapeTools } from "./text-shapes.ts";
import { time, timeout } from "./timing.ts";
import { top } from "./top.ts";
import { touch } from "./touch.ts";
import { trueFalseTools } from "./true-false.ts";
import { truncate } from "./truncate.ts";
import { watch } from "./watch.ts";
import { wget } from "./wget.ts";
import { xargs } from "./xargs.ts";

const families = (): Program[][] => [
  [awk, sed, find, xargs, tar],
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
  lineEndTools,
  // Files.
  fileTools,
  listingTools,
  modeTools,
  pathTools,
  diskTools,
  [cp, mv, rm, touch, stat, install, mktemp, truncate],
  // Bytes.
  byteTools,
  sumTools,
  dumpTools,
  gzipTools,
  [dd],
  // The network.
  [wget, curl, dig, ncOpenbsd],
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
  machineTools,
  sleepTools,
  [top, watch, date, cal, time, timeout],
];

export const toolPrograms = (): Program[] => families().flat();

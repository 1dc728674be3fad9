/** The table of tools. A tool is one row here and one function in its family's file. */
import type { Program } from "../kernel/types.ts";
import { awk } from "./awk.ts";
import { basicTools } from "./basic.ts";
import { rootTools } from "./chroot.ts";
import { byteTools } from "./byte-tools.ts";
import { cal } from "./cal.ts";
import { compareTools } from "./compare.ts";
import { curl } from "./curl.ts";
import { dd } from "./dd.ts";
import { diskTools } from "./disk-tools.ts";
import { dig } from "./dig.ts";
import { dnsTools } from "./dns-tools.ts";
import { fileTools } from "./file-tools.ts";
import { dumpTools } from "./dump-tools.ts";
import { factor } from "./factor.ts";
import { find } from "./find.ts";
import { getopt } from "./getopt.ts";
import { gzipTools } from "./gzip.ts";
import { install } from "./install.ts";
import { lineEndTools } from "./line-ends.ts";
import { listingTools } from "./listing.ts";
import { ncTools } from "./nc.ts";
import { ncOpenbsd } from "./nc-openbsd.ts";
import { netStateTools } from "./net-state.ts";
import { oddTools } from "./odds.ts";
import { pingTools } from "./ping.ts";
import { screenTools } from "./screens.ts";
import { sed } from "./sed.ts";
import { stat } from "./stat.ts";
import { sumTools } from "./sums.ts";
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
  [dig],
  ncTools,
  [ncOpenbsd],
  pingTools,
  netStateTools,
  diskTools,
  byteTools,
  dumpTools,
  compareTools,
  shapeTools,
  screenTools,
  oddTools,
  [dd, install, getopt, cal, factor],
  sumTools,
  lineEndTools,
];

export const toolPrograms = (): Program[] => families().flat();

/** Which bash an image has: by its own word, else by the release it is built on. */
import { Errno } from "../../errno.ts";
import type { Sys } from "../../kernel/types.ts";

/** bash, by code name or `ID` of /etc/os-release. */
const bashVersions: Record<string, string> = {
  buster: "5.0.3",
  bullseye: "5.1.4",
  bookworm: "5.2.15",
  trixie: "5.2.37",
  focal: "5.0.17",
  jammy: "5.1.16",
  noble: "5.2.21",
  questing: "5.2.37",
  resolute: "5.3.3",
  alpine: "5.2.37",
  fedora: "5.3.0",
  rocky: "5.1.8",
  centos: "4.2.46",
  amzn: "5.2.15",
};

function releaseOf(sys: Sys): string {
  try {
    return sys.readFile("/etc/os-release");
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return "";
  }
}

/** `5.2.37`. */
export function bashNumber(sys: Sys): string {
  const tag = /^\d+\.\d+(\.\d+)?/.exec(sys.env._BASH_VERSION ?? "")?.[0];
  if (tag) return tag.split(".").length === 3 ? tag : `${tag}.37`;
  const text = releaseOf(sys);
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(text)?.[1] ?? "";
  const id = /^ID="?(\w+)/m.exec(text)?.[1] ?? "";
  return bashVersions[codename] ?? bashVersions[id] ?? "5.2.37";
}

/** `5.2.37(1)-release`. */
export const bashVersion = (sys: Sys): string => `${bashNumber(sys)}(1)-release`;

/** `bash --version`. */
export function bashBanner(sys: Sys): string {
  const year = bashNumber(sys).startsWith("5.3")
    ? 2025
    : bashNumber(sys).startsWith("5.2")
      ? 2022
      : 2020;
  return `GNU bash, version ${bashVersion(sys)} (x86_64-pc-linux-gnu)\nCopyright (C) ${year} Free Software Foundation, Inc.\nLicense GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>\n\nThis is free software; you are free to change and redistribute it.\nThere is NO WARRANTY, to the extent permitted by law.\n`;
}

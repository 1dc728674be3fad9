/** Which bash an image has: by its own word, else by the release it is built on. */
import { bashVersions } from "../../images/package-facts.ts";
import { Errno } from "../errno.ts";
import type { Sys } from "../sys.ts";

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

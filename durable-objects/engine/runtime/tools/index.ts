/** The table of tools. A tool is one row here and one function in its family's file. */
import type { Program } from "../program.ts";
import { basicTools } from "./basic.ts";
import { fileTools } from "./file-tools.ts";
import { listingTools } from "./listing.ts";
import { systemTools } from "./system.ts";
import { textTools } from "./text.ts";

const families = (): Program[][] => [basicTools, fileTools, listingTools, systemTools, textTools];

export const toolPrograms = (): Program[] => families().flat();

/** Names busybox's image has in /bin. */
export const busyboxApplets = (): string[] =>
  [...toolPrograms().map((program) => program.name), "sh", "ash"].filter(
    (name) => name !== "no-applet",
  );

/** Names a Debian image has in /usr/bin. */
export const debianCommands = (): string[] =>
  busyboxApplets().filter((name) => !notInDebian.has(name));

const notInDebian = new Set([
  "sh",
  "ash",
  "wget",
  "nc",
  "nslookup",
  "ping",
  "vi",
  "ip",
  "ifconfig",
  "netstat",
  "httpd",
  "telnet",
  "traceroute",
  "[[",
]);

/** Names of files as text, and what a tool says when it is called wrongly. */
import { trimEndOf } from "../../core/trim.ts";
import type { Io } from "./tool.ts";

/** The last name of a path. */
export const base = (path: string): string => trimEndOf(path, "/").replace(/^.*\//, "") || "/";

export const inFolder = (folder: string, name: string): string =>
  `${trimEndOf(folder, "/")}/${name}`;

export function usage(io: Io, text: string): number {
  io.err(`BusyBox v1.37.0 () multi-call binary.\n\nUsage: ${text}\n`);
  return io.badCode;
}

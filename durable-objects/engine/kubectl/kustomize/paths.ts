import { workingFolder } from "../asks.ts";
import type { Work } from "../work.ts";

/** An absolute path without `.` and `..`. */
export function* absolute(path: string): Work<string> {
  const from = path.startsWith("/") ? path : `${yield* workingFolder()}/${path}`;
  const out: string[] = [];
  for (const part of from.split("/")) {
    if (part === "..") out.pop();
    else if (part !== "" && part !== ".") out.push(part);
  }
  return `/${out.join("/")}`;
}

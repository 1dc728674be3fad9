/** What `\w` and its like in a prompt stand for. */
import { formatDate } from "../../tools/system/date.ts";
import { bashNumber } from "../bash/version.ts";
import { short } from "./prompt-paths.ts";
import type { Shell } from "../shell.ts";

const shortened = (shell: Shell): string => short(shell, shell.get("PWD") ?? shell.sys.cwd);

const userName = ({ sys }: Shell): string =>
  sys.container.passwd.find((entry) => entry.uid === sys.who.uid)?.name ?? "I have no name!";
const date = (shell: Shell, format: string): string => formatDate(format, shell.sys.now);
const lastFolder = (shell: Shell): string => shortened(shell).replace(/^.*\/(?=.)/, "");

const signs: Record<string, (shell: Shell) => string> = {
  w: shortened,
  W: lastFolder,
  h: ({ sys }) => sys.container.hostname.split(".")[0] ?? "",
  H: ({ sys }) => sys.container.hostname,
  u: userName,
  n: () => "\n",
  r: () => "\r",
  a: () => "\x07",
  e: () => "\x1b",
  s: ({ state }) => state.argumentZero.replace(/^.*\//, "").replace(/^-/, ""),
  v: ({ sys }) => bashNumber(sys).replace(/\.\d+$/, ""),
  V: ({ sys }) => bashNumber(sys),
  $: ({ sys }) => (sys.who.uid === 0 ? "#" : "$"),
  "\\": () => "\\",
  j: ({ state }) => String(state.jobs.filter((job) => job.status === undefined).length),
  l: () => "0",
  d: (shell) => date(shell, "%a %b %d"),
  t: (shell) => date(shell, "%H:%M:%S"),
  T: (shell) => date(shell, "%I:%M:%S"),
  "@": (shell) => date(shell, "%I:%M %p"),
  A: (shell) => date(shell, "%H:%M"),
  "!": ({ state }) => String((state.history?.length ?? 0) + 1),
  "#": ({ state }) => String((state.history?.length ?? 0) + 1),
  // Between them stands what takes no room: readline counts columns, and who writes a prompt itself takes them away.
  "[": () => "\x01",
  "]": () => "\x02",
};

/** A prompt with its backslashes taken away. */
export function promptText(shell: Shell, text: string): string {
  return text.replace(
    /\\(?:D\{([^{}]*)\}|([0-7]{3})|([^]))/g,
    (whole, format: string | undefined, octal: string | undefined, sign: string | undefined) => {
      if (format !== undefined) return date(shell, format === "" ? "%H:%M:%S" : format);
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8) & 255);
      return sign !== undefined && Object.hasOwn(signs, sign) ? signs[sign]!(shell) : whole;
    },
  );
}

/** Linux signal numbers and what they do to a process without a handler. */

export const signalNumbers: Record<string, number> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
};

export const signalNames: Record<number, string> = Object.fromEntries(
  Object.entries(signalNumbers).map(([name, number]) => [number, name]),
);

/** What a shell prints of a child that died so; empty where it prints nothing. */
export const signalTexts: Record<number, string> = {
  1: "Hangup",
  3: "Quit",
  4: "Illegal instruction",
  5: "Trace/breakpoint trap",
  6: "Aborted",
  7: "Bus error",
  8: "Floating point exception",
  9: "Killed",
  10: "User defined signal 1",
  11: "Segmentation fault",
  12: "User defined signal 2",
  14: "Alarm clock",
  15: "Terminated",
};

const ignoredByDefault = new Set([17, 18, 23, 28]);
const stopping = new Set([19, 20, 21, 22]);

export function defaultAction(signal: number): "ignore" | "stop" | "kill" {
  if (ignoredByDefault.has(signal)) return "ignore";
  return stopping.has(signal) ? "stop" : "kill";
}

/** `9`, `KILL`, `SIGKILL`, `kill` to its number; undefined when there is no such signal. `EXIT` and `0` are 0. */
export function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    return number <= 64 ? number : undefined;
  }
  const name = text.toUpperCase().replace(/^SIG/, "");
  return name === "EXIT" ? 0 : signalNumbers[name];
}

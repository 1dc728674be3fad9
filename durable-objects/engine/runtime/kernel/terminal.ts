/** The line discipline of a terminal: echo, erase, ^C, ^D, ^U, ^W; output gets carriage returns. */
import { foregroundGroup, groupOf } from "./process-groups.ts";
import type { Kernel } from "./types.ts";
import type { Session } from "./state.ts";

/** What a program prints, as the terminal sends it on: ONLCR. */
export function terminalOutput(data: string): string {
  return data.replaceAll("\n", "\r\n");
}

/** What a line may have that nobody has ended. Linux: drivers/tty/n_tty.c N_TTY_BUF_SIZE */
const lineBytesMax = 4095;

const signalKeys: Record<string, number> = { "\x03": 2, "\x1c": 3, "\x1a": 20 };

const signalBytes = new Set(Object.keys(signalKeys).map((key) => key.charCodeAt(0)));

export const isSignalKey = (byte: number): boolean => signalBytes.has(byte);

const hasSignalKey = (data: string): boolean =>
  Object.keys(signalKeys).some((key) => data.includes(key));

function echo(kernel: Kernel, session: Session, text: string): void {
  if (!echoes(session)) return;
  if (session.kept) kernel.printed.append(session.kept, text);
  else if (session.kind === "own") kernel.logs.append(session.container, 1, text);
  else session.stdout += text;
}

/** How a control character shows itself: ^C. */
const caret = (key: string): string =>
  key < " " || key === "\x7f" ? `^${String.fromCharCode(key.charCodeAt(0) ^ 64)}` : key;

/** Whether keys show themselves. */
const echoes = (session: Session): boolean => session.echo ?? !session.raw;

function erase(kernel: Kernel, session: Session, count: number): void {
  const edited = session.editedLine ?? "";
  session.editedLine = edited.slice(0, edited.length - count);
  const cells = edited.slice(edited.length - count).replace(/[\x80-\xbf]/g, "").length;
  echo(kernel, session, "\b \b".repeat(cells));
}

/** Length of the last character in bytes: UTF-8 sequences go as one. */
function lastLength(line: string): number {
  let length = 1;
  while (length < line.length && (line.charCodeAt(line.length - length) & 0xc0) === 0x80) length++;
  return length;
}

/** Whether there was no room for it. */
function key(kernel: Kernel, session: Session, character: string): boolean {
  const edited = session.editedLine ?? "";
  const signal = session.noSignals ? undefined : signalKeys[character];
  if (signal !== undefined) {
    echo(kernel, session, caret(character));
    session.editedLine = "";
    // NOFLSH is not set: what was typed before and not read is gone. linux: drivers/tty/n_tty.c isig
    session.input = "";
    foreground(kernel, session, signal);
  } else if (character === "\x7f" || character === "\b") {
    if (edited) erase(kernel, session, lastLength(edited));
  } else if (character === "\x15") erase(kernel, session, edited.length);
  else if (character === "\x17") {
    let left = edited.trimEnd().length;
    while (left > 0 && /\S/.test(edited.charAt(left - 1))) left--;
    erase(kernel, session, edited.length - left);
  } else if (character === "\x04") {
    session.input += edited === "" ? "\x04" : edited;
    session.editedLine = "";
  } else if (character === "\r" || character === "\n") {
    echo(kernel, session, "\r\n");
    session.input += `${edited}\n`;
    session.editedLine = "";
  } else if (edited.length >= lineBytesMax) return true;
  else {
    session.editedLine = edited + character;
    echo(kernel, session, character < " " && character !== "\t" ? caret(character) : character);
  }
  return false;
}

/** Signals the terminal's foreground process group. */
export function foreground(kernel: Kernel, session: Session, signal: number): void {
  const group = foregroundGroup(kernel, session);
  for (const name in kernel.pod.processes) {
    const process = kernel.pod.processes[name];
    if (!process || process.container !== session.container || groupOf(process) !== group) continue;
    kernel.kill(Number(name), signal);
  }
}

/** Input from the user's side, byte by byte. */
export function terminalInput(kernel: Kernel, session: Session, data: string): void {
  kernel.touch();
  if (session.raw && (session.noSignals || !hasSignalKey(data))) {
    session.input += data;
    echo(kernel, session, data.replaceAll("\r", "\r\n"));
    return;
  }
  let full = false;
  for (const character of data) {
    const signal = session.noSignals ? undefined : signalKeys[character];
    if (session.raw && signal === undefined) {
      session.input += character;
      echo(kernel, session, character === "\r" ? "\r\n" : character);
    } else full = key(kernel, session, character) || full;
  }
  // IMAXBEL, once for all that came together.
  if (full) echo(kernel, session, "\x07");
}

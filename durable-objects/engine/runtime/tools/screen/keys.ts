/** Keys as a terminal of xterm's kind sends them, for full-screen programs. */
import { lengthAt } from "./paint.ts";

const finals: Record<string, string> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  H: "home",
  F: "end",
  M: "enter",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
  Z: "S-tab",
};
const numbered: Record<string, string> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pageup",
  6: "pagedown",
  7: "home",
  8: "end",
  11: "f1",
  12: "f2",
  13: "f3",
  14: "f4",
  15: "f5",
  17: "f6",
  18: "f7",
  19: "f8",
  20: "f9",
  21: "f10",
  23: "f11",
  24: "f12",
  200: "paste-begin",
  201: "paste-end",
};

/** xterm: ctlseqs, PC-Style Function Keys: what stands behind the semicolon less one, as bits. */
function modified(name: string, modifier: string | undefined): string {
  const bits = Number(modifier ?? 1) - 1;
  if (!(bits > 0)) return name;
  return `${bits & 4 ? "C-" : ""}${bits & 2 ? "M-" : ""}${bits & 1 ? "S-" : ""}${name}`;
}

function sequence(text: string): { key: string; length: number } | undefined {
  const found = /^\x1b(?:\[(\d*)(?:;(\d+))?([A-HMPQRSZ~])|O(\d*)([A-HMPQRS]))/.exec(text);
  if (!found) return undefined;
  const [all, number = "", modifier, final = "", , ss3] = found;
  const name = final === "~" ? numbered[number] : finals[ss3 ?? final];
  return { key: name ? modified(name, modifier) : "unknown", length: all.length };
}

/**
 * Takes typed bytes apart. A key is its bytes (one character, UTF-8 or control), a name (`up`, `C-left`, `f1`, `esc`,
 * `paste-begin`), or `M-` and a character. `rest`: the bytes of a character or sequence that is not all there.
 */
export function keysOf(bytes: string): { keys: string[]; rest: string } {
  const keys: string[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== "\x1b") {
      const first = bytes.charCodeAt(at);
      const want = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
      const isCut = at + want > bytes.length && /^[\x80-\xbf]*$/.test(bytes.slice(at + 1));
      if (isCut) return { keys, rest: bytes.slice(at) };
      const length = lengthAt(bytes, at);
      keys.push(bytes.slice(at, at + length));
      at += length;
      continue;
    }
    const known = sequence(bytes.slice(at, at + 24));
    if (known) {
      keys.push(known.key);
      at += known.length;
    } else if (/^\x1b\[[\d;]*$/.test(bytes.slice(at, at + 24)))
      return { keys, rest: bytes.slice(at) };
    else if (at + 1 < bytes.length && bytes[at + 1] !== "\x1b") {
      const length = lengthAt(bytes, at + 1);
      keys.push(`M-${bytes.slice(at + 1, at + 1 + length)}`);
      at += 1 + length;
    } else {
      keys.push("esc");
      at++;
    }
  }
  return { keys, rest: "" };
}

/** echo, as busybox's: -n, -e, -E, and \c. */

const escapes: Record<string, string> = {
  a: "\x07",
  b: "\b",
  e: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};

/** Escape sequences of `echo -e` and of printf's `%b`; `stopped`: a \c ends all output. */
export function unescape(text: string): { text: string; stopped: boolean } {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c !== "\\") {
      out += c;
      continue;
    }
    const next = text[++i];
    if (next === undefined) out += "\\";
    else if (next === "c") return { text: out, stopped: true };
    else if (next === "0" || /[1-7]/.test(next)) {
      const digits = /^0?[0-7]{0,3}/.exec(text.slice(i))?.[0] ?? "0";
      out += String.fromCharCode(parseInt(digits, 8) & 255);
      i += digits.length - 1;
    } else if (next === "x") {
      const digits = /^[0-9a-fA-F]{1,2}/.exec(text.slice(i + 1))?.[0];
      if (!digits) out += "\\x";
      else {
        out += String.fromCharCode(parseInt(digits, 16));
        i += digits.length;
      }
    } else out += escapes[next] ?? `\\${next}`;
  }
  return { text: out, stopped: false };
}

export function echoText(words: readonly string[]): string {
  let i = 0;
  let end = "\n";
  let escaped = false;
  for (; i < words.length; i++) {
    const word = words[i]!;
    if (!/^-[neE]+$/.test(word)) break;
    for (const letter of word.slice(1)) {
      if (letter === "n") end = "";
      else escaped = letter === "e";
    }
  }
  const text = words.slice(i).join(" ");
  if (!escaped) return text + end;
  const made = unescape(text);
  return made.text + (made.stopped ? "" : end);
}

/** dash's: -n alone is an option, escapes always count. */
export function dashEcho(words: readonly string[]): string {
  const silent = words[0] === "-n";
  const made = unescape(words.slice(silent ? 1 : 0).join(" "));
  return made.text + (silent || made.stopped ? "" : "\n");
}

/** What a key was, as the terminal sends it: for macros, and within a paste. */
const sequences: Record<string, string> = {
  esc: "\x1b",
  up: "\x1b[A",
  down: "\x1b[B",
  right: "\x1b[C",
  left: "\x1b[D",
  home: "\x1b[H",
  end: "\x1b[F",
  insert: "\x1b[2~",
  delete: "\x1b[3~",
  pageup: "\x1b[5~",
  pagedown: "\x1b[6~",
};

/** Names are longer than one character of ASCII. */
export const keyBytes = (key: string): string => {
  if (key.length === 1 || key.charCodeAt(0) >= 0x80) return key;
  return Object.hasOwn(sequences, key) ? sequences[key]! : "";
};

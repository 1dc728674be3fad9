/** What h shows. */

const rows: [keys: string, what: string][] = [
  ["MOVING", ""],
  ["SPACE f ^V  b ESC-v", "a screen forwards, backwards (N: so many lines)"],
  ["j ENTER ^N  k y ^P", "a line forwards, backwards (N: so many)"],
  ["d ^D  u ^U", "half a screen forwards, backwards"],
  ["g <  G >", "the first line, the last (N: line N)"],
  ["p %", "N percent into the file"],
  ["RIGHT LEFT", "half a screen to the right, to the left"],
  ["F", "go on reading at the end as the file grows; ^C ends it"],
  ["mX  'X  ''", "mark the place with a letter, go to it, go back"],
  ["r ^L  R", "draw the screen again; read the file again too"],
  ["", ""],
  ["SEARCHING", ""],
  [
    "/PATTERN ?PATTERN",
    "forwards, backwards; begins with !: lines without it, *: all files, @: from its start",
  ],
  ["n N", "the next match, the one before"],
  ["&PATTERN", "show matching lines only; without a pattern all"],
  ["ESC-u", "highlight matches or not"],
  ["", ""],
  ["FILES AND THE REST", ""],
  [":n :p :x :e FILE :d", "the next file, the one before, the first, another, out of the list"],
  ["= ^G :f", "where in the file this is"],
  ["-X _X", "switch option X, or tell it"],
  ["v  !COMMAND", "edit the file; run a command"],
  ["q", "leave"],
];

export const helpText = rows
  .map(([keys, what]) => (what ? `  ${keys.padEnd(22)}${what}` : keys))
  .map((row) => `${row}\n`)
  .join("");

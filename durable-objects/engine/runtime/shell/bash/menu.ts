/** The menu of `select`, in columns. bash: execute_cmd.c print_select_list */

const tab = 8;

/** Blanks from one column to another, with tabs where one is passed. */
function indent(from: number, to: number): string {
  let out = "";
  for (let at = from; at < to;) {
    if (Math.floor(to / tab) > Math.floor(at / tab)) {
      out += "\t";
      at += tab - (at % tab);
    } else {
      out += " ";
      at++;
    }
  }
  return out;
}

export function menuText(words: readonly string[], columns: number): string {
  if (words.length === 0) return "\n";
  const digits = String(words.length).length;
  const widest = Math.max(...words.map((word) => word.length)) + digits + 2 + 2;
  const fits = Math.max(1, Math.floor(columns / widest));
  let rows = Math.ceil(words.length / fits);
  if (rows === 1) rows = Math.ceil(words.length / rows);
  const first = String(rows).length;
  let out = "";
  for (let row = 0; row < rows; row++) {
    for (let i = row, at = 0; i < words.length; i += rows, at += widest) {
      const width = at === 0 ? first : digits;
      out += `${String(i + 1).padStart(width)}) ${words[i]}`;
      const end = at + words[i]!.length + width + 2;
      if (i + rows < words.length) out += indent(end, at + widest);
    }
    out += "\n";
  }
  return out;
}

/** What ^G shows. */

const text = `
^O writes the text to a file, ^X leaves nano and asks what has not been written. ^R inserts a file, ^T what a command prints.

^K cuts the line, or what is marked, and ^U pastes it; several ^K in a row are pasted together. M-6 copies. M-A or the arrows with Shift mark. M-T cuts all that follows. M-U takes a change back, M-E makes it again.

^W or ^F searches, ^Q or ^B backwards, M-W and M-Q the next one; in the prompt M-C minds case and M-R takes a pattern. ^\\ replaces.

^A and ^E go to the line's ends, ^Y and ^V by screens, M-\\ and M-/ to the text's ends, ^/ or M-G to a line. ^C tells where the cursor is, M-D counts words, M-] goes to the other bracket.

^J fills the paragraph. M-} and M-{ indent, M-3 makes comments. M-V takes the next key as it is.

M-N shows numbers of lines, M-I indents new lines, M-O makes blanks of tabs, M-X hides the help lines, M-C shows the place always. M-< and M-> go from file to file.
`;

/** The text in rows of a width. */
export function helpRows(cols: number): string[] {
  const rows: string[] = [];
  for (const paragraph of text.split("\n")) {
    let row = "";
    for (const word of paragraph.split(" ")) {
      if (row !== "" && row.length + 1 + word.length > Math.max(20, Math.min(cols, 74) - 1)) {
        rows.push(row);
        row = "";
      }
      row += ` ${word}`;
    }
    rows.push(row.trimEnd());
  }
  return rows;
}

/** Lines of a width at most, broken at blanks. k8s: kubectl/pkg/util/term, github.com/mitchellh/go-wordwrap */
export function wordWrap(text: string, max: number): string {
  let out = "";
  let current = 0;
  let [word, space] = ["", ""];
  const take = (): void => {
    current += space.length + word.length;
    out += space + word;
    space = word = "";
  };
  for (const c of text) {
    if (c === "\n") {
      if (word !== "" || current + space.length <= max) take();
      space = "";
      out += c;
      current = 0;
    } else if (c !== "\u00a0" && /\s/.test(c)) {
      if (space === "" || word !== "") take();
      space += c;
    } else {
      word += c;
      const length = [...word].length;
      if (current + length + space.length > max && length < max) {
        out += "\n";
        current = 0;
        space = "";
      }
    }
  }
  if (word !== "" || current + space.length <= max) out += space + word;
  return out;
}

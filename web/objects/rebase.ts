import { lineDiff } from "../time/line-diff.ts";

/** One's own lines put on what somebody else has stored meanwhile. */
export interface Rebased {
  text: string;
  /** Lines of the other's that had to give way to one's own: both changed the same place. */
  overridden: string[];
}

/** Lines `from` up to `to` of what one began from, and what stands there now. */
interface Edit {
  from: number;
  to: number;
  lines: string[];
}

export function rebased(base: string, mine: string, theirs: string): Rebased {
  const lines = base.split("\n");
  const [own, others] = [editsOf(base, mine), editsOf(base, theirs)];
  const overridden: string[] = [];
  const kept = others.filter((edit) => {
    const clash = own.find((one) => touch(one, edit));
    if (clash && !isSame(clash, edit)) overridden.push(...edit.lines);
    return !clash;
  });
  const all = [...own, ...kept].sort((a, b) => b.from - a.from);
  for (const { from, to, lines: put } of all) lines.splice(from, to - from, ...put);
  return {
    text: asStored(lines.join("\n"), base, mine, theirs),
    overridden: overridden.filter((line) => !version.test(line)),
  };
}

const version = /^ {2}resourceVersion: .*$/m;

/** With the version of what is stored now, unless one has written another by hand. */
function asStored(text: string, base: string, mine: string, theirs: string): string {
  const [begun, own, stored] = [base, mine, theirs].map((one) => version.exec(one)?.[0]);
  return begun === own && stored !== undefined ? text.replace(version, stored) : text;
}

/** Also where one ends as the other begins: which of two insertions comes first nobody knows. */
const touch = (a: Edit, b: Edit): boolean =>
  (a.from < b.to && b.from < a.to) || (a.from === b.from && (a.from === a.to || b.from === b.to));

const isSame = (a: Edit, b: Edit): boolean =>
  a.from === b.from && a.to === b.to && a.lines.join("\n") === b.lines.join("\n");

function editsOf(before: string, after: string): Edit[] {
  const edits: Edit[] = [];
  let at = 0;
  let open: Edit | undefined;
  for (const { sign, text } of lineDiff(before, after)) {
    if (sign === "@") {
      at = Number.parseInt(text.slice(1), 10) - 1;
      open = undefined;
    } else if (sign === " ") {
      at++;
      open = undefined;
    } else {
      if (!open) edits.push((open = { from: at, to: at, lines: [] }));
      if (sign === "+") open.lines.push(text);
      else open.to = ++at;
    }
  }
  return edits;
}

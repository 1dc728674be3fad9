/** What is wrong with an expression, as upstream shows it. cel-go: common/errors.go, common/error.go */

export interface Issue {
  /** Offset in the text; -1: of no place. */
  at: number;
  text: string;
}

/** k8s: nothing says otherwise. cel-go: common.Errors maxErrorsToReport */
const issuesTold = 100;

/** Line (from 1) and column (from 0, in characters) of an offset. */
function placeOf(source: string, at: number): { line: number; column: number; from: number } {
  if (at < 0) return { line: -1, column: -1, from: 0 };
  const before = source.slice(0, at);
  const from = before.lastIndexOf("\n") + 1;
  let line = 1;
  for (let i = before.indexOf("\n"); i >= 0; i = before.indexOf("\n", i + 1)) line++;
  return { line, column: [...before.slice(from)].length, from };
}

function shown(source: string, issue: Issue): string {
  const { line, column, from } = placeOf(source, issue.at);
  // Nothing at all has no place in it.
  if (source === "" && issue.at === 0) return `ERROR: <input>:1:0: ${issue.text}`;
  const head = `ERROR: <input>:${line}:${column + 1}: ${issue.text}`;
  if (line < 0) return head;
  const end = source.indexOf("\n", from);
  const snippet = source.slice(from, end < 0 ? undefined : end).replaceAll("\t", " ");
  const characters = [...snippet];
  const wide = (c: string | undefined): boolean => c !== undefined && c.charCodeAt(0) > 127;
  const dots = characters.slice(0, column).map((c) => (wide(c) ? "．" : "."));
  const mark = wide(characters[column]) ? "＾" : "^";
  return `${head}\n | ${snippet}\n | ${dots.join("")}${mark}`;
}

/** All of them, by place. */
export function issuesText(source: string, issues: readonly Issue[]): string {
  const placed = issues.map((issue) => ({ issue, place: placeOf(source, issue.at) }));
  placed.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  const told = placed.slice(0, issuesTold).map(({ issue }) => shown(source, issue));
  if (issues.length > issuesTold) {
    told.push(`${issues.length - issuesTold} more errors were truncated`);
  }
  return told.join("\n");
}

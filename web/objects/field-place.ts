import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Pair } from "yaml";

/** Where in an object's YAML the field stands that the server does not take. */

export interface Place {
  /** From 1. */
  line: number;
  /** Offsets in the text: what is marked. */
  start: number;
  end: number;
}

/** Above it a text is not looked through: it would hold up the page. */
const charsMax = 512 * 1024;

/** The first place that a message of the API server's names; undefined: it names none that there is. */
export function placeIn(text: string, message: string): Place | undefined {
  if (text.length > charsMax) return undefined;
  const line = /\bline (\d+)\b/.exec(message);
  if (line) return ofLine(text, Number(line[1]));
  for (const path of pathsIn(message)) {
    const found = ofPath(text, path);
    if (found) return found;
  }
  return undefined;
}

/**
 * Paths as the server writes them: `unknown field "spec.replica"`, `Go struct field DeploymentSpec.spec.replicas of type`,
 * `is invalid: [spec.replicas: Invalid value: ..., metadata.labels: ...`.
 */
function pathsIn(message: string): string[] {
  const quoted = [...message.matchAll(/\bfield "([^"]+)"/g)].map(([, path]) => path!);
  const typed = /struct field \w+\.(\S+) of type/.exec(message)?.[1];
  const invalid = message.split(/ is invalid: | is forbidden: /)[1] ?? "";
  const named = invalid
    .split(/: (?=Invalid|Required|Forbidden|Unsupported|Duplicate|Too|Not|Internal)/)
    .map((before) => before.split(/[\s,]\[?|^\[/).at(-1)!);
  return [...quoted, ...(typed === undefined ? [] : [typed]), ...named.slice(0, -1)];
}

function ofLine(text: string, line: number): Place | undefined {
  const lines = text.split("\n");
  if (line < 1 || line > lines.length) return undefined;
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return { line, start, end: start + lines[line - 1]!.length };
}

/** `spec.template.spec.containers[0].image`, `metadata.labels[example.com/tier]`. */
const stepsOf = (path: string): string[] =>
  [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, inBrackets, plain]) =>
    (inBrackets ?? plain!).replaceAll('"', ""),
  );

/** Of a field that is not there: the nearest one above it. */
function ofPath(text: string, path: string): Place | undefined {
  const counter = new LineCounter();
  const steps = stepsOf(path);
  let node: unknown = parseDocument(text, { lineCounter: counter, logLevel: "silent" }).contents;
  let found: Node | undefined;
  for (const step of steps) {
    const next = below(node, step);
    if (!next) break;
    found = next.marked;
    node = next.value;
  }
  if (!found?.range) return undefined;
  const [start, end] = found.range;
  return { line: counter.linePos(start).line, start, end };
}

function below(node: unknown, step: string): { marked: Node; value: unknown } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step) as
      | Pair<Node, unknown>
      | undefined;
    return pair && { marked: pair.key, value: pair.value };
  }
  if (!isSeq(node)) return undefined;
  const item = /^\d+$/.test(step) ? (node.items[Number(step)] as Node | undefined) : undefined;
  return (
    item && { marked: isMap(item) ? ((item.items[0]?.key as Node) ?? item) : item, value: item }
  );
}

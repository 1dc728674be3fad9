/** Properties and rows as nodes. */
import { collection, nothing, scalar, type Origin, type YqNode } from "./node.ts";
import { spread } from "./reading.ts";
import { tagOf } from "./tags.ts";

const plain = (text: string): YqNode => scalar(text, tagOf(text));

/** A properties file's keys are paths. */
export function propsDocument(text: string, origin: Origin): YqNode {
  const root = collection("map");
  let head: string[] = [];
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || /^[#!]/.test(line)) {
      if (line) head.push(line.replace(/^!/, "#"));
      continue;
    }
    const place = line.search(/[=:]/);
    const name = (place < 0 ? line : line.slice(0, place)).trim();
    const value = place < 0 ? "" : line.slice(place + 1).trim();
    let node = root;
    const parts = name.split(".");
    parts.forEach((part, i) => {
      if (i < parts.length - 1) {
        const child = nothing();
        child.pending = true;
        child.parent = node;
        child.key = /^\d+$/.test(part) ? scalar(part, "!!int") : scalar(part);
        const known = node.kind === "map" ? node.get(part) : node.content[Number(part)];
        node = known ?? child;
        return;
      }
      const leaf = scalar(value.replaceAll("\\n", "\n"));
      leaf.pending = true;
      leaf.parent = node;
      leaf.key = /^\d+$/.test(part) && node.kind !== "map" ? scalar(part, "!!int") : scalar(part);
      if (head.length > 0) leaf.key.head = head.join("\n");
      leaf.attach();
    });
    head = [];
  }
  return spread(root, origin);
}

/** Rows below a line of names. */
export function rowsDocument(text: string, separator: string, origin: Origin): YqNode {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const end = (): void => {
    row.push(cell);
    cell = "";
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === separator) end();
    else if (c === "\n") {
      end();
      rows.push(row);
      row = [];
    } else if (c !== "\r") cell += c;
  }
  if (cell !== "" || row.length > 0) {
    end();
    rows.push(row);
  }
  const [names = [], ...rest] = rows;
  const out = collection("seq");
  for (const cells of rest) {
    const map = collection("map");
    names.forEach((name, i) => map.add(plain(cells[i] ?? ""), scalar(name)));
    out.add(map);
  }
  return spread(out, origin);
}

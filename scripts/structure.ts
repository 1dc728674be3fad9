import path from "node:path";
import { shapesOf } from "./shapes.ts";
import { filesBelow, isCode, readSource, type Source } from "./source.ts";

/**
 * How the parts of the product hang together, counted on their imports (those of types alone included):
 * `node scripts/structure.ts` prints it, and test/tidy.test.ts holds it to its targets.
 */

export interface Structure {
  /** Files that import each other, directly or around corners: each list is one circle. */
  circles: string[][];
  /** Folders of the engine of which each imports the other. */
  pairs: [string, string][];
  /** Source files that lie directly in a folder, by folder. */
  loose: Map<string, number>;
}

const engine = "durable-objects/engine/";

/** Folder of the engine that a file belongs to; its own files belong to "index". */
export function floorOf(file: string): string | undefined {
  if (!file.startsWith(engine)) return undefined;
  const [first = "", ...rest] = file.slice(engine.length).split("/");
  return rest.length > 0 ? first : "index";
}

export function structureOf(sources: readonly Source[]): Structure {
  const known = new Set(sources.map(({ file }) => file));
  const imports = new Map(
    sources.map(({ file, imports: all }) => [
      file,
      [...new Set(all.flatMap(({ file: to }) => (to && known.has(to) ? [to] : [])))],
    ]),
  );
  const loose = new Map<string, number>();
  for (const { file } of sources) {
    const folder = path.posix.dirname(file);
    loose.set(folder, (loose.get(folder) ?? 0) + 1);
  }
  return { circles: circlesOf(imports), pairs: pairsOf(imports), loose };
}

/** Strongly connected components of more than one file (Tarjan's algorithm). */
function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): void => {
    const at = order.size;
    order.set(file, at);
    lowest.set(file, at);
    stack.push(file);
    for (const to of imports.get(file) ?? []) {
      if (!order.has(to)) visit(to);
      if (stack.includes(to)) {
        lowest.set(file, Math.min(lowest.get(file)!, lowest.get(to)!));
      }
    }
    if (lowest.get(file) !== at) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) circles.push(circle.sort());
  };
  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return circles;
}

function pairsOf(imports: ReadonlyMap<string, readonly string[]>): [string, string][] {
  const ways = new Set<string>();
  for (const [file, all] of imports) {
    for (const to of all) ways.add(`${floorOf(file)} ${floorOf(to)}`);
  }
  return [...ways]
    .map((way) => way.split(" ") as [string, string])
    .filter(([from, to]) => from < to && ways.has(`${to} ${from}`));
}

/** Shapes of objects that the product declares elsewhere than with their kinds: `file name`. */
export const strayShapesOf = (sources: readonly Source[]): string[] =>
  sources
    .filter(({ file }) => /^(worker|durable-objects)\//.test(file))
    .filter(({ file }) => floorOf(file) !== "kinds")
    .flatMap((source) => shapesOf(source).map((name) => `${source.file} ${name}`));

function print(): void {
  const folders = ["worker", "durable-objects", "web", "scripts"];
  const sources = folders
    .flatMap((folder) => filesBelow(folder))
    .filter(isCode)
    .map(readSource);
  const { circles, pairs, loose } = structureOf(sources);
  const most = [...loose].sort(([, a], [, b]) => b - a).slice(0, 3);
  console.log(`circles of files: ${circles.length}`);
  for (const circle of circles) console.log(`  ${circle.length}: ${circle.join(" ")}`);
  console.log(`folders of the engine that import each other: ${pairs.length}`);
  for (const pair of pairs) console.log(`  ${pair.join(" and ")}`);
  console.log("most loose files in a folder:");
  for (const [folder, count] of most) console.log(`  ${count} ${folder}`);
  const stray = strayShapesOf(sources);
  console.log(`shapes of objects declared outside kinds: ${stray.length}`);
  for (const shape of stray) console.log(`  ${shape}`);
}

if (import.meta.main) print();

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseSync } from "vite";
import { root } from "./root.ts";

export interface Import {
  /** As written: `./x.ts`, `yaml`. */
  from: string;
  typeOnly: boolean;
  /** For relative ones: the project path it means. */
  file: string | undefined;
}

export interface Source {
  /** Project path with forward slashes. */
  file: string;
  text: string;
  lines: number;
  imports: Import[];
  functions: { name: string; line: number; lines: number }[];
  /** Free identifiers and member names, async functions, awaits: what the engine's bans look at. */
  words: { word: string; line: number }[];
}

const skipped = new Set(["node_modules", "dist", ".git", ".wrangler", ".podyard", "meta"]);

/** Project paths of all files below a folder ("" for the whole project). */
export function filesBelow(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...filesBelow(file));
    else if (entry.isFile()) found.push(file);
  }
  return found.sort();
}

export const isCode = (file: string): boolean => /\.tsx?$/.test(file) && !file.endsWith(".d.ts");

export function readSource(file: string): Source {
  return parse(file, readFileSync(path.join(root, file), "utf8"));
}

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

export function parse(file: string, text: string): Source {
  const { program, errors, module } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]!.message}`);
  const lineAt = lineCounter(text);
  const source: Source = {
    file,
    text,
    lines: text.split("\n").length - 1,
    imports: [],
    functions: [],
    words: [],
  };
  for (const found of module.staticImports) {
    source.imports.push(
      importOf(
        file,
        found.moduleRequest.value,
        /^import\s+type\b/.test(text.slice(found.start, found.end)),
      ),
    );
  }
  for (const found of module.staticExports) {
    const request = found.entries.find((entry) => entry.moduleRequest)?.moduleRequest;
    const typeOnly = found.entries.every((entry) => entry.isType);
    if (request) source.imports.push(importOf(file, request.value, typeOnly));
  }
  for (const found of module.dynamicImports) {
    const written = text.slice(found.moduleRequest.start, found.moduleRequest.end);
    if (/^["'].*["']$/.test(written)) {
      source.imports.push(importOf(file, written.slice(1, -1), false));
    }
  }
  walk(program as unknown as Node, undefined, source, lineAt);
  return source;
}

function importOf(file: string, from: string, typeOnly: boolean): Import {
  const relative = from.startsWith(".");
  return {
    from,
    typeOnly,
    file: relative ? path.posix.join(path.posix.dirname(file), from) : undefined,
  };
}

function walk(
  node: Node,
  parent: Node | undefined,
  source: Source,
  lineAt: (at: number) => number,
): void {
  if (/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) {
    const line = lineAt(node.start);
    const lines = lineAt(node.end) - line + 1;
    source.functions.push({ name: nameOf(node, parent), line, lines });
    if (node["async"]) source.words.push({ word: "async", line });
  }
  if (node.type === "AwaitExpression") {
    source.words.push({ word: "await", line: lineAt(node.start) });
  }
  collectWord(node, parent, source, lineAt);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child === "object" && child !== null && typeof child.type === "string") {
        walk(child as Node, node, source, lineAt);
      }
    }
  }
}

/** Free identifiers (`Date`), types (`Promise`), and calls on members (`Math.random`, `.localeCompare`). */
function collectWord(
  node: Node,
  parent: Node | undefined,
  source: Source,
  lineAt: (at: number) => number,
): void {
  if (node.type === "MemberExpression" && !node["computed"]) {
    const object = node["object"] as Node;
    const property = (node["property"] as Node)["name"] as string;
    const line = lineAt(node.start);
    source.words.push({ word: `.${property}`, line });
    if (object.type === "Identifier") {
      source.words.push({ word: `${String(object["name"])}.${property}`, line });
    }
  }
  if (node.type !== "Identifier") return;
  const isName =
    parent !== undefined &&
    ((parent.type === "MemberExpression" && parent["property"] === node && !parent["computed"]) ||
      (parent["key"] === node && !parent["computed"]));
  if (!isName) source.words.push({ word: String(node["name"]), line: lineAt(node.start) });
}

function nameOf(node: Node, parent: Node | undefined): string {
  const own = node["id"] as Node | null | undefined;
  const outer = (parent?.["id"] ?? parent?.["key"]) as Node | null | undefined;
  return String(own?.["name"] ?? outer?.["name"] ?? "(unnamed)");
}

function lineCounter(text: string): (at: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (at) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}

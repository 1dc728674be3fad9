import { parseSync } from "vite";

/**
 * The statements of a bundled module, and which of them have to be evaluated before which. A bundle has them in the order of imports; what
 * is only made when it is evaluated (functions, classes, literals of these) may stand anywhere before whoever reads it at once.
 */

export interface Statement {
  text: string;
  /** Where it stands in the module, without what is put around it. */
  start: number;
  end: number;
  /** Characters of `text` before that. */
  lead: number;
  kind: "import" | "function" | "made" | "evaluated" | "barrier" | "export";
  /** The source file, as the bundler's comment names it. */
  file: string;
  /** By their index: what must stand before it. */
  after: number[];
}

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

interface Part extends Statement {
  node: Node;
  /** Names of the module's own that it reads when it is evaluated itself, beyond functions and methods within it. */
  reads: string[];
}

export function statementsOf(code: string): Statement[] {
  const { program, comments, errors } = parseSync("module.js", code, {
    sourceType: "module",
    preserveParens: false,
  });
  if (errors.length > 0) throw new Error(errors[0]!.message);
  const files = comments.filter(({ type, value }) => type === "Line" && /^ \S+\.\w+$/.test(value));
  const parts: Part[] = [];
  let file = "";
  for (const node of program.body as unknown as Node[]) {
    while (files.length > 0 && files[0]!.start < node.start) file = files.shift()!.value.trim();
    while (files.length > 0 && files[0]!.start < node.end) files.shift();
    parts.push(...partsOf(node, code, file));
  }
  constrain(parts);
  return parts;
}

/** `var a = 1, b = 2` is two. */
function partsOf(node: Node, code: string, file: string): Part[] {
  const part = (of: Node, kind: Statement["kind"], lead = "", tail = "", reads: string[] = []) => ({
    ...{ text: `${lead}${code.slice(of.start, of.end)}${tail}`, start: of.start, end: of.end },
    ...{ lead: lead.length, kind, file, after: [] as number[], node: of, reads },
  });
  if (node.type === "ImportDeclaration") return [part(node, "import")];
  if (node.type.startsWith("Export")) return [part(node, "export")];
  if (node.type === "FunctionDeclaration") return [part(node, "function")];
  if (node.type === "VariableDeclaration") {
    return (node["declarations"] as Node[]).map((one) => {
      const reads: string[] = [];
      const made = (one["id"] as Node).type === "Identifier" && isMade(one["init"], reads);
      return part(one, made ? "made" : "evaluated", `${String(node["kind"])} `, ";", reads);
    });
  }
  const reads: string[] = [];
  return [part(node, isMade(node, reads) ? "made" : "barrier", "", "", reads)];
}

/**
 * Whether evaluating it does nothing but make a value: nothing is called, no property read. What it reads goes into `reads`.
 * A declaration without a value is.
 */
function isMade(value: unknown, reads: string[]): boolean {
  const node = value as Node | null;
  if (!node) return true;
  const all = (nodes: unknown): boolean => (nodes as Node[]).every((one) => isMade(one, reads));
  switch (node.type) {
    case "Literal":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return true;
    case "Identifier":
      reads.push(String(node["name"]));
      return true;
    case "TemplateLiteral":
      return (node["expressions"] as Node[]).length === 0;
    case "ArrayExpression":
      return all(node["elements"]);
    case "ObjectExpression":
      return all(node["properties"]);
    case "Property":
      return node["computed"] === false && isMade(node["value"], reads);
    case "UnaryExpression":
      return node["operator"] !== "delete" && (node["argument"] as Node).type === "Literal";
    case "NewExpression":
      return isCollection(node["callee"] as Node) && all(node["arguments"]);
    case "ClassDeclaration":
    case "ClassExpression":
      return isMade(node["superClass"], reads) && all((node["body"] as Node)["body"]);
    case "MethodDefinition":
      return node["computed"] === false;
    case "PropertyDefinition":
      return node["computed"] === false && (!node["static"] || isMade(node["value"], reads));
    default:
      return false;
  }
}

const isCollection = (callee: Node): boolean =>
  callee.type === "Identifier" && ["Set", "Map", "WeakMap"].includes(String(callee["name"]));

/**
 * What is only made stands after what it reads. What is evaluated (a call) stands after everything that it may reach, by whatever function, as
 * far as that stood before it; what stood behind it, it cannot have needed. Evaluated ones of a file keep their order, and those of all
 * packages: our own files do nothing to each other when they are loaded, or tests could not import them one by one.
 */
function constrain(parts: Part[]): void {
  const declared = new Map<string, number>();
  parts.forEach(({ node }, index) => {
    for (const name of boundIn(node["id"])) declared.set(name, index);
  });
  const indexOf = (name: string): number => declared.get(name) ?? -1;
  const named = parts.map(({ node }) => [...namesIn(node)].map(indexOf).filter((one) => one >= 0));
  const lastOf = new Map<string, number>();
  let barrier = -1;
  parts.forEach(({ kind, after, reads, file }, index) => {
    const follow = (others: Iterable<number>): void => {
      for (const other of others) {
        if (other < 0 || other >= index) continue;
        if (parts[other]!.kind !== "function" && parts[other]!.kind !== "import") after.push(other);
      }
    };
    if (kind === "made") follow(new Set(reads.map(indexOf)));
    if (kind === "barrier") follow(parts.keys());
    if (kind === "evaluated") {
      const owner = file.startsWith("node_modules/") ? "packages" : file;
      follow(new Set([...reached(index, named), lastOf.get(owner) ?? -1, barrier]));
      lastOf.set(owner, index);
    }
    if (kind === "barrier") barrier = index;
  });
}

/** What it may reach, by whatever function. */
function reached(index: number, named: readonly (readonly number[])[]): number[] {
  const seen = new Uint8Array(named.length);
  const found = [...named[index]!];
  for (const one of found) seen[one] = 1;
  // What is added meanwhile is gone through too.
  for (const one of found) {
    for (const next of named[one]!) {
      if (seen[next] === 0) found.push(next);
      seen[next] = 1;
    }
  }
  return found;
}

function boundIn(pattern: unknown): string[] {
  const node = pattern as Node | null | undefined;
  if (!node) return [];
  if (node.type === "Identifier") return [String(node["name"])];
  const inner = [
    node["properties"],
    node["elements"],
    node["value"],
    node["left"],
    node["argument"],
  ];
  return inner.flat().flatMap(boundIn);
}

/** Every identifier, of inner scopes too: one too many costs freedom alone, and the bundler gives those other names. */
function namesIn(value: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const one of value) namesIn(one, found);
  else if (typeof value === "object" && value !== null) {
    const node = value as Node;
    if (node.type === "Identifier") found.add(String(node["name"]));
    const fixed = node["computed"] === false;
    for (const [key, inner] of Object.entries(node)) {
      const isName = key === "property" || (key === "key" && node["shorthand"] !== true);
      if (typeof inner === "object" && !(fixed && isName)) namesIn(inner, found);
    }
  }
  return found;
}

import { parseSync } from "vite";
import type { Source } from "./source.ts";

interface Node {
  type: string;
  [key: string]: unknown;
}

/**
 * The types of a file that say what an object of Kubernetes is: an interface that extends KubeObject, KubeObject with fields
 * of its own, or fields `metadata` and `spec` or `status`. By name; "(unnamed)" where a type is written in place.
 */
export function shapesOf({ file, text }: Pick<Source, "file" | "text">): string[] {
  const { program } = parseSync(file, text);
  const found: string[] = [];
  const visit = (node: Node, outer: string): void => {
    const name = /^TS(Interface|TypeAlias)Declaration$/.test(node.type)
      ? nameOf(node["id"])
      : outer;
    if (isShape(node)) found.push(name);
    for (const child of Object.values(node).flat()) if (isNode(child)) visit(child, name);
  };
  visit(program as unknown as Node, "(unnamed)");
  return found;
}

function isShape(node: Node): boolean {
  const list = (field: string): Node[] => (node[field] as Node[] | undefined) ?? [];
  if (node.type === "TSInterfaceDeclaration") {
    return list("extends").some(({ expression }) => nameOf(expression) === "KubeObject");
  }
  if (node.type === "TSIntersectionType") {
    const types = list("types");
    return (
      types.some(({ typeName }) => nameOf(typeName) === "KubeObject") &&
      types.some(({ type }) => type === "TSTypeLiteral")
    );
  }
  if (node.type !== "TSInterfaceBody" && node.type !== "TSTypeLiteral") return false;
  const members = [...list("body"), ...list("members")].map(({ key }) => nameOf(key));
  return members.includes("metadata") && (members.includes("spec") || members.includes("status"));
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

const nameOf = (node: unknown): string => String((node as Node | undefined)?.["name"]);

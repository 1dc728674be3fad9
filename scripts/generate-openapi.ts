import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { builtin } from "../durable-objects/engine/api/discovery/registry.ts";
import {
  assetPath,
  openApiDocument,
  openApiV2Document,
  openApiV2Protobuf,
  v2AssetPath,
  type Descriptions,
} from "../durable-objects/engine/schema/openapi.ts";
import { splitTypeName, structType, typeNames } from "../durable-objects/engine/schema/types.ts";

/**
 * Writes the OpenAPI documents with descriptions as static assets, named by their hash. Without them
 * the engine's own documents are served, which lack the descriptions alone. The descriptions are those
 * of the npm package @kubernetes/client-node (Apache-2.0, generated from Kubernetes' own schemas); it
 * has none for fields that refer to another type: these come from kubernetes-types (Apache-2.0 too).
 */

const root = new URL("..", import.meta.url).pathname;
const models = path.join(root, "node_modules/@kubernetes/client-node/dist/gen/models");
const types = path.join(root, "node_modules/kubernetes-types");
const folders = ["v2", "v3"].map((version) => path.join(root, "web/public/openapi", version));

/** Model of the package for a type of the facts: `V1DeploymentSpec`, `CoreV1EndpointPort`. */
function modelOf(typeName: string): string | undefined {
  const { version, kind } = splitTypeName(typeName);
  const group = typeName.slice(0, typeName.indexOf("/"));
  const title = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
  const names = [`${title(group)}${title(version)}${kind}`, `${title(version)}${kind}`];
  return names.find((name) => existsSync(path.join(models, `${name}.d.ts`)));
}

const comment = String.raw`/\*\*\s*\n((?:\s*\*(?!/).*\n)+?)\s*\*/\s*\n`;
const classPattern = new RegExp(`${comment}export declare class`);
const fieldPattern = new RegExp(`${comment}\\s*'([^']+)'\\??:`, "g");

/** The text of a doc comment: its lines without their stars. */
const textOf = (lines: string): string =>
  lines
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim()
    .replaceAll("*_/", "*/")
    .replace(/\\(["'\\])/g, "$1");

const interfacePattern =
  /(?:\/\*\*((?:(?!\*\/)[^])*)\*\/\s*)?export (?:interface|type) (\w+)[^{\n]*\{\n([^]*?)\n\}/g;
const memberPattern = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*"?([$\w-]+)"?\??:/g;

/** What kubernetes-types says of the types of one group version: type -> field -> text. */
const olderFiles = new Map<string, Record<string, Record<string, string>>>();

function olderDescriptions(typeName: string): Record<string, string> {
  const dot = typeName.indexOf(".", typeName.indexOf("/"));
  const file = path.join(types, `${typeName.slice(0, dot)}.d.ts`);
  let known = olderFiles.get(file);
  if (!known) {
    known = {};
    const source = existsSync(file) ? readFileSync(file, "utf8") : "";
    for (const [, own, name = "", members = ""] of source.matchAll(interfacePattern)) {
      const out: Record<string, string> = own ? { "": textOf(own) } : {};
      for (const [, text = "", field = ""] of members.matchAll(memberPattern)) {
        out[field] = textOf(text);
      }
      known[name] = out;
    }
    olderFiles.set(file, known);
  }
  return known[typeName.slice(dot + 1)] ?? {};
}

function descriptionsOf(typeName: string): Record<string, string> | undefined {
  const model = modelOf(typeName);
  if (!model) return undefined;
  const source = readFileSync(path.join(models, `${model}.d.ts`), "utf8");
  const out: Record<string, string> = {};
  const own = classPattern.exec(source)?.[1];
  if (own) out[""] = textOf(own);
  for (const [, lines, name] of source.matchAll(fieldPattern)) {
    // The package renames what JavaScript can not have as a name: _default, _continue.
    if (!lines || !name) continue;
    const text = textOf(lines);
    // The package puts the type's text in place of the field's own, which the older one has.
    if (!text.startsWith("IntOrString is a type that")) out[name.replace(/^_/, "")] = text;
  }
  // A type of another group can have the same short name: its fields tell.
  const known = structType(typeName).fields;
  const fields = [...source.matchAll(/^ {4}'([^']+)'\??:/gm)].map((m) => m[1] ?? "");
  return fields.every((name) => known.has(name.replace(/^_/, ""))) ? out : undefined;
}

function allDescriptions(): Descriptions {
  const out: Record<string, Record<string, string>> = {};
  for (const name of typeNames()) {
    if (!name.includes("/")) continue;
    const found = { ...olderDescriptions(name), ...descriptionsOf(name) };
    if (Object.keys(found).length) out[name] = found;
  }
  return out;
}

const descriptions = allDescriptions();
for (const folder of folders) {
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) rmSync(path.join(folder, file));
}
let bytes = 0;
function write(asset: string, document: unknown): void {
  const content = document instanceof Uint8Array ? document : JSON.stringify(document);
  bytes += content.length;
  writeFileSync(path.join(root, "web/public", asset), content);
}
const { groupVersions } = builtin;
for (const gv of groupVersions)
  write(assetPath(gv), openApiDocument(gv, descriptions, groupVersions));
write(v2AssetPath(groupVersions), openApiV2Document(groupVersions, descriptions));
write(v2AssetPath(groupVersions, "protobuf"), openApiV2Protobuf(groupVersions, descriptions));
const described = Object.values(descriptions).reduce((n, d) => n + Object.keys(d).length, 0);
console.log(
  `openapi: ${groupVersions.length + 2} documents, ${described} descriptions, ${(bytes / 1e6).toFixed(1)} MB`,
);

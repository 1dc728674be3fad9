/** The API's document as one plain page: no script, its style a file beside it. */

export interface Shape {
  type?: string;
  description?: string;
  properties?: Record<string, Shape>;
  required?: string[];
  items?: Shape;
  anyOf?: Shape[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
}

interface Content {
  content?: Record<string, { schema?: Shape }>;
}

export interface Operation extends Record<string, unknown> {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  parameters: { name: string; in: string; required?: boolean; description?: string }[];
  requestBody?: Content;
  responses: Record<string, Content & { description?: string; $ref?: string }>;
}

export interface Document {
  info: { title: string; version: string; description: string };
  paths: Record<string, Record<string, Operation>>;
  components: {
    securitySchemes: Record<string, { description: string }>;
    responses: Record<string, { description: string }>;
  };
}

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const text = (value: string): string => value.replaceAll(/[&<>"]/g, (one) => escapes[one]!);

export const pageStyle = `:root { color-scheme: light dark; background: light-dark(#fff, #111617); color: light-dark(#18211d, #e6ebe8); }
a { color: light-dark(#1a6b57, #6fc9b0); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, .method { font-family: ui-monospace, monospace; font-size: 0.9em; }
h2 { margin-top: 2.5rem; text-transform: capitalize; }
section { border-top: 1px solid; padding: 0.5rem 0 1rem; }
.method { font-weight: 700; }
code, td { overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.2rem 1rem 0.2rem 0; }
td:first-child { min-width: 9ch; }
`;

export function apiPage(document: Document, styleFile: string): string {
  const { info, paths, components } = document;
  const tags = new Map<string, string[]>();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const tag = operation.tags[0] ?? "";
      const sections = tags.get(tag) ?? [];
      sections.push(section(document, method, path, operation));
      tags.set(tag, sections);
    }
  }
  const schemes = Object.entries(components.securitySchemes).map(
    ([name, { description }]) => `<tr><td><code>${name}</code><td>${text(description)}`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${text(info.title)} API</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/assets/${styleFile}">
<main>
<p><a href="/">${text(info.title)}</a></p>
<h1>${text(info.title)} API</h1>
<p>${text(info.description)}</p>
<p>Version ${text(info.version)}, as an <a href="/api/openapi.json">OpenAPI 3.1 document</a>. Failures are answered as <code>application/problem+json</code>: <code>detail</code> says what to do.</p>
<h2>Who asks</h2>
<table>${schemes.join("\n")}</table>
${[...tags].map(([tag, sections]) => `${tag === "" ? "" : `<h2>${text(tag)}</h2>\n`}${sections.join("\n")}`).join("\n")}
</main>
</html>
`;
}

function section(
  { components }: Document,
  method: string,
  path: string,
  operation: Operation,
): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const asked = parameters.map((one) =>
    row(one.name, `${one.in}${one.required ? ", required" : ""}`, one.description ?? ""),
  );
  const answers = Object.entries(responses).map(([status, answer]) => {
    const said = answer.description ?? components.responses[named(answer.$ref)]?.description ?? "";
    return `<tr><td><code>${status}</code><td>${text(said)}${membersOf(answer)}`;
  });
  return `<section id="${operationId}">
<h3><a href="#${operationId}"><span class="method">${method.toUpperCase()}</span> <code>${text(path)}</code></a></h3>
<p>${text(summary)}. ${text(description)}</p>
${asked.length > 0 ? `<h4>Parameters</h4><table>${asked.join("\n")}</table>` : ""}
${requestBody ? `<h4>Body</h4>${membersOf(requestBody)}` : ""}
<h4>Answers</h4>
<table>${answers.join("\n")}</table>
</section>`;
}

const named = (reference = ""): string => reference.slice(reference.lastIndexOf("/") + 1);

const row = (name: string, kind: string, said: string): string =>
  `<tr><td><code>${text(name)}</code><td>${text(kind)}<td>${text(said)}`;

function membersOf({ content = {} }: Content): string {
  return Object.entries(content)
    .map(([type, { schema }]) => {
      if (!schema) return `<p><code>${text(type)}</code></p>`;
      const members = Object.entries(schema.properties ?? {}).map(([name, shape]) =>
        row(name, kindOf(shape), schema.required?.includes(name) ? "always" : boundsOf(shape)),
      );
      return members.length > 0 ? `<table>${members.join("\n")}</table>` : "";
    })
    .join("");
}

function kindOf(shape: Shape): string {
  if (shape.enum) return shape.enum.map((one) => JSON.stringify(one)).join(" or ");
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.anyOf) return [...new Set(shape.anyOf.map(kindOf))].join(" or ");
  if (shape.type === "array") return `list of ${kindOf(shape.items ?? {})}`;
  if (shape.type === "object" && shape.properties) {
    return `{ ${Object.keys(shape.properties).join(", ")} }`;
  }
  return shape.type ?? "anything";
}

function boundsOf({ minimum, maximum, maxLength, default: preset }: Shape): string {
  return [
    minimum !== undefined && maximum !== undefined ? `${minimum} to ${maximum}` : "",
    maxLength === undefined ? "" : `at most ${maxLength} characters`,
    preset === undefined ? "" : `${JSON.stringify(preset)} where left out`,
  ]
    .filter(Boolean)
    .join("; ");
}

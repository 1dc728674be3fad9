/** `-o custom-columns`. k8s: kubectl/pkg/cmd/get/customcolumn.go */
import { Failure } from "../errors.ts";
import { goText } from "../go/format.ts";
import { isList, type KubeObject } from "../objects.ts";
import { JsonPath, relaxedPath } from "./jsonpath.ts";
import { escapeTerminal } from "./table.ts";
import { TabWriter } from "./tab-writer.ts";

interface Column {
  header: string;
  path: string;
}

/** `NAME:.metadata.name,...` */
export function columnsOf(spec: string): Column[] {
  return spec.split(",").map((part) => {
    const colon = part.indexOf(":");
    if (colon < 0)
      throw new Failure(
        `unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`,
      );
    return { header: part.slice(0, colon), path: relaxedPath(part.slice(colon + 1)) };
  });
}

const format =
  "Expected format is one line of space separated headers, one line of space separated column specs.";

/** Two lines: headers, and their paths. */
export function columnsOfTemplate(text: string): Column[] {
  const lines = text.split("\n");
  if (text === "") throw new Failure(`invalid template, missing header line. ${format}`);
  const words = (line: string): string[] => line.split(/\s+/).filter(Boolean);
  const headers = words(lines[0] ?? "");
  if (lines.length < 2 || (lines.length === 2 && lines[1] === ""))
    throw new Failure(`invalid template, missing spec line. ${format}`);
  const specs = words(lines[1] ?? "");
  if (headers.length !== specs.length)
    throw new Failure(
      `number of headers (${headers.length}) and field specifications (${specs.length}) don't match`,
    );
  return headers.map((header, i) => ({ header, path: relaxedPath(specs[i] as string) }));
}

export class CustomColumns {
  readonly #columns: readonly Column[];
  readonly #noHeaders: boolean;
  /** Kind of what was printed last: its headers are there. */
  #last: string | undefined;

  constructor(columns: readonly Column[], noHeaders: boolean) {
    this.#columns = columns;
    this.#noHeaders = noHeaders;
  }

  print(object: KubeObject, event?: string): string {
    const writer = new TabWriter();
    const shape = isList(object) ? "list" : "object";
    if (!this.#noHeaders && this.#last !== shape) {
      writer.write(`${this.#columns.map(({ header }) => header).join("\t")}\n`);
      this.#last = shape;
    }
    const paths = this.#columns.map(({ path }) => new JsonPath(path, true));
    const given = event === undefined ? object : { type: event, object };
    for (const one of isList(given as KubeObject)
      ? (given as { items: KubeObject[] }).items
      : [given])
      writer.write(`${paths.map((path) => cell(path, one)).join("\t")}\n`);
    return writer.flush();
  }
}

function cell(path: JsonPath, object: unknown): string {
  const values = path.find(object);
  const texts = values.flat().map((value) => escapeTerminal(goText(value)));
  if (values.length === 0 || values[0]?.length === 0) texts.unshift("<none>");
  return texts.join(",");
}

/** Printers that `-o` names. k8s: cli-runtime/pkg/genericclioptions/print_flags.go, kubectl/pkg/cmd/get/get_flags.go */
import { readFile } from "../asks.ts";
import { Failure } from "../errors.ts";
import type { Flags } from "../flags.ts";
import { goQuote } from "../../machinery/field.ts";
import { goJson } from "../go/json.ts";
import { isList, type KubeObject } from "../objects.ts";
import type { Work } from "../work.ts";
import { columnsOf, columnsOfTemplate, CustomColumns } from "./custom-columns.ts";
import { JsonPath, printJsonPath } from "./jsonpath.ts";
import { parseTemplate, printTemplate } from "./template/template.ts";
import { printKyaml } from "./kyaml.ts";
import { printYaml } from "./yaml.ts";

/** Prints one object, or one event of a watch (`{type, object}`). */
export type Printer = (object: KubeObject, event?: string) => string;

const templateFormats = [
  "go-template",
  "go-template-file",
  "template",
  "templatefile",
  "jsonpath",
  "jsonpath-as-json",
  "jsonpath-file",
] as const;

/** Formats of commands that print objects, as their errors list them. */
const commonFormats: readonly string[] = ["json", "yaml", "kyaml", "name", ...templateFormats];
export const getFormats: readonly string[] = [
  ...commonFormats,
  "custom-columns",
  "custom-columns-file",
  "wide",
];

export const noPrinter = (format: string, allowed: readonly string[] = commonFormats): Failure =>
  new Failure(
    `unable to match a printer suitable for the output format ${goQuote(format)}, allowed formats are: ${allowed.toSorted().join(",")}`,
  );

/** An object without what its writers left about themselves. */
function withoutManagedFields(object: KubeObject): KubeObject {
  if (isList(object)) return { ...object, items: object.items.map(withoutManagedFields) };
  if (!object.metadata?.managedFields) return object;
  const { managedFields: _managed, ...metadata } = object.metadata;
  return { ...object, metadata };
}

const wrapped = (object: KubeObject, event: string | undefined): KubeObject =>
  event === undefined ? object : ({ type: event, object } as unknown as KubeObject);

/** A YAML printer separates its documents. */
function yamlPrinter(print: (value: unknown) => string): Printer {
  let count = 0;
  return (object, event) => `${count++ > 0 ? "---\n" : ""}${print(wrapped(object, event))}`;
}

/** `deployment.apps/web`, with what was done to it. k8s: cli-runtime/pkg/printers/name.go */
export function nameOf(object: KubeObject): string {
  const kind = (object.kind ?? "").toLowerCase();
  const slash = (object.apiVersion ?? "").indexOf("/");
  const group = slash < 0 ? "" : `.${(object.apiVersion ?? "").slice(0, slash)}`;
  return `${kind || "<unknown>"}${group}/${object.metadata?.name ?? ""}`;
}

function namePrinter(operation: string, short: boolean): Printer {
  const print: Printer = (object) => {
    if (isList(object)) return object.items.map((item) => print(item)).join("");
    return `${nameOf(object)}${operation && !short ? ` ${operation}` : ""}\n`;
  };
  return print;
}

interface Wanted {
  /** `created`, `configured (dry run)`: what is printed without `-o`. */
  operation?: string;
  /** Formats that the command knows. */
  allowed?: readonly string[];
  /** Instead of the flag's. */
  format?: string;
}

/** `--template`'s text: of a template, or a file. */
function* templateOf(
  format: string,
  flags: Flags,
): Work<{ kind: string; text: string } | undefined> {
  const equals = format.indexOf("=");
  const kind = equals < 0 ? format : format.slice(0, equals);
  if (!templateFormats.includes(kind as "template")) return undefined;
  const given = flags.has("template") ? flags.string("template") : "";
  const text = given || (equals < 0 ? "" : format.slice(equals + 1));
  if (text === "") throw new Failure("template format specified but no template given");
  if (!/file$/.test(kind)) return { kind, text };
  try {
    return { kind, text: yield* readFile(text) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`error reading --template ${text}, ${error.message}\n`);
  }
}

/** The printer that `-o` names; without it, `name` with what was done. Failure where there is none. */
export function* printerOf(flags: Flags, wanted: Wanted = {}): Work<Printer> {
  let format = wanted.format ?? flags.string("output");
  if (format === "" && flags.has("template") && flags.string("template") !== "")
    format = "go-template";
  const shows = flags.has("show-managed-fields") && flags.bool("show-managed-fields");
  const clean = (print: Printer): Printer =>
    shows
      ? print
      : (object, event) =>
          // Events are printed as they come. k8s: cli-runtime/pkg/printers/managedfields.go
          event === undefined ? print(withoutManagedFields(object)) : print(object, event);
  switch (format.toLowerCase()) {
    case "json":
      return clean((object, event) =>
        event === undefined
          ? `${goJson(object, "    ")}\n`
          : `{"type":${goJson(event)},"object":${goJson(object)}}\n`,
      );
    case "yaml":
      return clean(yamlPrinter(printYaml));
    case "kyaml":
      return clean(yamlPrinter(printKyaml));
    case "name":
      return namePrinter(wanted.operation ?? "", true);
    case "":
      return namePrinter(wanted.operation ?? "", false);
  }
  const template = yield* templateOf(format, flags);
  if (template) return templatePrinter(template, flags);
  const columns = yield* columnsPrinter(format, flags);
  if (columns && wanted.allowed?.includes("custom-columns")) return columns;
  throw noPrinter(format, wanted.allowed);
}

function templatePrinter({ kind, text }: { kind: string; text: string }, flags: Flags): Printer {
  const missing =
    !flags.has("allow-missing-template-keys") || flags.bool("allow-missing-template-keys");
  if (kind.startsWith("jsonpath")) {
    let path: JsonPath;
    try {
      path = new JsonPath(text, missing);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure(`error parsing jsonpath ${text}, ${error.message}\n`);
    }
    return (object, event) =>
      printJsonPath(text, path, wrapped(object, event), kind === "jsonpath-as-json");
  }
  const template = parseTemplate("output", text);
  return (object, event) => printTemplate(template, wrapped(object, event), missing);
}

function* columnsPrinter(format: string, flags: Flags): Work<Printer | undefined> {
  const equals = format.indexOf("=");
  const kind = equals < 0 ? format : format.slice(0, equals);
  if (kind !== "custom-columns" && kind !== "custom-columns-file") return undefined;
  const given = flags.has("template") ? flags.string("template") : "";
  const text = given || (equals < 0 ? "" : format.slice(equals + 1));
  if (text === "") throw new Failure("custom-columns format specified but no custom columns given");
  const noHeaders = flags.has("no-headers") && flags.bool("no-headers");
  if (kind === "custom-columns") {
    const printer = new CustomColumns(columnsOf(text), noHeaders);
    return (object, event) => printer.print(object, event);
  }
  let template: string;
  try {
    template = yield* readFile(text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`error reading template ${text}, ${error.message}\n`);
  }
  const printer = new CustomColumns(columnsOfTemplate(template), false);
  return (object, event) => printer.print(object, event);
}

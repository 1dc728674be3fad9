/**
 * What commands that change something have in common: `--dry-run`, `--validate`, `--field-manager`, `--save-config`, and how what
 * was done is printed. k8s: kubectl/pkg/cmd/util/helpers.go
 */
import { goQuote } from "../../machinery/field.ts";
import type { ApiCall } from "../client.ts";
import type { Kubectl } from "../command.ts";
import { placeOf } from "../config/client-config.ts";
import { klogHead, pathOf, type ResourceType } from "../discovery.ts";
import { Failure } from "../errors.ts";
import { parseBool } from "../flag-values.ts";
import { goJson, structJson } from "../go/json.ts";
import type { KubeObject } from "../objects.ts";
import { printerOf, type Printer } from "../printers/index.ts";
import type { Work } from "../work.ts";

export type DryRun = "none" | "client" | "server";

/** k8s: helpers.go GetDryRunStrategy */
export function* dryRunOf(k: Kubectl): Work<DryRun> {
  const given = k.flags.string("dry-run");
  const old = parseBool(given);
  if (given === "unchanged") {
    const head = yield* klogHead("helpers.go:719", "W");
    k.err(`${head} --dry-run is deprecated and can be replaced with --dry-run=client.\n`);
    return "client";
  }
  if (old !== undefined) {
    const instead = old ? "client" : "none";
    const head = yield* klogHead(old ? "helpers.go:733" : "helpers.go:736", "W");
    k.err(
      `${head} --dry-run=${given} is deprecated (boolean value) and can be replaced with --dry-run=${instead}.\n`,
    );
    return instead;
  }
  if (given === "client" || given === "server" || given === "none") return given;
  throw new Failure(`Invalid dry-run value (${given}). Must be "none", "server", or "client".`);
}

/** k8s: helpers.go GetValidationDirective */
export function validationOf(k: Kubectl): string {
  const given = k.flags.string("validate");
  const old = parseBool(given);
  if (old !== undefined) return old ? "Strict" : "Ignore";
  const known = { strict: "Strict", warn: "Warn", ignore: "Ignore" }[given];
  if (known) return known;
  throw new Failure(
    `invalid - validate option ${goQuote(given)}; must be one of: strict (or true), warn, ignore (or false)`,
  );
}

const suffixes: Record<DryRun, string> = {
  none: "",
  client: " (dry run)",
  server: " (server dry run)",
};

/** Prints an object with what was done to it, and whether it was done at all. */
export const printerFor = (k: Kubectl, dryRun: DryRun, operation: string): Work<Printer> =>
  printerOf(k.flags, {
    operation: `${operation}${suffixes[dryRun]}`,
    // `cordon` and its like print nothing but that.
    ...(k.flags.has("output") ? {} : { format: "" }),
  });

/** The same for an object that kubectl has as its Go type: in JSON its fields stand as there. */
export function* typedPrinter(k: Kubectl, dryRun: DryRun, operation: string): Work<Printer> {
  const print = yield* printerFor(k, dryRun, operation);
  if (k.flags.string("output").toLowerCase() !== "json") return print;
  return (object) => {
    const metadata = { ...object.metadata };
    if (!k.flags.bool("show-managed-fields")) delete metadata.managedFields;
    const { kind, apiVersion, ...rest } = object;
    return `${structJson({ kind, apiVersion, ...rest, metadata }, "    ")}\n`;
  };
}

export const suffixOf = (dryRun: DryRun): string => suffixes[dryRun];

/** Parameters of a request that changes something. */
export const changeQuery = (
  k: Kubectl,
  dryRun: DryRun,
  validation?: string,
): NonNullable<ApiCall["query"]> => [
  ["dryRun", dryRun === "server" ? "All" : undefined],
  ["fieldManager", k.flags.has("field-manager") ? k.flags.string("field-manager") : undefined],
  ["fieldValidation", validation],
];

export interface NamespaceChoice {
  namespace: string;
  /** `--namespace` was given. */
  explicit: boolean;
}

export function* placeIn(k: Kubectl): Work<NamespaceChoice> {
  const where = placeOf(yield* k.access());
  return { namespace: where.namespace, explicit: where.explicitNamespace };
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * Writes down how an object is meant, where that is asked for or was done before. `keysOf`: order of fields, as its encoder
 * has it. k8s: kubectl/pkg/util/apply.go CreateOrUpdateAnnotation
 */
export function annotateApplied(
  k: Kubectl,
  object: KubeObject,
  keysOf?: (value: object) => string[],
): void {
  const annotations = { ...object.metadata?.annotations };
  const wanted = k.flags.has("save-config") && k.flags.bool("save-config");
  if (!wanted && !(lastApplied in annotations)) return;
  delete annotations[lastApplied];
  object.metadata = { ...object.metadata, annotations };
  if (keysOf && Object.keys(annotations).length === 0) delete object.metadata.annotations;
  const text = `${goJson(object, "", "", keysOf)}\n`;
  object.metadata.annotations = { ...annotations, [lastApplied]: text };
}

/** Whether what a file holds can be an object at all. k8s: kubectl/pkg/validation/schema.go paramVerifyingSchema */
export function* checkKind(object: unknown, source: string): Work<void> {
  const { apiVersion, kind } = (object ?? {}) as KubeObject;
  const problems: string[] = [];
  for (const [name, value] of [
    ["apiVersion", apiVersion],
    ["kind", kind],
  ] as const) {
    if (value === undefined || value === "") problems.push(`${name} not set`);
    else if (typeof value !== "string") problems.push(`${name} isn't string type`);
  }
  if (problems.length === 0) return;
  const text = problems.length === 1 ? problems[0] : `[${problems.join(", ")}]`;
  throw new Failure(
    `error validating ${goQuote(source)}: error validating data: ${text}; if you choose to ignore these errors, turn validation off with --validate=false`,
  );
}

/** Flags without which a command does nothing. cobra: command.go ValidateRequiredFlags */
export function requireFlags(k: Kubectl, names: readonly string[]): void {
  const missing = names.filter((name) => !k.flags.changed(name));
  if (missing.length > 0) k.fail(`required flag(s) ${missing.map(goQuote).join(", ")} not set`);
}

/** Changes an object by a patch; the object as it is then. */
export function* patchObject(
  k: Kubectl,
  target: { type: ResourceType; namespace: string; name: string; subresource?: string },
  patch: unknown,
  options: { contentType: string; dryRun?: DryRun; validation?: string },
): Work<KubeObject> {
  const client = yield* k.client();
  return yield* client.json<KubeObject>({
    method: "PATCH",
    path: pathOf(target.type, target.namespace, target.name, target.subresource),
    query: changeQuery(k, options.dryRun ?? "none", options.validation),
    body: patch,
    contentType: options.contentType,
  });
}

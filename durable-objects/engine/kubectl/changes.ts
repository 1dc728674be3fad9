/** Requests that change objects, and the flags that commands which make them share. k8s: cli-runtime/pkg/resource/helper.go */
import { goQuote } from "../machinery/field.ts";
import { applyType, jsonType, type ApiCall, type ApiClient } from "./client.ts";
import type { Kubectl } from "./command.ts";
import { apiVersionOf, klogHead, pathOf } from "./discovery.ts";
import { Failure, isNotFound } from "./errors.ts";
import { parseBool } from "./flag-values.ts";
import { goJson } from "./go/json.ts";
import type { KubeObject, ObjectMeta } from "./objects.ts";
import { printerOf, type Printer } from "./printers/index.ts";
import type { Info } from "./result.ts";
import type { Work } from "./work.ts";

export type DryRun = "none" | "client" | "server";

/** k8s: cmd/util/helpers.go GetDryRunStrategy */
export function* dryRunOf(k: Kubectl): Work<DryRun> {
  const text = k.flags.string("dry-run");
  const flag = parseBool(text);
  const line = flag === undefined ? 719 : flag ? 733 : 736;
  const warn = function* (why: string): Work<void> {
    k.err(`${yield* klogHead(`helpers.go:${line}`, "W")} ${why}\n`);
  };
  if (flag !== undefined) {
    const instead = flag ? "client" : "none";
    yield* warn(
      `--dry-run=${text} is deprecated (boolean value) and can be replaced with --dry-run=${instead}.`,
    );
    return instead;
  }
  if (text === "unchanged") {
    yield* warn("--dry-run is deprecated and can be replaced with --dry-run=client.");
    return "client";
  }
  if (text === "none" || text === "client" || text === "server") return text;
  throw new Failure(`Invalid dry-run value (${text}). Must be "none", "server", or "client".`);
}

/** k8s: cmd/util/helpers.go GetValidationDirective */
export function validationOf(k: Kubectl): "Strict" | "Warn" | "Ignore" {
  const text = k.flags.string("validate");
  const flag = parseBool(text);
  if (flag !== undefined) return flag ? "Strict" : "Ignore";
  if (text === "strict") return "Strict";
  if (text === "warn") return "Warn";
  if (text === "ignore") return "Ignore";
  throw new Failure(
    `invalid - validate option ${goQuote(text)}; must be one of: strict (or true), warn, ignore (or false)`,
  );
}

/** The word for what was done, with how far it was meant. k8s: cmd/util/helpers.go PrintFlagsWithDryRunStrategy */
export const doneWith = (operation: string, dryRun: DryRun): string =>
  dryRun === "client"
    ? `${operation} (dry run)`
    : dryRun === "server"
      ? `${operation} (server dry run)`
      : operation;

export const donePrinter = (k: Kubectl, operation: string, dryRun: DryRun): Work<Printer> =>
  printerOf(k.flags, { operation: doneWith(operation, dryRun) });

export interface Change {
  dryRun?: DryRun;
  fieldManager?: string;
  validation?: string;
  subresource?: string;
  /** Of server-side apply. */
  force?: boolean;
}

const queryFor = (change: Change): NonNullable<ApiCall["query"]> => [
  ["dryRun", change.dryRun === "server" ? "All" : undefined],
  ["fieldManager", change.fieldManager],
  ["fieldValidation", change.validation],
  ["force", change.force],
];

const without = (object: KubeObject, field: keyof ObjectMeta): KubeObject => {
  const { [field]: _gone, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
};

export function* createObject(
  client: ApiClient,
  info: Pick<Info, "type" | "namespace">,
  object: KubeObject,
  change: Change = {},
): Work<KubeObject> {
  const body = goJson(
    object.metadata?.resourceVersion ? without(object, "resourceVersion") : object,
  );
  const path = pathOf(info.type, info.namespace);
  return yield* client.json<KubeObject>({
    method: "POST",
    path,
    query: queryFor(change),
    body: `${body}\n`,
  });
}

export function* patchObject(
  client: ApiClient,
  { type, namespace, name }: Pick<Info, "type" | "namespace" | "name">,
  contentType: string,
  body: string,
  change: Change = {},
): Work<KubeObject> {
  return yield* client.json<KubeObject>({
    method: "PATCH",
    path: pathOf(type, namespace, name, change.subresource),
    query: queryFor(change),
    contentType,
    body,
  });
}

export const applyObject = (
  client: ApiClient,
  info: Pick<Info, "type" | "namespace" | "name">,
  object: KubeObject,
  change: Change,
): Work<KubeObject> => patchObject(client, info, applyType, goJson(object), change);

/** Puts an object in the place of the one that is there, of whatever version. */
export function* replaceObject(
  client: ApiClient,
  { type, namespace, name }: Pick<Info, "type" | "namespace" | "name">,
  object: KubeObject,
  change: Change = {},
): Work<KubeObject> {
  const path = pathOf(type, namespace, name, change.subresource);
  let sent = object;
  if (!object.metadata?.resourceVersion) {
    // Where there is none the server says so to the PUT itself.
    try {
      const now = yield* client.json<KubeObject>({ path });
      const resourceVersion = now.metadata?.resourceVersion ?? "";
      sent = { ...object, metadata: { ...object.metadata, resourceVersion } };
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return yield* client.json<KubeObject>({
    method: "PUT",
    path,
    query: queryFor(change),
    contentType: jsonType,
    body: `${goJson(sent)}\n`,
  });
}

export function* deleteObject(
  client: ApiClient,
  { type, namespace, name }: Pick<Info, "type" | "namespace" | "name">,
  options: { gracePeriod: number; cascade?: string; dryRun?: DryRun },
): Work<unknown> {
  const { gracePeriod, cascade, dryRun } = options;
  return yield* client.json({
    method: "DELETE",
    path: pathOf(type, namespace, name),
    body: {
      kind: "DeleteOptions",
      apiVersion: "v1",
      ...(gracePeriod >= 0 ? { gracePeriodSeconds: gracePeriod } : {}),
      ...(cascade ? { propagationPolicy: cascade } : {}),
      ...(dryRun === "server" ? { dryRun: ["All"] } : {}),
    },
  });
}

/** k8s: cmd/delete/delete_flags.go parseCascadingFlag */
export function* cascadeOf(k: Kubectl): Work<string> {
  const text = k.flags.string("cascade");
  const flag = parseBool(text);
  if (flag !== undefined) {
    const instead = flag ? "background" : "orphan";
    k.err(
      `${yield* klogHead(`delete_flags.go:${flag ? 296 : 300}`, "W")} --cascade=${text} is deprecated (boolean value) and can be replaced with --cascade=${instead}.\n`,
    );
    return flag ? "Background" : "Orphan";
  }
  const known: Record<string, string> = {
    background: "Background",
    orphan: "Orphan",
    foreground: "Foreground",
  };
  const found = known[text];
  if (found) return found;
  throw new Failure(
    `invalid cascade value (${text}). Must be "background", "foreground", or "orphan"`,
  );
}

/** An object as errors describe it. k8s: resource/visitor.go Info.String */
export function described({ type, name, namespace }: Info): string {
  const version = apiVersionOf(type).replace(/^([^/]+)$/, "/$1");
  const resource = `${version}, Resource=${type.plural}`;
  return `Resource: ${goQuote(resource)}, GroupVersionKind: ${goQuote(`${version}, Kind=${type.kind}`)}\nName: ${goQuote(name)}, Namespace: ${goQuote(namespace)}`;
}

export const lastAppliedKey = "kubectl.kubernetes.io/last-applied-configuration";

const annotated = (object: KubeObject, annotations: Record<string, string>): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, annotations },
});

/** An object's configuration as text, without what was applied before. k8s: kubectl/pkg/util/apply.go */
export function configurationOf(object: KubeObject): string {
  const { [lastAppliedKey]: _old, ...annotations } = object.metadata?.annotations ?? {};
  return `${goJson(annotated(object, annotations))}\n`;
}

/** An object that carries its own configuration. */
export const withLastApplied = (object: KubeObject): KubeObject =>
  annotated(object, {
    ...object.metadata?.annotations,
    [lastAppliedKey]: configurationOf(object),
  });

/** What was applied last; undefined: nothing. */
export const lastApplied = (object: KubeObject): string | undefined =>
  object.metadata?.annotations?.[lastAppliedKey];

/** What every object of a file must say of itself. k8s: kubectl/pkg/validation/schema.go getObjectKind */
export function* validateKind(value: unknown, source: string): Work<void> {
  const problems: string[] = [];
  if (typeof value !== "object" || value === null || Array.isArray(value))
    problems.push(`invalid object to validate`);
  else
    for (const field of ["apiVersion", "kind"] as const) {
      const given = (value as KubeObject)[field] as unknown;
      if (given === undefined || given === null) problems.push(`${field} not set`);
      else if (typeof given !== "string") problems.push(`${field} isn't string type`);
      else if (given === "") problems.push(`${field} not set`);
    }
  if (problems.length === 0) return;
  const all = problems.length === 1 ? problems[0] : `[${problems.join(", ")}]`;
  throw new Failure(
    `error validating ${goQuote(source)}: error validating data: ${all}; if you choose to ignore these errors, turn validation off with --validate=false`,
  );
}

/** What a command line of files says to the builder. */
export const validated = (
  validation: "Strict" | "Warn" | "Ignore",
): { validate?: typeof validateKind } =>
  validation === "Ignore" ? {} : { validate: validateKind };

/** k8s: kubectl/pkg/cmd/apply/apply.go WarnIfDeleting */
export function warnIfDeleting(k: Kubectl, { metadata }: KubeObject): void {
  if (metadata?.deletionTimestamp)
    k.err(
      `Warning: Detected changes to resource ${metadata.name ?? ""} which is currently being deleted.\n`,
    );
}

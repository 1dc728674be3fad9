/** kubectl edit, apply edit-last-applied, create --edit. k8s: kubectl/pkg/cmd/util/editor/editoptions.go */
import { goQuote } from "../../machinery/field.ts";
import { jsonEqual, type JsonObject } from "../../schema/patch/go-value.ts";
import { parseYaml } from "../../schema/yaml.ts";
import { environment, random, readFile, removeFile, runChild, writeFile } from "../asks.ts";
import {
  createObject,
  lastApplied,
  lastAppliedKey,
  patchObject,
  validateKind,
  validationOf,
  withLastApplied,
} from "../changes.ts";
import { mergePatchType, strategicPatchType } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { placeOf } from "../config/client-config.ts";
import { fullNameOf } from "../discovery.ts";
import { Exit, Failure, isNotFound, isReason, StatusFailure, throwAll } from "../errors.ts";
import { fileOptions } from "../files.ts";
import { goJson } from "../go/json.ts";
import { diffMaps } from "../merge/three-way-patch.ts";
import { structOfType } from "../merge/local-patch.ts";
import { objectOf, readObjects, type KubeObject } from "../objects.ts";
import { noPrinter, printerOf } from "../printers/index.ts";
import { printKyaml } from "../printers/kyaml.ts";
import { printYaml } from "../printers/yaml.ts";
import { record } from "../mutate/record.ts";
import { flattened, type Info } from "../result.ts";
import type { Outcome, Work } from "../work.ts";

type Mode = "edit" | "edit-last-applied" | "create";

interface Reason {
  head: string;
  more: string[];
}

const headers: Record<Mode, string> = {
  edit: `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`,
  "edit-last-applied": `# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
`,
  create: "",
};
headers.create = headers.edit;

const commented = (text: string): string => text.trimEnd().replace(/\n(?!#|$)/g, "\n# ");

function headerOf(k: Kubectl, mode: Mode, reasons: readonly Reason[]): string {
  if (k.flags.string("output") === "json") return "";
  const texts = reasons.map(({ head, more }) => {
    const rows = more.map((one) => `# * ${commented(one)}\n`).join("");
    return `# ${commented(head)}${more.length > 0 ? ":" : ""}\n${rows}#\n`;
  });
  return `${headers[mode]}${texts.join("")}`;
}

/** Lines without those that are comments. */
const withoutComments = (text: string): string =>
  text
    .split("\n")
    .filter((line) => !/^\s*#/.test(line))
    .join("\n")
    .trim();

/** What a file says, to be compared: its JSON where it is YAML. k8s: helpers.go StripComments */
function meaning(text: string): string {
  try {
    return goJson(parseYaml(withoutComments(text)).value);
  } catch {
    return withoutComments(text);
  }
}

function* launch(k: Kubectl, text: string): Work<{ path: string; text: string }> {
  const env = yield* environment();
  const editor = env["KUBE_EDITOR"] || env["EDITOR"] || "vi";
  const kind = k.flags.string("output") === "json" ? "json" : "yaml";
  const path = `/tmp/kubectl-edit-${Math.floor((yield* random()) * 1e10)}.${kind}`;
  yield* writeFile(path, text, 0o600);
  const plain = !/["'\\\s]/.test(editor);
  const argv = plain
    ? [editor, path]
    : [env["SHELL"] || "/bin/bash", "-c", `${editor} ${goQuote(path)}`];
  const child = yield* runChild(argv);
  if (child.errno !== undefined)
    throw new Failure(`unable to launch the editor ${goQuote(plain ? editor : argv.join(" "))}`);
  if (child.status !== 0)
    throw new Failure(
      `there was a problem with the editor ${goQuote(plain ? editor : argv.slice(0, 2).join(" "))}`,
    );
  return { path, text: yield* readFile(path) };
}

const shownAs = (k: Kubectl, object: KubeObject): string => {
  const format = k.flags.string("output");
  if (format === "json") return `${goJson(object, "    ")}\n`;
  return format === "kyaml" ? printKyaml(object) : printYaml(object);
};

/** An object without what its writers left about themselves. */
function editable(object: KubeObject): KubeObject {
  if (!object.metadata?.managedFields) return object;
  const { managedFields: _managed, ...metadata } = object.metadata;
  return { ...object, metadata };
}

interface Edited {
  k: Kubectl;
  mode: Mode;
  infos: readonly Info[];
  /** What is edited of each. */
  before: readonly KubeObject[];
  namespace: string;
}

interface Results {
  reasons: Reason[];
  /** Objects that could not be patched, or are not there any more. */
  retryable: number;
  notFound: number;
}

/** Opens the editor until what it leaves can be saved, or is not changed. */
function* edit(e: Edited): Work<Outcome> {
  const { k, mode, before } = e;
  const whole =
    before.length === 1
      ? (before[0] as KubeObject)
      : ({ apiVersion: "v1", items: before, kind: "List", metadata: {} } as KubeObject);
  const original = shownAs(k, whole);
  let text = `${headerOf(k, mode, [])}${original}`;
  let last: { path: string; text: string } | undefined;
  for (;;) {
    const edited: { path: string; text: string } = yield* launch(k, text);
    if (last && meaning(last.text) === meaning(edited.text))
      keep(k, edited.path, new Failure("Edit cancelled, no valid changes were saved."));
    if (last) yield* removeFile(last.path);
    const results: Results = { reasons: [], retryable: 0, notFound: 0 };
    const invalid = yield* validated(e, edited.text, results);
    if (!invalid && meaning(original) === meaning(edited.text)) {
      yield* removeFile(edited.path);
      k.err("Edit cancelled, no changes made.\n");
      return 0;
    }
    if (!invalid) {
      try {
        yield* save(e, edited.text, results);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        keep(k, edited.path, error);
      }
    }
    if (results.retryable > 0) {
      k.err(`You can run \`kubectl replace -f ${edited.path}\` to try this update again.\n`);
      throw new Exit(1);
    }
    if (results.notFound > 0) {
      k.err(`The edits you made on deleted resources have been saved to ${goQuote(edited.path)}\n`);
      throw new Exit(1);
    }
    if (results.reasons.length === 0) {
      yield* removeFile(edited.path);
      return 0;
    }
    last = edited;
    const body = edited.text.replace(/^(#[^\n]*\n)+/, "");
    text = `${headerOf(k, mode, results.reasons)}${body}`;
  }
}

function keep(k: Kubectl, path: string, failure: Failure): never {
  k.err(`A copy of your changes has been stored to ${goQuote(path)}\n`);
  throw failure;
}

/** Whether a file can be no object at all; then it is opened again. */
function* validated({ k, infos }: Edited, text: string, results: Results): Work<boolean> {
  if (validationOf(k) === "Ignore") return false;
  let why: string;
  try {
    const [value] = [...readObjects(withoutComments(text), "edited-file")];
    yield* validateKind(value, "edited-file");
    return false;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    why = error.message
      .replace(/^error parsing edited-file: /, "")
      .replace(/^error validating "edited-file": error validating data: /, "")
      .replace(/; if you choose to ignore these errors, .*$/s, "");
  }
  const info = infos[0] as Info;
  const named = `${fullNameOf(info.type)} ${goQuote(info.name)}`;
  k.err(`error: ${named} is invalid\n`);
  results.reasons.push({
    head: `${named} was not valid`,
    more: [`<nil>: Invalid value: "The edited file failed validation": ${why}`],
  });
  return true;
}

/** Sends what was changed. What is invalid is told of, and is edited again. */
function* save(e: Edited, text: string, results: Results): Work<void> {
  const { k, mode, infos, before, namespace } = e;
  let objects: KubeObject[];
  try {
    objects = [...readObjects(text, "edited-file")].flatMap((value) =>
      flattened(objectOf(value, "edited-file")),
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    results.reasons.push({
      head: `The edited file had a syntax error: ${error.message}`,
      more: [],
    });
    return;
  }
  for (const object of objects) {
    const there = object.metadata?.namespace;
    if (there && there !== namespace && infos[0]?.type.namespaced)
      throw new Failure(
        `the namespace from the provided object ${goQuote(there)} does not match the namespace ${goQuote(namespace)}. You must pass '--namespace=${there}' to perform this operation.`,
      );
    const at = before.findIndex((one) => one.metadata?.uid === object.metadata?.uid);
    const info = infos[Math.max(at, 0)] as Info;
    const old = before[Math.max(at, 0)] as KubeObject;
    if (mode !== "create" && jsonEqual(old, object)) {
      k.out((yield* printerOf(k.flags, { operation: "skipped" }))(object));
      continue;
    }
    try {
      const now = yield* send(e, info, old, object);
      const operation = mode === "create" ? "created" : "edited";
      k.out((yield* printerOf(k.flags, { operation }))(now));
    } catch (error) {
      if (!(error instanceof StatusFailure) || mode !== "edit") throw error;
      note(k, info, error, results);
    }
  }
}

/** k8s: editoptions.go addError */
function note(k: Kubectl, info: Info, error: StatusFailure, results: Results): void {
  const named = `${fullNameOf(info.type)} ${goQuote(info.name)}`;
  if (isReason(error, "Invalid")) {
    const causes = error.status.details?.causes ?? [];
    const more = causes.map(({ field = "", message = "" }) => `${field}: ${message}`);
    results.reasons.push({ head: `${named} was not valid`, more });
    k.err(`error: ${named} is invalid\n`);
  } else if (isNotFound(error)) {
    results.notFound++;
    k.err(`error: ${named} could not be found on the server\n`);
  } else {
    results.retryable++;
    k.err(`error: ${named} could not be patched: ${error.message}\n`);
  }
}

function* send(e: Edited, info: Info, old: KubeObject, now: KubeObject): Work<KubeObject> {
  const { k, mode } = e;
  const client = yield* k.client();
  if (mode !== "edit-last-applied") record(k, now);
  const change = {
    fieldManager: k.flags.string("field-manager"),
    validation: validationOf(k),
    ...(k.flags.has("subresource") ? { subresource: k.flags.string("subresource") } : {}),
  };
  if (mode === "create")
    return yield* createObject(
      client,
      info,
      k.flags.bool("save-config") ? withLastApplied(now) : now,
      change,
    );
  if (mode === "edit-last-applied") {
    const annotations = { [lastAppliedKey]: `${goJson(now)}\n` };
    yield* patchObject(client, info, mergePatchType, goJson({ metadata: { annotations } }), change);
    return now;
  }
  const same = ["apiVersion", "kind"].every((field) => old[field] === now[field]);
  if (!same || old.metadata?.name !== now.metadata?.name)
    throw new Failure("At least one of apiVersion, kind and name was changed");
  const struct = structOfType(info.type);
  const patch = goJson(diffMaps(old as JsonObject, now as JsonObject, struct, { setOrder: true }));
  if (k.flags.has("output-patch") && k.flags.bool("output-patch")) k.out(`Patch: ${patch}\n`);
  const contentType = struct ? strategicPatchType : mergePatchType;
  return yield* patchObject(client, info, contentType, patch, change);
}

function* infosOf(k: Kubectl, mode: Mode): Work<{ infos: Info[]; namespace: string }> {
  const format = k.flags.string("output");
  const named = format === "name" && mode !== "create";
  if (!named && !["", "json", "yaml", "kyaml"].includes(format))
    throw noPrinter(format, ["json", "yaml", "kyaml"]);
  const { namespace, explicitNamespace } = placeOf(yield* k.access());
  const result = yield* k.build({
    ...(mode === "create" ? {} : { args: k.args, latest: true }),
    files: fileOptions(k.flags),
    namespace,
    enforceNamespace: explicitNamespace,
    continueOnError: true,
    ...(k.flags.has("subresource") ? { subresource: k.flags.string("subresource") } : {}),
  });
  validationOf(k);
  const { infos, error } = yield* result.infos();
  if (error) throw error;
  return { infos, namespace };
}

function* run(k: Kubectl): Work<Outcome> {
  const { infos, namespace } = yield* infosOf(k, "edit");
  if (infos.length === 0) throw new Failure("edit cancelled, no objects found");
  const before = infos.map(({ object }) => editable(object as KubeObject));
  return yield* edit({ k, mode: "edit", infos, before, namespace });
}

function* runApplied(k: Kubectl): Work<Outcome> {
  const { infos, namespace } = yield* infosOf(k, "edit-last-applied");
  const applied = infos.filter(({ object }) => lastApplied(object as KubeObject) !== undefined);
  if (applied.length === 0)
    throw new Failure(
      "no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`",
    );
  const before = applied.map(
    ({ object }) => JSON.parse(lastApplied(object as KubeObject) as string) as KubeObject,
  );
  return yield* edit({ k, mode: "edit-last-applied", infos: applied, before, namespace });
}

/** `kubectl create --edit`: each object in an editor of its own. */
export function* editThenCreate(k: Kubectl): Work<Outcome> {
  const { infos, namespace } = yield* infosOf(k, "create");
  const errors: Failure[] = [];
  for (const info of infos) {
    const before = [info.object as KubeObject];
    try {
      yield* edit({ k, mode: "create", infos: [info], before, namespace });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      errors.push(error);
    }
  }
  throwAll(errors);
  return 0;
}

export const editCommands: Command[] = [
  { path: "edit", run },
  { path: "apply edit-last-applied", run: runApplied },
];

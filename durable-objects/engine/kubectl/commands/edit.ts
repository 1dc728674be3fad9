/** kubectl edit, apply edit-last-applied. k8s: kubectl/pkg/cmd/util/editor/editoptions.go */
import { goQuote } from "../../machinery/field.ts";
import { jsonEqual, type JsonObject } from "../../schema/patch/go-value.ts";
import { environment, random, readFile, removeFile, runChild, writeFile } from "../asks.ts";
import { lastApplied, lastAppliedKey, patchObject, validationOf } from "../changes.ts";
import { mergePatchType, strategicPatchType } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { placeOf } from "../config/client-config.ts";
import { Exit, Failure, messageFor, report } from "../errors.ts";
import { fileOptions } from "../files.ts";
import { goJson } from "../go/json.ts";
import { diffMaps } from "../merge/diff.ts";
import { structOfType } from "../merge/local-patch.ts";
import { objectOf, readObjects, type KubeObject } from "../objects.ts";
import { noPrinter, printerOf } from "../printers/index.ts";
import { printYaml } from "../printers/yaml.ts";
import { flattened, type Info } from "../result.ts";
import type { Outcome, Work } from "../work.ts";

const header = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;

/** Lines without comments and without what is empty at the ends. */
const stripped = (text: string): string =>
  text
    .split("\n")
    .filter((line) => !/^\s*#/.test(line))
    .join("\n")
    .trim();

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

interface Mode {
  /** What is edited of an object. */
  of(object: KubeObject): KubeObject;
  done: string;
}

const live: Mode = {
  of(object) {
    if (!object.metadata) return object;
    const { managedFields: _managed, ...metadata } = object.metadata;
    return { ...object, metadata };
  },
  done: "edited",
};

const applied: Mode = {
  of(object) {
    const text = lastApplied(object);
    if (text === undefined)
      throw new Failure(
        `no last-applied-configuration annotation found on resource: ${object.metadata?.name ?? ""}`,
      );
    return JSON.parse(text) as KubeObject;
  },
  done: "edited",
};

const shownAs = (k: Kubectl, object: KubeObject): string =>
  k.flags.string("output") === "json" ? `${goJson(object, "    ")}\n` : printYaml(object);

function* run(k: Kubectl, mode: Mode): Work<Outcome> {
  const { flags } = k;
  const format = flags.string("output");
  const prints = !["", "name"].includes(format);
  if (prints && !["json", "yaml", "kyaml"].includes(format))
    throw noPrinter(format, ["json", "yaml", "kyaml"]);
  const where = placeOf(yield* k.access());
  const result = yield* k.build({
    args: k.args,
    files: fileOptions(flags),
    namespace: where.namespace,
    enforceNamespace: where.explicitNamespace,
    latest: true,
    continueOnError: true,
    ...(flags.has("subresource") ? { subresource: flags.string("subresource") } : {}),
  });
  validationOf(k);
  const { infos, error } = yield* result.infos();
  if (error) throw error;
  if (infos.length === 0) throw new Failure("edit cancelled, no objects found");
  const before = infos.map((info) => mode.of(info.object as KubeObject));
  const original = shownAs(
    k,
    infos.length === 1
      ? (before[0] as KubeObject)
      : ({ apiVersion: "v1", items: before, kind: "List", metadata: {} } as KubeObject),
  );
  let text = `${header}${original}`;
  let last: { path: string; text: string } | undefined;
  for (;;) {
    const edited: { path: string; text: string } = yield* launch(k, text);
    if (last && stripped(last.text) === stripped(edited.text))
      return kept(k, "Edit cancelled, no valid changes were saved.", edited.path);
    if (last) yield* removeFile(last.path);
    if (stripped(edited.text) === stripped(original)) {
      yield* removeFile(edited.path);
      k.err("Edit cancelled, no changes made.\n");
      return 0;
    }
    const problems = yield* save(k, mode, infos, before, edited.text, prints);
    if (problems.length === 0) {
      yield* removeFile(edited.path);
      return 0;
    }
    last = edited;
    const reasons = problems.map((why) => `# ${why.trimEnd().replaceAll("\n", "\n# ")}\n`);
    text = `${header}${reasons.join("")}#\n${edited.text.slice(edited.text.search(/^[^#]/m))}`;
  }
}

function kept(k: Kubectl, why: string, path: string): never {
  k.err(`A copy of your changes has been stored to ${goQuote(path)}\n`);
  throw new Exit(1, `error: ${why}`);
}

/** Sends what was changed; what was refused, each told on standard error as well. */
function* save(
  k: Kubectl,
  mode: Mode,
  infos: readonly Info[],
  before: readonly KubeObject[],
  text: string,
  prints: boolean,
): Work<string[]> {
  const problems: string[] = [];
  let objects: KubeObject[];
  if (stripped(text) === "") {
    const [first] = infos;
    k.err(`error: ${first?.type.plural} ${goQuote(first?.name ?? "")} is invalid\n`);
    return ["The edited file failed validation"];
  }
  try {
    objects = [...readObjects(text, "edited-file")].flatMap((value) =>
      flattened(objectOf(value, "edited-file")),
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    k.err(`error: ${error.message}\n`);
    return [error.message];
  }
  for (const [i, info] of infos.entries()) {
    const old = before[i] as KubeObject;
    const { name } = old.metadata ?? {};
    const now = objects.find((one) => one.kind === old.kind && one.metadata?.name === name);
    try {
      if (!now) throw new Failure("At least one of apiVersion, kind and name was changed");
      if (jsonEqual(old, now)) {
        k.out((yield* printerOf(k.flags, { operation: "skipped" }))(info.object as KubeObject));
        continue;
      }
      const object = yield* send(k, mode, info, old, now);
      const printer = yield* printerOf(k.flags, { operation: mode.done });
      k.out(printer(object));
      if (prints) info.object = object;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      k.err(report(error).text);
      problems.push(
        `${info.type.plural} ${goQuote(info.name)} was not valid:\n* ${messageFor(error)}`,
      );
    }
  }
  return problems;
}

function* send(
  k: Kubectl,
  mode: Mode,
  info: Info,
  old: KubeObject,
  now: KubeObject,
): Work<KubeObject> {
  const client = yield* k.client();
  const change = {
    fieldManager: k.flags.string("field-manager"),
    validation: validationOf(k),
    ...(k.flags.has("subresource") ? { subresource: k.flags.string("subresource") } : {}),
  };
  if (mode === applied) {
    const annotations = { [lastAppliedKey]: `${goJson(now)}\n` };
    const patch = goJson({ metadata: { annotations } });
    return yield* patchObject(client, info, mergePatchType, patch, change);
  }
  const struct = structOfType(info.type);
  const patch = diffMaps(old as JsonObject, now as JsonObject, struct, { setOrder: true });
  const contentType = struct ? strategicPatchType : mergePatchType;
  return yield* patchObject(client, info, contentType, goJson(patch), change);
}

export const editCommands: Command[] = [
  { path: "edit", run: (k) => run(k, live) },
  { path: "apply edit-last-applied", run: (k) => run(k, applied) },
];

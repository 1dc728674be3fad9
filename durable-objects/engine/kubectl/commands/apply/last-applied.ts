/** kubectl apply view-last-applied, set-last-applied. k8s: kubectl/pkg/cmd/apply/apply_{view,set}_last_applied.go */
import { mergePatchType } from "../../client.ts";
import type { Command, Kubectl } from "../../command.ts";
import {
  described,
  doneWith,
  dryRunOf,
  lastApplied,
  lastAppliedKey,
  patchObject,
} from "../../changes.ts";
import { placeOf } from "../../config/client-config.ts";
import { Failure, isNotFound, withSource } from "../../errors.ts";
import { fileOptions } from "../../files.ts";
import { goJson } from "../../go/json.ts";
import type { KubeObject } from "../../objects.ts";
import { printerOf } from "../../printers/index.ts";
import { printYaml } from "../../printers/yaml.ts";
import { readInfo, type Info } from "../../result.ts";
import type { Outcome, Work } from "../../work.ts";

function* view(k: Kubectl): Work<Outcome> {
  const { flags } = k;
  const where = placeOf(yield* k.access());
  const result = yield* k.build({
    args: k.args,
    files: fileOptions(flags),
    labelSelector: flags.string("selector"),
    all: flags.bool("all"),
    allOfType: where.explicitNamespace,
    namespace: where.namespace,
    enforceNamespace: where.explicitNamespace,
    latest: true,
  });
  const found: string[] = [];
  yield* result.visit(function* (info) {
    const text = info.object && lastApplied(info.object);
    if (text !== undefined) found.push(text);
    else if (info.source)
      throw withSource(
        `no last-applied-configuration annotation found on resource: ${info.name}\n`,
        info.source,
        new Failure("<nil>"),
      );
  });
  const output = flags.string("output");
  for (const text of found) {
    const value = JSON.parse(text) as unknown;
    if (output === "json") k.out(`${goJson(value, "  ", "", Object.keys)}\n`);
    else if (output === "yaml") k.out(printYaml(value));
    else
      k.usage(`Unexpected -o output mode: ${output}, the flag 'output' must be one of yaml|json`);
  }
  return 0;
}

function* set(k: Kubectl): Work<Outcome> {
  const { flags } = k;
  const dryRun = yield* dryRunOf(k);
  const where = placeOf(yield* k.access());
  const printer = yield* printerOf(flags, { operation: doneWith("configured", dryRun) });
  const machinery = k.machinery();
  const result = yield* k.build({
    files: fileOptions(flags),
    namespace: where.namespace,
    enforceNamespace: where.explicitNamespace,
  });
  const patches: { info: Info; patch: string }[] = [];
  const parts = yield* machinery;
  yield* result.visit(function* (info) {
    const text = `${goJson(info.object as KubeObject)}`;
    yield* present(parts, info);
    const original = info.object && lastApplied(info.object);
    if (original === undefined && !flags.bool("create-annotation"))
      throw new Failure(
        `no last-applied-configuration annotation found on resource: ${info.name}, to create the annotation, run the command with --create-annotation`,
      );
    if (original?.trim() === text) k.out(`set-last-applied ${info.name}: no changes required.\n`);
    else {
      const patch = goJson({ metadata: { annotations: { [lastAppliedKey]: `${text}\n` } } });
      patches.push({ info: { ...info }, patch });
    }
  });
  for (const { info, patch } of patches) {
    const object =
      dryRun === "client"
        ? (info.object as KubeObject)
        : yield* patchObject(parts.client, info, mergePatchType, patch, { dryRun });
    k.out(printer(object));
  }
  return 0;
}

function* present(parts: Parameters<typeof readInfo>[0], info: Info): Work<void> {
  try {
    yield* readInfo(parts, info);
  } catch (error) {
    if (!(error instanceof Failure) || isNotFound(error)) throw error;
    throw withSource(
      `retrieving current configuration of:\n${described(info)}\nfrom server for:`,
      info.source,
      error,
    );
  }
}

export const applyLastAppliedCommands: Command[] = [
  { path: "apply view-last-applied", run: view },
  { path: "apply set-last-applied", run: set },
];

/** What `kubectl set ...` commands have in common: objects are read, changed, compared and patched. k8s: kubectl/pkg/cmd/set/helper.go */
import { cloneJson } from "../../runtime/bytes.ts";
import { mergePatchType } from "../client.ts";
import type { Kubectl } from "../command.ts";
import { Failure, Failures } from "../errors.ts";
import { fileOptions } from "../files.ts";
import { asGoType } from "../merge/local-patch.ts";
import type { Info, Result } from "../result.ts";
import type { KubeObject } from "../objects.ts";
import type { Printer } from "../printers/index.ts";
import type { Work } from "../work.ts";
import { mergeDiff } from "./merge-diff.ts";
import { patchObject, placeIn, type DryRun } from "./mutation.ts";
import { record } from "./record.ts";

/** The objects that a `set` command is about. */
export function* setTargets(k: Kubectl, args: readonly string[], noMixing = true): Work<Result> {
  const { flags } = k;
  const local = flags.bool("local");
  const place = yield* placeIn(k);
  if (local && args.length > 0 && noMixing)
    throw new Failure(
      `error: you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'`,
    );
  return yield* k.build({
    files: fileOptions(flags),
    // Without a server nobody knows what lies in a namespace.
    namespace: local ? "" : place.namespace,
    enforceNamespace: place.explicit && !local,
    continueOnError: true,
    ...(local
      ? { local }
      : {
          args,
          allOfType: flags.bool("all"),
          latest: true,
          ...(flags.has("selector") ? { labelSelector: flags.string("selector") } : {}),
        }),
  });
}

export interface Change {
  dryRun: DryRun;
  print: Printer;
  /** Changes the object in place. Failure: it is told with the object's name. */
  apply(object: KubeObject, info: Info): Work<void> | void;
  /** Put in front of what the server refuses. */
  failure: string;
  /** Objects that stay as they are are patched and printed too. */
  evenUnchanged?: boolean;
  /** Failures that are told beside those of the objects. */
  errors: Failure[];
  /** Nothing is changed on the server. */
  listOnly?: boolean;
}

/** Changes each object and says so; all failures are thrown at the end. */
export function* changeObjects(k: Kubectl, infos: readonly Info[], change: Change): Work<void> {
  const { dryRun, print, errors } = change;
  const changed: { info: Info; patch?: unknown; problem?: Failure }[] = [];
  for (const info of infos) {
    if (k.flags.bool("local")) info.object = asGoType(info.object as KubeObject);
    const object = info.object as KubeObject;
    const before = cloneJson(object);
    try {
      const work = change.apply(object, info);
      if (work) yield* work;
      record(k, object);
      const patch = mergeDiff(before, object);
      if (patch || change.evenUnchanged) changed.push({ info, patch: patch ?? {} });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      changed.push({ info, problem: error });
    }
  }
  if (change.listOnly) return;
  for (const { info, patch, problem } of changed) {
    if (problem) {
      errors.push(new Failure(`error: ${info.type.plural}/${info.name} ${problem.message}\n`));
      continue;
    }
    if (k.flags.bool("local") || dryRun === "client") {
      k.out(print(info.object as KubeObject));
      continue;
    }
    try {
      k.out(print(yield* patchObject(k, info, patch, { contentType: mergePatchType, dryRun })));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      errors.push(new Failure(`${change.failure}${error.message}`));
    }
  }
  if (errors.length > 0) throw new Failures(errors);
}

/** Containers whose name matches a pattern with `*`. k8s: helper.go selectContainers */
export function selects(pattern: string, name: string): boolean {
  if (pattern === "*") return true;
  if (!pattern.includes("*")) return pattern === name;
  const parts = pattern.split("*");
  let at = 0;
  for (const [i, part] of parts.entries()) {
    if (part === "") continue;
    const next = name.indexOf(part, at);
    if (next < 0 || (i === 0 && next !== 0)) return false;
    if (i === parts.length - 1 && !name.endsWith(part)) return false;
    at = next + part.length;
  }
  return true;
}

/** kubectl describe. k8s: kubectl/pkg/cmd/describe/describe.go */
import type { Command, Kubectl } from "../command.ts";
import { now } from "../asks.ts";
import { placeOf } from "../config/client-config.ts";
import { describe } from "../describe/index.ts";
import type { Settings } from "../describe/reach.ts";
import { Failure, Failures, isNotFound } from "../errors.ts";
import { fileOptions, hasFiles } from "../files.ts";
import type { Info, Wanted } from "../result.ts";
import type { Outcome, Work } from "../work.ts";
import { suggestResources } from "./get.ts";

function* run(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  const where = placeOf(yield* k.access());
  const files = fileOptions(flags);
  if (args.length === 0 && !hasFiles(files))
    k.fail(`You must specify the type of resource to describe. ${suggestResources}\n`);
  const allNamespaces = flags.bool("all-namespaces");
  const chunk = flags.int("chunk-size");
  const wanted: Wanted = { allOfType: true, namespace: where.namespace, chunk };
  const result = yield* k.build({
    ...wanted,
    args,
    files,
    allNamespaces,
    enforceNamespace: where.explicitNamespace && !allNamespaces,
    labelSelector: flags.string("selector"),
    continueOnError: true,
  });
  const { infos, error } = yield* result.infos();
  const settings: Settings = {
    client: yield* k.client(),
    showEvents:
      (flags.changed("show-events") || !(error || infos.length > 1)) && flags.bool("show-events"),
    chunk,
    now: yield* now(),
  };
  if (error && isNotFound(error) && args.length === 2)
    return yield* describeMatching(k, settings, wanted, error);
  const errors = yield* describeEach(k, settings, infos);
  if (infos.length === 0 && !error)
    k.err(
      allNamespaces
        ? "No resources found\n"
        : `No resources found in ${where.namespace} namespace.\n`,
    );
  const all = [...(error ? [error] : []), ...errors];
  if (all.length > 0) throw new Failures(all);
  return 0;
}

/** Prints each; what fails alike is said once. */
function* describeEach(k: Kubectl, settings: Settings, infos: readonly Info[]): Work<Failure[]> {
  const errors = new Map<string, Failure>();
  let first = true;
  for (const { type, namespace, name } of infos) {
    try {
      const text = yield* describe(settings, type, namespace, name);
      k.out(first ? text : `\n\n${text}`);
      first = false;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (!errors.has(error.message)) errors.set(error.message, error);
    }
  }
  return [...errors.values()];
}

/** Objects whose names begin with what was no name. */
function* describeMatching(
  k: Kubectl,
  settings: Settings,
  wanted: Wanted,
  original: Failure,
): Work<Outcome> {
  const [type = "", prefix = ""] = k.args;
  const result = yield* k.build({ ...wanted, args: [type], singleType: true });
  const { infos, error } = yield* result.infos();
  if (error) throw error;
  const found = infos.filter(({ name }) => name.startsWith(prefix));
  for (const one of found)
    k.out(`${yield* describe(settings, one.type, one.namespace, one.name)}\n`);
  if (found.length === 0) throw original;
  return 0;
}

export const describeCommand: Command = { path: "describe", run };

/** kubectl delete. k8s: kubectl/pkg/cmd/delete */
import { now, readFile, readLine, stdin } from "../asks.ts";
import { goQuote } from "../../machinery/field.ts";
import { failureOf } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { pathOf, type ResourceType } from "../discovery.ts";
import { Failure, Failures, isNotFound, isReason, withSource } from "../errors.ts";
import { parseBool } from "../flag-values.ts";
import { fileOptions } from "../files.ts";
import { closeStream } from "../http.ts";
import {
  dryRunOf,
  placeIn,
  suffixOf,
  type DryRun,
  type NamespaceChoice,
} from "../mutate/mutation.ts";
import type { Info, Result } from "../result.ts";
import type { KubeObject } from "../objects.ts";
import { nextEvents, openWatch } from "../watch.ts";
import { section, type Work } from "../work.ts";

interface Options {
  dryRun: DryRun;
  /** -1: each object's own. */
  grace: number;
  cascade: string;
  ignoreNotFound: boolean;
}

/** k8s: delete_flags.go parseCascadingFlag */
function cascadeOf(k: Kubectl): string {
  const given = k.flags.string("cascade");
  const known = { orphan: "Orphan", foreground: "Foreground", background: "Background" }[given];
  if (known) return known;
  const old = parseBool(given);
  if (old === undefined)
    return k.fail(
      `invalid cascade value (${given}). Must be "background", "foreground", or "orphan"`,
    );
  const instead = old ? "background" : "orphan";
  k.err(
    `warning: --cascade=${given} is deprecated (boolean value) and can be replaced with --cascade=${instead}.\n`,
  );
  return old ? "Background" : "Orphan";
}

function* complete(k: Kubectl): Work<Options> {
  const { flags } = k;
  const cascade = cascadeOf(k);
  const selects =
    flags.bool("all") || flags.string("selector") !== "" || flags.string("field-selector") !== "";
  const ignoreNotFound =
    selects && !flags.changed("ignore-not-found") ? true : flags.bool("ignore-not-found");
  let grace = flags.int("grace-period");
  if (flags.bool("now")) {
    if (grace !== -1) k.fail("--now and --grace-period cannot be specified together");
    grace = 1;
  }
  if (grace === 0 && !flags.bool("force")) grace = 1;
  if (flags.bool("force") && grace < 0) grace = 0;
  return { dryRun: yield* dryRunOf(k), grace, cascade, ignoreNotFound };
}

function validate(k: Kubectl, { grace }: Options): void {
  const { flags } = k;
  const output = flags.string("output");
  if (output !== "" && output !== "name")
    k.fail(`unexpected -o output mode: ${output}. We only support '-o name'`);
  if (flags.bool("all") && flags.string("selector"))
    k.fail("cannot set --all and --selector at the same time");
  if (flags.bool("all") && flags.string("field-selector"))
    k.fail("cannot set --all and --field-selector at the same time");
  if (flags.bool("force")) {
    if (grace > 0) k.fail("--force and --grace-period greater than 0 cannot be specified together");
    k.err(
      "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n",
    );
  }
  const raw = flags.string("raw");
  if (raw === "") return;
  const files = fileOptions(flags);
  if (flags.bool("interactive")) k.fail("--interactive can not be used with --raw");
  if (files.filenames.length > 1) k.fail("--raw can only use a single local file or stdin");
  if (/^https?:\/\//.test(files.filenames[0] ?? "")) k.fail("--raw cannot read from a url");
  if (files.recursive) k.fail("--raw and --recursive are mutually exclusive");
  if (output) k.fail("--raw and --output are mutually exclusive");
  if (!/^(\/|[a-z]+:)/.test(raw))
    k.fail(`--raw must be a valid URL path: parse ${goQuote(raw)}: invalid URI for request`);
}

function* rawDelete(k: Kubectl): Work<void> {
  const [file] = k.flags.list("filename");
  const client = yield* k.client();
  const body =
    file === undefined ? undefined : file === "-" ? yield* stdin() : yield* readFile(file);
  const call = { method: "DELETE", path: k.flags.string("raw"), body } as const;
  const answer = yield* client.send(call);
  if (answer.status >= 400) throw failureOf(answer, call);
  k.out(answer.text);
}

const resultOf = (k: Kubectl, place: NamespaceChoice): Work<Result> => {
  const { flags, args } = k;
  return k.build({
    args,
    files: fileOptions(flags),
    labelSelector: flags.string("selector"),
    fieldSelector: flags.string("field-selector"),
    all: flags.bool("all"),
    allNamespaces: flags.bool("all-namespaces"),
    namespace: place.namespace,
    enforceNamespace: place.explicit,
    continueOnError: true,
    unread: true,
  });
};

const kindOf = ({ kind, group }: ResourceType): string =>
  `${kind.toLowerCase()}${group ? `.${group}` : ""}`;

/** Says what is about to go, and asks. The places that were said; undefined: it is not wanted. */
function* confirmed(
  k: Kubectl,
  place: NamespaceChoice,
  ignoreNotFound: boolean,
): Work<Set<string> | undefined> {
  const preview = yield* resultOf(k, place);
  if (ignoreNotFound) preview.ignore(isNotFound);
  const found: Info[] = [];
  yield* preview.visit(function* (info): Work<void> {
    found.push(info);
  });
  if (found.length === 0) {
    k.out("No resources found\n");
    return undefined;
  }
  k.out(`You are about to delete the following ${found.length} resource(s):\n`);
  for (const { type, name } of found) k.out(`${kindOf(type)}/${name}\n`);
  k.out("Do you want to continue? (y/N): ");
  const answer = yield* readLine();
  if (answer?.trim().toLowerCase() !== "y") {
    k.out("deletion is cancelled\n");
    return undefined;
  }
  return new Set(found.map(placeOfInfo));
}

const placeOfInfo = ({ type, namespace, name }: Info): string =>
  `${type.plural}.${type.group}/${namespace}/${name}`;

/** What was deleted, to be waited for. */
export interface Deleted {
  type: ResourceType;
  namespace: string;
  name: string;
  uid: string;
}

export function* deleteOne(k: Kubectl, info: Info, options: Options): Work<Deleted> {
  const { type, namespace, name, source } = info;
  const client = yield* k.client();
  let answer: KubeObject;
  try {
    answer = yield* client.json<KubeObject>({
      method: "DELETE",
      path: pathOf(type, namespace, name),
      body: {
        kind: "DeleteOptions",
        apiVersion: "v1",
        ...(options.grace >= 0 ? { gracePeriodSeconds: options.grace } : {}),
        propagationPolicy: options.cascade,
        ...(options.dryRun === "server" ? { dryRun: ["All"] } : {}),
      },
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw withSource("deleting", source, error);
  }
  const details = answer["details"] as { uid?: string } | undefined;
  return { type, namespace, name, uid: details?.uid ?? answer.metadata?.uid ?? "" };
}

function printDeleted(k: Kubectl, { type, namespace, name }: Info, options: Options): void {
  if (k.flags.string("output") === "name") {
    k.out(`${kindOf(type)}/${name}\n`);
    return;
  }
  const done = options.grace === 0 ? "force deleted" : "deleted";
  const from = type.namespaced ? ` from ${namespace} namespace` : "";
  k.out(`${kindOf(type)} "${name}" ${done}${from}${suffixOf(options.dryRun)}\n`);
}

/** Waits until an object is gone, or another has its name. k8s: kubectl/pkg/cmd/wait/delete.go IsDeleted */
function* waitGone(k: Kubectl, gone: Deleted, limit: number): Work<void> {
  const client = yield* k.client();
  const { type, namespace, name, uid } = gone;
  const late = new Failure(`timed out waiting for the condition on ${type.plural}/${name}`);
  for (;;) {
    const place = yield* section(function* () {
      const query = [["fieldSelector", `metadata.name=${name}`]] as const;
      const list = yield* client.json<KubeObject>({ path: pathOf(type, namespace), query });
      const [item] = (list["items"] ?? []) as KubeObject[];
      if (!item || (uid && item.metadata?.uid !== uid)) return null;
      const resourceVersion = list.metadata?.resourceVersion ?? "";
      return yield* openWatch(client, type, namespace, { name, resourceVersion });
    });
    if (!place) return;
    for (let at = place; ;) {
      const step = yield* section(function* () {
        const news = yield* nextEvents(at, limit);
        return {
          at,
          late: news.late,
          ended: news.ended,
          gone: news.events.some((one) => one.type === "DELETED"),
        };
      });
      at = step.at;
      if (!step.late && !step.gone && !step.ended) continue;
      if (at.stream !== undefined) yield* closeStream(at.stream);
      if (step.late) throw late;
      if (step.gone) return;
      break;
    }
  }
}

const week = 168 * 3_600_000;

function* waitAll(k: Kubectl, deleted: readonly Deleted[]): Work<void> {
  const limit = (yield* now()) + (k.flags.duration("timeout") || week);
  const errors: Failure[] = [];
  for (const one of deleted) {
    try {
      yield* waitGone(k, one, limit);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // Who may delete need not be able to see.
      if (isReason(error, "Forbidden") || isReason(error, "MethodNotAllowed")) return;
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new Failures(errors);
}

export const deleteCommand: Command = {
  path: "delete",
  *run(k) {
    const { flags } = k;
    const options = yield* complete(k);
    const place = yield* placeIn(k);
    const raw = flags.string("raw") !== "";
    const result = raw ? undefined : yield* resultOf(k, place);
    validate(k, options);
    if (!result) return yield* rawDelete(k);
    let wanted: Set<string> | undefined;
    if (flags.bool("interactive")) {
      wanted = yield* confirmed(k, place, options.ignoreNotFound);
      if (!wanted) return;
    }
    if (options.ignoreNotFound) result.ignore(isNotFound);
    let warns = place.explicit && !flags.bool("all-namespaces");
    let found = 0;
    const deleted: Deleted[] = [];
    yield* result.visit(function* (info): Work<void> {
      if (wanted && !wanted.has(placeOfInfo(info))) return;
      found++;
      if (warns && !info.type.namespaced) {
        k.err("Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n");
        warns = false;
      }
      if (options.dryRun !== "client") deleted.push(yield* deleteOne(k, info, options));
      printDeleted(k, info, options);
    });
    if (found === 0) k.out("No resources found\n");
    else if (flags.bool("wait") && options.dryRun === "none") yield* waitAll(k, deleted);
  },
};

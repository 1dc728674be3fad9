/** kubectl rollout history, pause, restart, resume, status, undo. k8s: kubectl/pkg/cmd/rollout */
import { now } from "../asks.ts";
import { rfc3339 } from "../../core/clock.ts";
import { goQuote } from "../../machinery/field.ts";
import { equal } from "../../core/equal.ts";
import { jsonPatchType, strategicPatchType } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { fullNameOf, pathOf, type ResourceType } from "../discovery.ts";
import { Failure, Failures, isNotFound, throwAll } from "../errors.ts";
import { fileOptions, hasFiles } from "../files.ts";
import { structJson } from "../go/json.ts";
import { inGoOrder } from "../go/typed-json.ts";
import { closeStream } from "../http.ts";
import { builtInType } from "../merge/local-patch.ts";
import { dryRunOf, patchObject, placeIn, printerFor, type DryRun } from "../mutate/mutation.ts";
import {
  hasRevisions,
  ownNotes,
  plainTemplate,
  revisionFor,
  revisionsOf,
} from "../mutate/revisions.ts";
import { rolloutProgress } from "../mutate/rollout-status.ts";
import { templateText } from "../mutate/template-text.ts";
import type { Info, Result } from "../result.ts";
import type { KubeObject } from "../objects.ts";
import { printerOf } from "../printers/index.ts";
import { TabWriter } from "../printers/tab-writer.ts";
import { failureOfEvent, nextEvents, openWatch, type WatchPlace } from "../watch.ts";
import { type Outcome, type Work } from "../work.ts";

function* targets(k: Kubectl): Work<{ result: Result; namespace: string }> {
  const { flags, args } = k;
  const place = yield* placeIn(k);
  const files = fileOptions(flags);
  if (args.length === 0 && !hasFiles(files)) k.fail("required resource not specified");
  if (flags.has("revision") && flags.int("revision") < 0)
    k.fail(`revision must be a positive integer: ${flags.int("revision")}`);
  const result = yield* k.build({
    args,
    allOfType: true,
    files,
    labelSelector: flags.string("selector"),
    namespace: place.namespace,
    enforceNamespace: place.explicit,
    continueOnError: true,
    latest: true,
  });
  return { result, namespace: place.namespace };
}

/** `Deployment.apps`, as schema.GroupKind prints itself. */
const groupKind = ({ kind, group }: ResourceType): string => (group ? `${kind}.${group}` : kind);

/** Kinds that are known, though nothing can be told of them. k8s: kubectl/pkg/apps/kind_visitor.go */
const workloads = new Set(["Job", "Pod", "ReplicaSet", "ReplicationController", "CronJob"]);

function needRevisions(info: Info, what: string, viewer: string): void {
  if (hasRevisions(info)) return;
  const named = goQuote(groupKind(info.type));
  throw new Failure(
    workloads.has(info.type.kind)
      ? `no ${viewer} has been implemented for ${named}`
      : `error retrieving ${what} for ${named}, no visitor method exists for {${info.type.group} ${info.type.kind}}`,
  );
}

/** An object as kubectl prints it that has it as its Go type. */
function typedJson(object: KubeObject): string {
  const { managedFields: _managed, ...metadata } = object.metadata ?? {};
  const type = builtInType(object.apiVersion ?? "", object.kind ?? "");
  return `${structJson(inGoOrder({ ...object, metadata }, type), "    ")}\n`;
}

function* history(k: Kubectl): Work<Outcome> {
  const { flags } = k;
  const wanted = flags.int("revision");
  const { result } = yield* targets(k);
  const output = flags.string("output");
  const printer = output ? yield* printerOf(flags) : undefined;
  const client = yield* k.client();
  yield* result.visit(function* (info): Work<void> {
    needRevisions(info, "history", "history viewer");
    const revisions = yield* revisionsOf(client, info);
    const one = revisions.find(({ number }) => number === wanted);
    if (wanted > 0 && !one && revisions.length > 0)
      throw new Failure("unable to find the specified revision");
    if (printer) {
      for (const { object, template } of wanted > 0 ? (one ? [one] : []) : revisions) {
        const spec = {
          ...((info.object as KubeObject)["spec"] as object),
          template: plainTemplate(template),
        };
        const shown = info.type.kind === "Deployment" ? object : { ...info.object, spec };
        k.out(output === "json" ? typedJson(shown) : printer(shown));
      }
      return;
    }
    let text = "No rollout history found.";
    if (one) {
      const metadata = { ...one.template.metadata };
      if (one.cause && info.type.kind === "Deployment")
        metadata.annotations = { ...metadata.annotations, "kubernetes.io/change-cause": one.cause };
      text = templateText({ ...one.template, metadata });
    } else if (revisions.length > 0) {
      const writer = new TabWriter({ minimum: 0, padding: 2, remembers: false });
      writer.write("REVISION\tCHANGE-CAUSE\n");
      for (const { number, cause } of revisions) writer.write(`${number}\t${cause || "<none>"}\n`);
      text = writer.flush();
    }
    const head = wanted > 0 ? `with revision #${wanted}` : "";
    const print = yield* printerOf(flags, { operation: `${head}\n${text}` });
    k.out(print(info.object as KubeObject));
  });
  return 0;
}

const rollbackWarning = (info: Info): string =>
  `Warning: resource ${info.type.plural}/${info.name} was previously managed with 'kubectl apply'. Rolling back will not update the kubectl.kubernetes.io/last-applied-configuration annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n`;

function* rollBack(k: Kubectl, info: Info, dryRun: DryRun): Work<string> {
  needRevisions(info, "rollbacker", "rollbacker");
  const wanted = k.flags.int("to-revision");
  const client = yield* k.client();
  const {
    number: _number,
    template,
    object,
  } = revisionFor(info, yield* revisionsOf(client, info), wanted);
  const workload = info.object as KubeObject;
  const deployment = info.type.kind === "Deployment";
  const plain = plainTemplate(template);
  if (dryRun === "client")
    return `${deployment ? "" : "will roll back to "}${templateText(deployment ? template : plain)}`;
  if (deployment && spec(workload).paused)
    throw new Failure(
      "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
    );
  if (equal(plain, plainTemplate(spec(workload).template ?? {})))
    return `skipped rollback (current template already matches revision ${wanted})`;
  const notes = workload.metadata?.annotations ?? {};
  const annotations: Record<string, string> = {};
  for (const [key, value] of Object.entries(notes)) if (ownNotes.has(key)) annotations[key] = value;
  for (const [key, value] of Object.entries(object.metadata?.annotations ?? {}))
    if (!ownNotes.has(key)) annotations[key] = value;
  const patch = deployment
    ? [
        { op: "replace", path: "/spec/template", value: plain },
        { op: "replace", path: "/metadata/annotations", value: annotations },
      ]
    : object["data"];
  try {
    const contentType = deployment ? jsonPatchType : strategicPatchType;
    yield* patchObject(k, info, patch, { contentType, dryRun });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`failed restoring revision ${wanted}: ${error.message}`);
  }
  return "rolled back";
}

function* undo(k: Kubectl): Work<Outcome> {
  const dryRun = yield* dryRunOf(k);
  const { result } = yield* targets(k);
  yield* result.visit(function* (info): Work<void> {
    const notes = info.object?.metadata?.annotations ?? {};
    if ("kubectl.kubernetes.io/last-applied-configuration" in notes) k.err(rollbackWarning(info));
    const done = yield* rollBack(k, info, dryRun);
    const print = yield* printerFor(k, dryRun, done);
    k.out(print(info.object as KubeObject));
  });
  return 0;
}

interface Step {
  /** What has to be changed; undefined: nothing. Failure where it cannot be. */
  patch(object: KubeObject, atMs: number): unknown;
  done: string;
}

const spec = (object: KubeObject): { paused?: boolean; template?: KubeObject } =>
  (object["spec"] ?? {}) as { paused?: boolean; template?: KubeObject };
const isDeployment = ({ kind, apiVersion }: KubeObject): boolean =>
  kind === "Deployment" && apiVersion === "apps/v1";

const steps: Record<string, Step> = {
  restart: {
    done: "restarted",
    patch(object, atMs) {
      const known = ["Deployment", "DaemonSet", "StatefulSet"].includes(object.kind ?? "");
      if (!known || object.apiVersion !== "apps/v1")
        throw new Failure("restarting is not supported");
      if (isDeployment(object) && spec(object).paused)
        throw new Failure("can't restart paused deployment (run rollout resume first)");
      const stamp = rfc3339(atMs);
      const note = "kubectl.kubernetes.io/restartedAt";
      if (spec(object).template?.metadata?.annotations?.[note] === stamp) return undefined;
      return { spec: { template: { metadata: { annotations: { [note]: stamp } } } } };
    },
  },
  pause: {
    done: "paused",
    patch(object) {
      if (!isDeployment(object)) throw new Failure("pausing is not supported");
      if (spec(object).paused) throw new Failure("is already paused");
      return { spec: { paused: true } };
    },
  },
  resume: {
    done: "resumed",
    patch(object) {
      if (!isDeployment(object)) throw new Failure("resuming is not supported");
      if (!spec(object).paused) throw new Failure("is not paused");
      return { spec: { paused: null } };
    },
  },
};

const stepCommand = (word: string, { patch, done }: Step): Command => ({
  path: `rollout ${word}`,
  *run(k) {
    const { result, namespace } = yield* targets(k);
    const { infos, error } = yield* result.infos();
    const errors: Failure[] = error ? [error] : [];
    if (infos.length === 0 && errors.length === 0)
      k.err(`No resources found in ${namespace} namespace.\n`);
    const at = yield* now();
    for (const info of infos) {
      const object = info.object as KubeObject;
      try {
        const change = patch(object, at);
        if (change === undefined) {
          errors.push(
            new Failure(
              `failed to create patch for ${info.name}: if restart has already been triggered within the past second, please wait before attempting to trigger another`,
            ),
          );
          continue;
        }
        try {
          const made = yield* patchObject(k, info, change, { contentType: strategicPatchType });
          k.out((yield* printerOf(k.flags, { operation: done }))(made));
        } catch (failed) {
          if (!(failed instanceof Failure)) throw failed;
          errors.push(new Failure(`failed to patch: ${failed.message}`));
        }
      } catch (failed) {
        if (!(failed instanceof Failure)) throw failed;
        errors.push(
          new Failure(`error: ${fullNameOf(info.type)} ${goQuote(info.name)} ${failed.message}`),
        );
      }
    }
    if (errors.length > 0) throw new Failures(errors);
  },
});

interface Watched {
  type: ResourceType;
  namespace: string;
  name: string;
}

interface Following {
  /** Those that are not done yet, the first of which is looked at. */
  left: Watched[];
  place?: WatchPlace;
  /** When the first of them has had its time. */
  limit?: number | null;
  /** What became of those before it, and of files that could not be read: told at the end. */
  failed: string[];
  unread: string[];
}

function* status(k: Kubectl): Work<Outcome> {
  const { result, namespace } = yield* targets(k);
  const left: Watched[] = [];
  const unread: string[] = [];
  try {
    yield* result.visit(function* (info): Work<void> {
      needStatus(info);
      left.push({ type: info.type, namespace: info.namespace, name: info.name });
    });
  } catch (error) {
    if (!(error instanceof Failure) || left.length === 0) throw error;
    unread.push(error.message);
  }
  if (left.length === 0) {
    k.err(`No resources found in ${namespace} namespace.\n`);
    return 0;
  }
  return yield* follow(k, { left, failed: [], unread });
}

function needStatus(info: Info): void {
  if (hasRevisions(info)) return;
  throw new Failure(`no status viewer has been implemented for ${groupKind(info.type)}`);
}

/** Says how far an object is; true when that is all there is to say. */
function tell(k: Kubectl, object: KubeObject): boolean {
  const { text, done } = rolloutProgress(object, k.flags.int("revision"));
  k.out(text);
  return done || !k.flags.bool("watch");
}

/** One that fails does not end it where there are others. */
function* follow(k: Kubectl, { left, failed, unread, ...state }: Following): Work<Outcome> {
  const [first, ...rest] = left;
  if (!first) {
    throwAll([...failed, ...unread].map((text) => new Failure(text)));
    return 0;
  }
  const all = [...failed];
  try {
    const outcome = yield* followFirst(k, first, { left, failed, unread, ...state });
    if (outcome !== undefined) return outcome;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (rest.length + failed.length + unread.length === 0) throw error;
    all.push(error.message);
  }
  return yield* follow(k, { left: rest, failed: all, unread });
}

/** Looks at one, and then at what its watch tells; undefined: it is done. */
function* followFirst(k: Kubectl, first: Watched, state: Following): Work<Outcome | undefined> {
  const { left, place, failed, unread } = state;
  const { type, namespace, name } = first;
  const client = yield* k.client();
  const gone = new Failure("object has been deleted");
  const timeout = k.flags.duration("timeout");
  const limit = state.limit ?? (timeout ? (yield* now()) + timeout : null);
  const same = { left, limit, failed, unread };
  if (!place) {
    let object: KubeObject;
    try {
      object = yield* client.json<KubeObject>({ path: pathOf(type, namespace, name) });
    } catch (error) {
      throw isNotFound(error) ? gone : error;
    }
    if (tell(k, object)) return undefined;
    const resourceVersion = object.metadata?.resourceVersion ?? "";
    const opened = yield* openWatch(client, type, namespace, { name, resourceVersion });
    return k.continueAs("follow", { ...same, place: opened });
  }
  const news = yield* nextEvents(place, limit ?? undefined);
  const close = function* (): Work<void> {
    if (place.stream !== undefined) yield* closeStream(place.stream);
  };
  if (news.late) {
    yield* close();
    throw new Failure("timed out waiting for the condition");
  }
  for (const event of news.events) {
    if (event.type === "ERROR") throw failureOfEvent(event);
    if (event.type === "DELETED") throw gone;
    if (event.type === "BOOKMARK" || !tell(k, event.object)) continue;
    yield* close();
    return undefined;
  }
  return k.continueAs("follow", news.ended ? same : { ...same, place });
}

export const rolloutCommands: readonly Command[] = [
  { path: "rollout history", run: history },
  { path: "rollout undo", run: undo },
  { path: "rollout status", run: status, continuations: { follow } },
  ...Object.entries(steps).map(([word, step]) => stepCommand(word, step)),
];

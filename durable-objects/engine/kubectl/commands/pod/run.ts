/** kubectl run. k8s: kubectl/pkg/cmd/run/run.go, kubectl/pkg/generate/versioned/run.go */
import { attachOrLog, printLog, waitPod } from "../../attaching.ts";
import { now } from "../../asks.ts";
import { goQuote } from "../../../machinery/field.ts";
import { envVarProblems } from "../../mutate/env-names.ts";
import type { Command, Kubectl } from "../../command.ts";
import { Exit, Failure, isNotFound, throwAll } from "../../errors.ts";
import { createObject } from "../../mutate/generate.ts";
import { imageReference } from "../../mutate/image-reference.ts";
import {
  annotateApplied,
  dryRunOf,
  placeIn,
  typedPrinter,
  requireFlags,
  type DryRun,
  type NamespaceChoice,
} from "../../mutate/mutation.ts";
import { overridden } from "../../mutate/overrides.ts";
import { record } from "../../mutate/record.ts";
import type { KubeObject } from "../../objects.ts";
import { containerOrDefault, type PodObject } from "../../pods.ts";
import { runSession, type SessionPlace } from "../../session.ts";
import { Continue, type Outcome, type Work } from "../../work.ts";
import { parseLabels } from "../expose.ts";

const attaches = ({ flags }: Kubectl): boolean =>
  flags.changed("attach") ? flags.bool("attach") : flags.bool("stdin");

function validate(k: Kubectl, dryRun: DryRun): void {
  const { flags, args } = k;
  if (args.length === 0 || flags.dash === 0) k.usage("NAME is required for run");
  if (flags.duration("pod-running-timeout") <= 0)
    k.usage("--pod-running-timeout must be higher than zero");
  const given = flags.string("image");
  if (given === "") k.fail("--image is required");
  if (!imageReference.test(given))
    k.fail(`Invalid image name ${goQuote(given)}: invalid reference format`);
  if (flags.bool("tty") && !flags.bool("stdin"))
    k.usage("-i/--stdin is required for containers with -t/--tty=true");
  if (flags.bool("expose") && flags.string("port") === "")
    k.usage("--port must be set when exposing a service");
  const restart = flags.string("restart");
  if (!["", "Always", "OnFailure", "Never"].includes(restart))
    k.usage(`invalid restart policy: ${restart}`);
  const attach = attaches(k);
  if (!attach && flags.bool("rm")) k.usage("--rm should only be used for attached containers");
  if (attach && dryRun !== "none")
    k.usage(
      "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
    );
  const pull = flags.string("image-pull-policy");
  if (!["", "Always", "IfNotPresent", "Never"].includes(pull))
    k.usage(`invalid image pull policy: ${pull}`);
}

function envOf(list: readonly string[]): { name: string; value: string }[] {
  return list.map((one) => {
    const at = one.indexOf("=");
    const name = one.slice(0, Math.max(at, 0));
    if (at <= 0 || envVarProblems(name).length > 0) throw new Failure(`invalid env: ${one}`);
    return { name, value: one.slice(at + 1) };
  });
}

function annotationsOf(list: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const one of list) {
    const at = one.indexOf("=");
    if (at <= 0) throw new Failure(`unexpected annotation: ${one}`);
    out[one.slice(0, at)] = one.slice(at + 1);
  }
  return out;
}

function portOf(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new Failure(`strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`);
}

function podOf(k: Kubectl): KubeObject {
  const { flags, args } = k;
  const [name = "", ...words] = args;
  const env = envOf(flags.list("env"));
  const annotations = annotationsOf(flags.list("annotations"));
  const labels = flags.string("labels") ? parseLabels(flags.string("labels")) : { run: name };
  const port = flags.string("port");
  const pull = flags.string("image-pull-policy");
  const stdin = flags.bool("stdin");
  const container = {
    name,
    image: flags.string("image"),
    ...(words.length ? { [flags.bool("command") ? "command" : "args"]: words } : {}),
    ...(port ? { ports: [{ containerPort: portOf(port) }] } : {}),
    ...(env.length ? { env } : {}),
    resources: {},
    ...(pull ? { imagePullPolicy: pull } : {}),
    ...(flags.bool("privileged") ? { securityContext: { privileged: true } } : {}),
    ...(stdin ? { stdin } : {}),
    ...(stdin && !flags.bool("leave-stdin-open") ? { stdinOnce: true } : {}),
    ...(flags.bool("tty") ? { tty: true } : {}),
  };
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: { name, labels, ...(Object.keys(annotations).length ? { annotations } : {}) },
    spec: {
      containers: [container],
      restartPolicy: flags.string("restart") || "Always",
      dnsPolicy: "ClusterFirst",
    },
    status: {},
  };
}

function serviceOf(k: Kubectl): KubeObject {
  const { flags, args } = k;
  const [name = ""] = args;
  const given = flags.string("labels");
  const port = portOf(flags.string("port"));
  return {
    kind: "Service",
    apiVersion: "v1",
    metadata: { name, ...(given ? { labels: parseLabels(given) } : {}) },
    spec: {
      ports: [{ protocol: "TCP", port, targetPort: port }],
      selector: parseLabels(given || `run=${name}`),
    },
    status: { loadBalancer: {} },
  };
}

function* make(
  k: Kubectl,
  object: KubeObject,
  plural: string,
  place: NamespaceChoice,
  dryRun: DryRun,
): Work<KubeObject> {
  record(k, object);
  if (dryRun === "client") {
    const { name, ...metadata } = object.metadata ?? {};
    if (place.explicit)
      object.metadata = { ...(name ? { name } : {}), namespace: place.namespace, ...metadata };
    return object;
  }
  annotateApplied(k, object, Object.keys);
  return yield* createObject(k, { object, plural }, place.namespace, dryRun);
}

const ended = ({ status }: PodObject): boolean =>
  ["Succeeded", "Failed"].includes(status?.phase ?? "");
const ready = (pod: PodObject): boolean =>
  ended(pod) ||
  (pod.status?.phase === "Running" &&
    (pod.status.conditions ?? []).some(
      ({ type, status }) => type === "Ready" && status === "True",
    ));

/** What was made: kind, plural name, name. */
type Made = [kind: string, plural: string, name: string];

/** k8s: run.go removeCreatedObjects */
function* remove(k: Kubectl, made: readonly Made[], namespace: string): Work<void> {
  const client = yield* k.client();
  for (const [kind, plural, name] of made) {
    try {
      yield* client.ok({
        method: "DELETE",
        path: `/api/v1/namespaces/${namespace}/${plural}/${name}`,
        body: { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Background" },
      });
      if (!k.flags.bool("quiet"))
        k.out(`${kind.toLowerCase()} "${name}" deleted from ${namespace} namespace\n`);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** What goes on while it is attached: plain JSON. */
interface Attached {
  namespace: string;
  name: string;
  made: Made[];
  place: SessionPlace;
  container: string;
  /** Characters of its log that were printed before. */
  printed: number;
}

/** Does what follows a Pod's making, and takes away what was made where that is asked for. */
function* cleaned(
  k: Kubectl,
  { made, namespace }: Pick<Attached, "made" | "namespace">,
  work: () => Work<Outcome>,
): Work<Outcome> {
  let outcome: Outcome;
  try {
    outcome = yield* work();
  } catch (error) {
    if (error instanceof Failure && k.flags.bool("rm")) yield* remove(k, made, namespace);
    throw error;
  }
  if (!(outcome instanceof Continue) && k.flags.bool("rm")) yield* remove(k, made, namespace);
  return outcome;
}

/** Waits for the Pod and attaches to it; of one that has ended its log is all there is. */
function* attach(k: Kubectl, made: Made[], pod: KubeObject): Work<Outcome> {
  const { namespace = "", name = "" } = pod.metadata ?? {};
  return yield* cleaned(k, { made, namespace }, function* () {
    const limit = (yield* now()) + k.flags.duration("pod-running-timeout");
    const awaited = { namespace, name, limit };
    const running = yield* waitPod(k, awaited, ready);
    const container = containerOrDefault(k, running, "", k.flags.bool("quiet")).name;
    const printed = yield* printLog(k, awaited, container);
    if (ended(running)) return yield* exitCode(k, namespace, name);
    const place = yield* attachOrLog(k, running, container);
    if (!place) return yield* exitCode(k, namespace, name);
    const attached: Attached = { namespace, name, made, place, container, printed };
    return k.continueAs("session", attached);
  });
}

const notUpgraded = "unable to upgrade connection";

/** A step of its session. */
function* session(k: Kubectl, data: Attached): Work<Outcome> {
  const { namespace, name } = data;
  return yield* cleaned(k, data, function* () {
    let outcome: Outcome;
    try {
      outcome = yield* runSession(k, data.place);
    } catch (error) {
      // Its container has ended between the look and the session: what it said is in its log.
      if (!(error instanceof Failure) || !error.message.includes(notUpgraded)) throw error;
      k.err(
        `warning: couldn't attach to pod/${name}, falling back to streaming logs: ${error.message}\n`,
      );
      yield* printLog(k, { namespace, name }, data.container, false, data.printed);
      return yield* exitCode(k, namespace, name);
    }
    if (!(outcome instanceof Continue)) return yield* exitCode(k, namespace, name);
    const place = outcome.data as SessionPlace;
    return k.continueAs("session", { ...data, place } satisfies Attached);
  });
}

/** The Pod's exit code is this command's, where it comes to an end. */
function* exitCode(k: Kubectl, namespace: string, name: string): Work<number> {
  const { flags } = k;
  const restart = flags.string("restart") || (flags.bool("stdin") ? "OnFailure" : "Always");
  if (flags.bool("leave-stdin-open") || restart === "Always") return 0;
  const limit = (yield* now()) + flags.duration("pod-running-timeout");
  const over = yield* waitPod(
    k,
    { namespace, name, limit },
    restart === "OnFailure" ? ({ status }) => status?.phase === "Succeeded" : ended,
  );
  if (over.status?.phase === "Succeeded") return 0;
  const last = over.status?.containerStatuses?.[0]?.state?.terminated;
  if (!last || last.exitCode === 0)
    throw new Failure(`pod ${namespace}/${name} failed with unknown exit code`);
  throw new Exit(
    last.exitCode,
    `pod ${namespace}/${name} terminated (${last.reason ?? ""})\n${last.message ?? ""}`,
  );
}

export const run: Command = {
  path: "run",
  *run(k) {
    const { flags } = k;
    requireFlags(k, ["image"]);
    const dryRun = yield* dryRunOf(k);
    const print = yield* typedPrinter(k, dryRun, "created");
    const place = yield* placeIn(k);
    validate(k, dryRun);
    const pod = yield* make(k, overridden(k, podOf(k)), "pods", place, dryRun);
    const made: Made[] = [["Pod", "pods", pod.metadata?.name ?? ""]];
    const errors: Failure[] = [];
    if (flags.bool("expose")) {
      try {
        const service = yield* make(k, serviceOf(k), "services", place, dryRun);
        made.push(["Service", "services", service.metadata?.name ?? ""]);
        k.out(print(service));
        if (flags.string("output") === "yaml") k.out("---\n");
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        errors.push(error);
      }
    }
    if (attaches(k)) return yield* attach(k, made, pod);
    k.out(print(pod));
    throwAll(errors);
    return 0;
  },
  continuations: { session },
};

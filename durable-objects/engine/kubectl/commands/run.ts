/** kubectl run. k8s: kubectl/pkg/cmd/run/run.go, kubectl/pkg/generate/versioned/run.go */
import { now } from "../asks.ts";
import { goQuote } from "../../machinery/field.ts";
import { envVarProblems } from "../mutate/env-names.ts";
import type { Command, Kubectl } from "../command.ts";
import { Exit, Failure, isNotFound, throwAll } from "../errors.ts";
import { events } from "../http.ts";
import { createObject } from "../mutate/generate.ts";
import {
  annotateApplied,
  dryRunOf,
  placeIn,
  typedPrinter,
  requireFlags,
  type DryRun,
  type Place,
} from "../mutate/mutation.ts";
import { overridden } from "../mutate/overrides.ts";
import type { KubeObject } from "../objects.ts";
import { nextEvents, openWatch } from "../watch.ts";
import { section, type Outcome, type Work } from "../work.ts";
import { parseLabels } from "./expose.ts";

/** k8s: distribution/reference ReferenceRegexp */
const image =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$/;

const attaches = ({ flags }: Kubectl): boolean =>
  flags.changed("attach") ? flags.bool("attach") : flags.bool("stdin");

function validate(k: Kubectl, dryRun: DryRun): void {
  const { flags, args } = k;
  if (args.length === 0 || flags.dash === 0) k.usage("NAME is required for run");
  if (flags.duration("pod-running-timeout") <= 0)
    k.usage("--pod-running-timeout must be higher than zero");
  const given = flags.string("image");
  if (given === "") k.fail("--image is required");
  if (!image.test(given)) k.fail(`Invalid image name ${goQuote(given)}: invalid reference format`);
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
  place: Place,
  dryRun: DryRun,
): Work<KubeObject> {
  if (dryRun === "client") {
    const { name, ...metadata } = object.metadata ?? {};
    if (place.explicit)
      object.metadata = { ...(name ? { name } : {}), namespace: place.namespace, ...metadata };
    return object;
  }
  annotateApplied(k, object, Object.keys);
  return yield* createObject(k, { object, plural }, place.namespace, dryRun);
}

interface PodStatus {
  status?: {
    phase?: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: {
      state?: { terminated?: { exitCode: number; reason?: string; message?: string } };
    }[];
  };
}

interface Awaited {
  namespace: string;
  name: string;
  limit: number;
}

/** Waits until a Pod is as it should be. */
function* waitPod(
  k: Kubectl,
  { namespace, name, limit }: Awaited,
  until: (pod: PodStatus) => boolean,
): Work<PodStatus> {
  const client = yield* k.client();
  const pods = (yield* k.mapper()).need("pods");
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  for (;;) {
    const pod = yield* client.json<KubeObject>({ path });
    if (until(pod as PodStatus)) return pod as PodStatus;
    const resourceVersion = pod.metadata?.resourceVersion ?? "";
    let place = yield* openWatch(client, pods, namespace, { name, resourceVersion });
    for (;;) {
      const at = place;
      const step = yield* section(function* () {
        const news = yield* nextEvents(at, limit);
        const found = news.events.find(({ object }) => until(object as PodStatus))?.object as
          | PodStatus
          | undefined;
        const gone = news.events.some(({ type }) => type === "DELETED");
        return { at, found: found ?? null, gone, late: news.late, ended: news.ended };
      });
      place = step.at;
      if (step.gone) throw new Failure('pods "" not found');
      if (step.found) return step.found;
      if (step.late) throw new Failure("timed out waiting for the condition");
      if (step.ended) break;
    }
  }
}

const ended = ({ status }: PodStatus): boolean =>
  ["Succeeded", "Failed"].includes(status?.phase ?? "");
const ready = (pod: PodStatus): boolean =>
  ended(pod) ||
  (pod.status?.phase === "Running" &&
    (pod.status.conditions ?? []).some(
      ({ type, status }) => type === "Ready" && status === "True",
    ));

/** What the container says, until its end. */
function* readLogs(k: Kubectl, { namespace, name }: Awaited): Work<void> {
  const client = yield* k.client();
  const container = (k.args[0] ?? "").slice(0, 63);
  const answer = yield* client.ok({
    path: `/api/v1/namespaces/${namespace}/pods/${name}/log`,
    query: [
      ["container", container],
      ["follow", true],
    ],
    stream: true,
  });
  k.out(answer.text);
  let { stream } = answer;
  while (stream !== undefined) {
    const from: string = stream;
    const over = yield* section(function* () {
      const news = yield* events(from);
      k.out(news.text);
      return news.ended;
    });
    if (over) stream = undefined;
  }
}

function* remove(
  k: Kubectl,
  objects: readonly [KubeObject, string][],
  namespace: string,
): Work<void> {
  const client = yield* k.client();
  for (const [object, plural] of objects) {
    const { name } = object.metadata ?? {};
    try {
      yield* client.ok({
        method: "DELETE",
        path: `/api/v1/namespaces/${namespace}/${plural}/${name}`,
        body: { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Background" },
      });
      if (!k.flags.bool("quiet"))
        k.out(`${object.kind?.toLowerCase()} "${name}" deleted from ${namespace} namespace\n`);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** Its output is read until it ends, and its exit code is this command's. */
function* attached(k: Kubectl, pod: KubeObject): Work<Outcome> {
  const { flags } = k;
  const { namespace = "", name = "" } = pod.metadata ?? {};
  const limit = (yield* now()) + flags.duration("pod-running-timeout");
  const awaited = { namespace, name, limit };
  yield* waitPod(k, awaited, ready);
  yield* readLogs(k, awaited);
  const restart = flags.string("restart") || (flags.bool("stdin") ? "OnFailure" : "Always");
  if (flags.bool("leave-stdin-open") || restart === "Always") return 0;
  const over = yield* waitPod(
    k,
    { ...awaited, limit: (yield* now()) + flags.duration("pod-running-timeout") },
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
    const attach = attaches(k);
    if (attach && flags.bool("stdin"))
      k.fail(
        "-i/--stdin and -t/--tty need a connection that upgrades, which is not simulated here",
      );
    const pod = yield* make(k, overridden(k, podOf(k)), "pods", place, dryRun);
    const created: [KubeObject, string][] = [[pod, "pods"]];
    const errors: Failure[] = [];
    if (flags.bool("expose")) {
      try {
        const service = yield* make(k, serviceOf(k), "services", place, dryRun);
        created.push([service, "services"]);
        k.out(print(service));
        if (flags.string("output") === "yaml") k.out("---\n");
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        errors.push(error);
      }
    }
    if (attach) {
      try {
        return yield* attached(k, pod);
      } finally {
        if (flags.bool("rm")) yield* remove(k, created, place.namespace);
      }
    }
    k.out(print(pod));
    throwAll(errors);
    return 0;
  },
};

/** A batch of manifests in a cluster: what was refused, what came up, what did not and why. */
import { World } from "../helpers/world.ts";
import { isDefinition, type Anything, type Batch } from "./manifests.ts";

export interface Verdict {
  file: string;
  /** Objects that were refused, with the server's words. */
  refused: string[];
  /** Workloads that are as they shall be. */
  ready: number;
  /** Workloads that are not, and why. */
  notReady: string[];
}

export interface Outcome {
  verdicts: Verdict[];
  /** Reconcilers that threw, which is a fault of Podyard's whatever the manifests say. */
  faults: string[];
}

const workloads = new Set([
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "ReplicationController",
  "Job",
  "Pod",
]);

export class TrialCluster {
  readonly world: World;
  readonly faults = new Set<string>();

  constructor(nodes: number) {
    this.world = new World({ nodes });
    this.pass(5_000);
  }

  /** Lets time pass while somebody looks on; what throws is noted, and time goes on. */
  pass(ms: number): void {
    const { world } = this;
    const end = world.now + ms;
    while (world.now < end) {
      try {
        world.advance(Math.min(30_000, end - world.now));
      } catch (error) {
        const cause = (error as Error).cause ?? error;
        this.faults.add(String((cause as Error).stack ?? cause).slice(0, 600));
        if (world.engine.faults.length === 0) throw error;
        world.engine.faults.length = 0;
      }
      world.request("GET", "/api/v1/namespaces/default");
    }
  }

  /** As `kubectl apply`: created, or changed where it is there. Undefined: it stands. */
  apply(object: Anything): string | undefined {
    const { apiVersion, kind, metadata } = object;
    const resource = this.world.engine.registry.ofKind(apiVersion, kind);
    if (!resource) return `no matches for kind "${kind}" in version "${apiVersion}"`;
    const url = this.url(object)!;
    const query = "fieldManager=kubectl-client-side-apply&fieldValidation=Strict";
    let answer = this.world.request("POST", `${url}?${query}`, object);
    if (answer.status === 409 && answer.body.reason === "AlreadyExists")
      answer = this.world.request("PATCH", `${url}/${metadata.name}?${query}&force=true`, object, {
        type: "application/apply-patch+yaml",
      });
    return answer.status < 300 ? undefined : (answer.body?.message ?? `status ${answer.status}`);
  }

  /** The path of an object's collection. */
  url({ apiVersion, kind, metadata }: Anything): string | undefined {
    const resource = this.world.engine.registry.ofKind(apiVersion, kind);
    if (!resource) return undefined;
    const root = resource.group === "" ? "/api" : "/apis";
    const place = resource.namespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
    return `${root}/${apiVersion}${place}/${resource.plural}`;
  }

  /** Who reads a manifest's page makes the namespaces that it tells of first. */
  makeNamespaces(objects: readonly Anything[]): void {
    const own = new Set(objects.filter(({ kind }) => kind === "Namespace").map(nameOf));
    const named = new Set(objects.map(({ metadata }) => metadata.namespace as string | undefined));
    for (const name of named)
      if (name && !own.has(name))
        this.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }

  /** Why a workload is not as it shall be; undefined: it is. */
  problem(object: Anything): string | undefined {
    const url = this.url(object);
    if (!url) return undefined;
    const name = object.metadata.name as string | undefined;
    if (name === undefined) return undefined;
    const answer = this.world.request("GET", `${url}/${name}`);
    // A Job that cleared itself away.
    if (answer.status === 404) return undefined;
    const { kind, spec, status = {}, metadata } = answer.body;
    if (kind === "Pod") return this.#podProblem(answer.body);
    if (kind === "Job") {
      const conditions = (status.conditions ?? []) as Anything[];
      if (conditions.some(({ type }) => /^(Complete|Suspended)$/.test(type))) return undefined;
      const failed = conditions.find(({ type }) => type === "Failed");
      // One that still runs without trouble is as it shall be.
      const why = this.#podsProblem(metadata, "Job", name);
      if (!failed) return why;
      return `Failed ${failed.reason}: ${failed.message}; ${why ?? ""}`;
    }
    const wanted = kind === "DaemonSet" ? status.desiredNumberScheduled : (spec.replicas ?? 1);
    const have = kind === "DaemonSet" ? status.numberReady : status.readyReplicas;
    if ((have ?? 0) >= (wanted ?? 0)) return undefined;
    const failure = (status.conditions ?? []).some(
      ({ type }: Anything) => type === "ReplicaFailure",
    );
    const why = failure ? undefined : this.#podsProblem(metadata, kind, name);
    return `${have ?? 0}/${wanted} ready: ${why ?? conditionOf(status)}`;
  }

  #podsProblem(metadata: Anything, kind: string, name: string): string | undefined {
    const pods = this.world.get(`/api/v1/namespaces/${metadata.namespace}/pods`)
      .items as Anything[];
    const owned = pods.filter((pod) =>
      (pod.metadata.ownerReferences ?? []).some(
        (owner: Anything) =>
          (owner.kind === kind && owner.name === name) ||
          (kind === "Deployment" &&
            owner.kind === "ReplicaSet" &&
            owner.name.startsWith(`${name}-`)),
      ),
    );
    for (const pod of owned) {
      const problem = this.#podProblem(pod);
      if (problem) return problem;
    }
    if (owned.length > 0 && kind === "Job") return undefined;
    const [event] = this.world
      .events(name, metadata.namespace)
      .filter((line) => line.startsWith("Warning"))
      .slice(-1);
    return event;
  }

  #podProblem(pod: Anything): string | undefined {
    const { spec, status = {}, metadata } = pod;
    if (status.phase === "Succeeded") return undefined;
    const ready = (status.conditions ?? []).find(({ type }: Anything) => type === "Ready");
    if (ready?.status === "True") return undefined;
    const scheduled = (status.conditions ?? []).find(
      ({ type }: Anything) => type === "PodScheduled",
    );
    if (scheduled?.status === "False") return `Pending: ${scheduled.reason} ${scheduled.message}`;
    for (const one of [
      ...(status.initContainerStatuses ?? []),
      ...(status.containerStatuses ?? []),
    ]) {
      const { waiting, terminated } = one.state ?? {};
      if (waiting && !/^(PodInitializing|ContainerCreating)$/.test(waiting.reason))
        return `${one.name} (${one.image}): ${waiting.reason} ${waiting.message ?? ""}${this.#lastLine(metadata, one.name)}`;
      if (terminated && terminated.exitCode !== 0)
        return `${one.name} (${one.image}): exit ${terminated.exitCode} ${terminated.reason}${this.#lastLine(metadata, one.name)}`;
    }
    const [event] = this.world
      .events(metadata.name, metadata.namespace)
      .filter((line) => line.startsWith("Warning"))
      .slice(-1);
    const images = spec.containers.map(({ image }: Anything) => image).join(" ");
    return `${status.phase} (${images}) ${event ?? ready?.message ?? ""}`;
  }

  #lastLine({ namespace, name }: Anything, container: string): string {
    const url = `/api/v1/namespaces/${namespace}/pods/${name}/log?container=${container}&tailLines=3`;
    for (const previous of ["&previous=true", ""]) {
      const { status, text } = this.world.request("GET", url + previous);
      if (status === 200 && text.trim() !== "") return ` | ${text.trim().replaceAll("\n", " / ")}`;
    }
    return "";
  }
}

const nameOf = ({ metadata }: Anything): string => metadata.name;

const conditionOf = (status: Anything): string =>
  (status.conditions ?? [])
    .filter(
      ({ type, status: is }: Anything) => is === (type === "ReplicaFailure" ? "True" : "False"),
    )
    .map(({ reason, message }: Anything) => `${reason}: ${message}`)
    .join("; ");

/** Applies a batch twice, as people do where one manifest needs another, lets time pass, and looks. */
export function tryBatch(
  batch: Batch,
  options: { nodes: number; minutes: number; definitions: readonly Anything[] },
): Outcome {
  const cluster = new TrialCluster(options.nodes);
  const all = batch.files.flatMap(({ objects }) => objects);
  for (const definition of options.definitions) cluster.apply(definition);
  cluster.makeNamespaces(all);
  cluster.pass(3_000);
  const first = (object: Anything): boolean => object.kind === "Namespace" || isDefinition(object);
  for (const object of all) if (first(object)) cluster.apply(object);
  cluster.pass(3_000);
  const refusals = new Map<Anything, string>();
  const attempt = (object: Anything): void => {
    const message = cluster.apply(object);
    if (message === undefined) refusals.delete(object);
    else refusals.set(object, message);
  };
  for (const object of all) attempt(object);
  cluster.pass(30_000);
  for (const object of refusals.keys()) attempt(object);
  cluster.pass(options.minutes * 60_000);
  const verdicts = batch.files.map(({ path: file, objects }): Verdict => {
    const standing = objects.filter((one) => workloads.has(one.kind) && !refusals.has(one));
    const notReady = standing.flatMap((one) => {
      const why = cluster.problem(one);
      return why === undefined ? [] : [`${one.kind}/${one.metadata.name}: ${why}`];
    });
    return {
      file,
      refused: objects
        .filter((object) => refusals.has(object))
        .map((object) => `${object.kind}/${object.metadata.name}: ${refusals.get(object)}`),
      ready: standing.length - notReady.length,
      notReady,
    };
  });
  return { verdicts, faults: [...cluster.faults] };
}

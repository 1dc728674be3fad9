import { ApiError, ask, askJson } from "../api/client.ts";
import { takeSnapshot } from "../api/snapshots.ts";
import { clusterOf, type Cluster } from "../api/tables.ts";
import type { Sandbox } from "../api/sandboxes.ts";
import type { Method } from "./frame-port.ts";

/** What the page around a frame may do with the cluster in it. */

export interface Steered {
  /** Undefined: nothing was started yet, or a snapshot stands still. */
  sandbox: Sandbox | undefined;
  /** What can be read. */
  cluster: Cluster | undefined;
  readOnly: boolean;
}

const changing = new Set(["run", "apply", "setClock", "snapshot"]);

/** Errors say what to do. */
export function methodsOf(steered: () => Steered): (name: string) => Method {
  const sandbox = (): Sandbox => {
    const found = steered().sandbox;
    if (!found) throw new Error("there is no living cluster here yet: start it first");
    return found;
  };
  const methods: Record<string, Method> = {
    run: (command, options) => run(sandbox(), String(command), options),
    apply: (manifests) => apply(clusterOf(sandbox()), manifests),
    get: (path) => get(steered().cluster, String(path)),
    setClock: (spec) => setClock(clusterOf(sandbox()), spec),
    snapshot: (options) => takeSnapshot(sandbox(), { secrets: false, ...(options as object) }),
    focus: async () => document.querySelector<HTMLElement>("button, a, [tabindex]")?.focus(),
  };
  return (name) => {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (!method) throw new Error(`there is no method ${name}; there are ${Object.keys(methods)}`);
    if (changing.has(name) && steered().readOnly) throw new Error("this frame is read-only");
    return method;
  };
}

async function run({ id, key }: Sandbox, command: string, options: unknown): Promise<unknown> {
  try {
    return await askJson(`/api/sandboxes/${id}/run`, {
      method: "POST",
      body: { ...(options as object), command },
      key,
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw new Error("this deployment runs no commands from pages", { cause: error });
  }
}

async function get(cluster: Cluster | undefined, path: string): Promise<unknown> {
  if (!cluster) throw new Error("there is no cluster here yet: start it first");
  // What else the origin serves is not the cluster's.
  if (
    !/^\/(api|apis|version|openapi)(\/|\?|$)/.test(path) ||
    /(^|\/)\.{1,2}(\/|$)|%2e/i.test(path)
  ) {
    throw new Error("get takes a path of the Kubernetes API, such as /api/v1/pods");
  }
  return askJson(cluster.base + path, { key: cluster.key });
}

const clockPath = "/apis/podyard.dev/v1/clocks/cluster";

export const setClock = ({ base, key }: Cluster, spec: unknown): Promise<unknown> =>
  askJson(base + clockPath, {
    method: "PATCH",
    body: { spec },
    key,
    headers: { "content-type": "application/merge-patch+json" },
  });

interface Manifest {
  apiVersion?: string;
  kind?: string;
  metadata?: { name?: string; namespace?: string };
}

async function apply(cluster: Cluster, manifests: unknown): Promise<unknown> {
  const applied: string[] = [];
  for (const manifest of await objectsIn(manifests)) {
    const path = await pathOf(cluster, manifest);
    await ask(`${cluster.base}${path}?fieldManager=podyard-embed&force=true`, {
      method: "PATCH",
      body: manifest,
      key: cluster.key,
      headers: { "content-type": "application/apply-patch+yaml" },
    });
    applied.push(`${manifest.kind}/${manifest.metadata?.name}`);
  }
  return { applied };
}

/** Texts are YAML, of which JSON is a part. */
async function objectsIn(manifests: unknown): Promise<Manifest[]> {
  if (typeof manifests !== "string") return [manifests].flat() as Manifest[];
  const { parseAllDocuments } = await import("yaml");
  return parseAllDocuments(manifests, { maxAliasCount: 100 } as object).flatMap((document) => {
    if (document.errors[0]) throw new Error(document.errors[0].message);
    const object = document.toJS() as Manifest | null;
    return object === null ? [] : [object];
  });
}

interface Discovered {
  resources: { name: string; kind: string; namespaced: boolean }[];
}

/** Where an object lives, as discovery says. */
async function pathOf(cluster: Cluster, { apiVersion, kind, metadata }: Manifest): Promise<string> {
  if (!apiVersion || !kind || !metadata?.name) {
    throw new Error("each manifest needs apiVersion, kind and metadata.name");
  }
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { resources } = await askJson<Discovered>(cluster.base + group, { key: cluster.key });
  const found = resources.find((one) => one.kind === kind && !one.name.includes("/"));
  if (!found) throw new Error(`no matches for kind "${kind}" in version "${apiVersion}"`);
  const name = encodeURIComponent(metadata.name);
  const namespace = encodeURIComponent(metadata.namespace ?? "default");
  const within = found.namespaced ? `/namespaces/${namespace}` : "";
  return `${group}${within}/${found.name}/${name}`;
}

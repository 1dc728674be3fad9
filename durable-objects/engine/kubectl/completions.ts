/** What the arguments and flags of a command may be. k8s: kubectl/pkg/util/completion/completion.go */
import type { Kubectl } from "./command.ts";
import { files, noFiles, nothing, noSpace, type Found } from "./completions-found.ts";
import { openConfig } from "./config/modify.ts";
import { pathOf, type ResourceType } from "./discovery.ts";
import { upTo } from "../core/trim.ts";
import type { FlagFacts } from "./facts.ts";
import { byText } from "./go/json.ts";
import type { ListObject } from "./objects.ts";
import type { Work } from "./work.ts";

type Completes = (k: Kubectl, last: string) => Work<Found>;

const workloads = ["deployment", "daemonset", "statefulset"];
const scaled = ["deployment", "replicaset", "replicationcontroller", "statefulset"];
/** k8s: cmd/set/set_image.go */
const imaged =
  "daemonsets deployments pods cronjobs replicasets replicationcontrollers statefulsets".split(" ");
const exposed = ["pod", "service", "replicationcontroller", "deployment", "replicaset"];
const withPods =
  "daemonsets deployments pods jobs replicasets replicationcontrollers services statefulsets".split(
    " ",
  );

function* names(k: Kubectl, type: ResourceType, prefix = ""): Work<string[]> {
  const client = yield* k.client();
  const namespace = type.namespaced ? yield* k.namespace() : "";
  const { items } = yield* client.json<ListObject>({ path: pathOf(type, namespace) });
  return items.map(({ metadata }) => `${prefix}${metadata?.name ?? ""}`);
}

function* namesOf(k: Kubectl, word: string, prefix = ""): Work<string[]> {
  const type = (yield* k.mapper()).find(word);
  return type ? yield* names(k, type, prefix) : [];
}

/** Kinds that can be read, as `api-resources -o name` lists them; behind a comma the next one. */
function* types(k: Kubectl, last: string): Work<string[]> {
  const listed = (yield* k.mapper()).types.filter(
    ({ verbs, preferred }) => preferred && verbs.includes("get"),
  );
  const before = last.slice(0, last.lastIndexOf(",") + 1);
  return listed
    .toSorted((a, b) => byText(a.group, b.group) || byText(a.plural, b.plural))
    .map(({ plural, group }) => `${before}${plural}${group ? `.${group}` : ""}`);
}

/** TYPE NAME, or TYPE/NAME; `only`: of these types; `once`: one of them. */
const typeAndName = (only?: readonly string[], once = false): Completes =>
  function* (k, last) {
    const [first] = k.args;
    if (first !== undefined && !first.includes("/")) {
      if (once && k.args.length > 1) return nothing;
      const taken = new Set(k.args.slice(1));
      const all = yield* namesOf(k, first);
      return { words: all.filter((name) => !taken.has(name)), directive: noFiles };
    }
    if (once && first !== undefined) return nothing;
    const slash = last.indexOf("/");
    if (slash >= 0) {
      const type = last.slice(0, slash);
      const taken = new Set(k.args);
      const all = yield* namesOf(k, type, `${type}/`);
      return { words: all.filter((name) => !taken.has(name)), directive: noFiles };
    }
    const all = only ? [...only] : yield* types(k, last);
    if (first === undefined) return { words: all, directive: noFiles };
    return { words: all.map((type) => `${type}/`), directive: noFiles | noSpace };
  };

const named = (type: string): Completes =>
  function* (k) {
    return k.args.length ? nothing : { words: yield* namesOf(k, type), directive: noFiles };
  };

/** Pods, and kinds that have some. */
function* podOrType(k: Kubectl, last: string): Work<Found> {
  if (k.args.length > 0) return nothing;
  const slash = last.indexOf("/");
  if (slash >= 0) {
    const type = last.slice(0, slash);
    return { words: yield* namesOf(k, type, `${type}/`), directive: noFiles };
  }
  const pods = (yield* namesOf(k, "pods")).filter((name) => name.startsWith(last));
  const more = withPods.map((type) => `${type}/`);
  return { words: [...pods, ...more], directive: noFiles | (pods.length ? 0 : noSpace) };
}

interface Ports {
  ports?: { containerPort?: number; port?: number }[];
}
interface PodObject {
  spec: { initContainers?: { name: string }[]; containers: ({ name: string } & Ports)[] };
}

function* podNamed(k: Kubectl): Work<PodObject> {
  const [pod = ""] = k.args;
  const client = yield* k.client();
  const path = `/api/v1/namespaces/${yield* k.namespace()}/pods/${pod.replace(/^(?:pods?|po)\//, "")}`;
  return yield* client.json<PodObject>({ path });
}

function* containers(k: Kubectl): Work<Found> {
  if (k.args.length === 0) return nothing;
  const { spec } = yield* podNamed(k);
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  return { words: all.map(({ name }) => name), directive: noFiles };
}

const podThen = (then: Completes): Completes =>
  function* (k, last) {
    if (k.args.length === 0) return yield* podOrType(k, last);
    return k.args.length === 1 ? yield* then(k, last) : nothing;
  };

/** `own:its`: a port of the machine's, the same one where nothing is said, and one of the Pod's or Service's. */
function* ports(k: Kubectl, last: string): Work<Found> {
  const [of = ""] = k.args;
  const service = /^(?:services?|svc)\/(.*)$/.exec(of)?.[1];
  let known: number[];
  if (service !== undefined) {
    const client = yield* k.client();
    const path = `/api/v1/namespaces/${yield* k.namespace()}/services/${service}`;
    const { spec } = yield* client.json<{ spec: Ports }>({ path });
    known = (spec.ports ?? []).map(({ port = 0 }) => port);
  } else {
    const { spec } = yield* podNamed(k);
    known = spec.containers.flatMap((one) => one.ports ?? []).map((one) => one.containerPort ?? 0);
  }
  const own = upTo(last, ":");
  return { words: known.map((port) => `${last === "" ? port : own}:${port}`), directive: noFiles };
}

/** A file, NAMESPACE/POD:, or POD:. k8s: cmd/cp/cp.go */
function* copied(k: Kubectl, last: string): Work<Found> {
  if (k.args.length > 0 || /^[/.~]/.test(last) || last.includes(":"))
    return { words: [], directive: noSpace };
  const slash = last.indexOf("/");
  if (slash > 0) {
    const namespace = last.slice(0, slash);
    const client = yield* k.client();
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const { items } = yield* client.json<ListObject>({ path });
    const words = items.map(({ metadata }) => `${namespace}/${metadata?.name ?? ""}:`);
    return { words, directive: noSpace };
  }
  const namespaces = yield* namesOf(k, "namespaces");
  const pods = yield* namesOf(k, "pods");
  const words = [...namespaces.map((name) => `${name}/`), ...pods.map((name) => `${name}:`)];
  return { words: last === "" ? [...words, "./", "/"] : words, directive: noSpace };
}

const ofConfig = (part: "contexts" | "clusters" | "users"): Completes =>
  function* (k) {
    if (k.args.length > 0) return nothing;
    const { config } = yield* openConfig(k.flags);
    return { words: Object.keys(config[part]).toSorted(byText), directive: noFiles };
  };

const any = typeAndName();
const node = named("nodes");

const byCommand: Record<string, Completes> = {
  get: any,
  describe: any,
  edit: any,
  delete: any,
  label: any,
  annotate: any,
  patch: any,
  debug: any,
  "apply edit-last-applied": any,
  "apply view-last-applied": any,
  "rollout pause": typeAndName(["deployment"]),
  "rollout resume": typeAndName(["deployment"]),
  "rollout restart": typeAndName(workloads),
  "rollout undo": typeAndName(workloads),
  "rollout history": typeAndName(workloads),
  "rollout status": typeAndName(workloads, true),
  scale: typeAndName(scaled),
  autoscale: typeAndName(scaled),
  expose: typeAndName(exposed),
  taint: typeAndName(["node"]),
  "set image": typeAndName(imaged, true),
  exec: podOrType,
  attach: podOrType,
  logs: podThen(containers),
  "port-forward": podThen(ports),
  cp: copied,
  "top pod": named("pods"),
  "top node": node,
  drain: node,
  cordon: node,
  uncordon: node,
  "create token": named("serviceaccounts"),
  "config use-context": ofConfig("contexts"),
  "config delete-context": ofConfig("contexts"),
  "config rename-context": ofConfig("contexts"),
  "config set-context": ofConfig("contexts"),
  "config delete-cluster": ofConfig("clusters"),
  "config delete-user": ofConfig("users"),
};

const shells = ["bash", "zsh", "fish", "powershell"];

/** What an argument of a command may be; by itself a file. */
export function* argumentsOf(k: Kubectl, last: string): Work<Found> {
  const { path } = k.facts;
  if (path === "completion") return { words: shells, directive: noFiles };
  const completes = Object.hasOwn(byCommand, path) ? byCommand[path] : undefined;
  return completes ? yield* completes(k, last) : { words: [], directive: files };
}

/** What a flag's value may be; by itself a file. */
export function* flagValues(k: Kubectl, { name, usage }: FlagFacts): Work<Found> {
  const { path } = k.facts;
  switch (name) {
    case "namespace":
      return { words: yield* namesOf(k, "namespaces"), directive: noFiles };
    case "context":
    case "cluster":
    case "user": {
      const { config } = yield* openConfig(k.flags);
      return { words: Object.keys(config[`${name}s`]).toSorted(byText), directive: noFiles };
    }
    case "output": {
      const [, listed] = usage.split("One of: (");
      if (path !== "get" || listed === undefined) break;
      const formats = upTo(listed, ")").split(/[,|]\s*/);
      return { words: formats.filter(Boolean), directive: noFiles };
    }
    case "container":
      if (path === "exec") return yield* containers(k);
      break;
    case "clusterrole":
      if (path === "create clusterrolebinding")
        return { words: yield* namesOf(k, "clusterroles"), directive: noFiles };
      break;
    case "subresource":
      return { words: ["status", "scale", "resize"], directive: noFiles };
  }
  return { words: [], directive: files };
}

/** The Pods and containers that `kubectl debug` makes. k8s: kubectl/pkg/cmd/debug/debug.go */
import { cloneJson } from "../../runtime/bytes.ts";
import { random } from "../asks.ts";
import { strategicPatchType } from "../client.ts";
import type { Kubectl } from "../command.ts";
import { Failure } from "../errors.ts";
import { patchLocally } from "../merge/local-patch.ts";
import type { KubeObject } from "../objects.ts";
import { containersOf, type PodContainer, type PodObject } from "../pods.ts";
import type { Work } from "../work.ts";
import { profileOf } from "./profiles.ts";

export interface DebugOptions {
  k: Kubectl;
  args: string[];
  env: { name: string; value: string }[];
  setImages: Record<string, string>;
  /** A partial container that changes what the profile made. */
  custom?: Record<string, unknown>;
}

/** k8s: apimachinery/pkg/util/rand alphanums */
const alphanums = "bcdfghjklmnpqrstvwxz2456789";

function* suffix(): Work<string> {
  let out = "";
  for (let i = 0; i < 5; i++) out += alphanums[Math.floor((yield* random()) * alphanums.length)];
  return out;
}

const quiet = ({ k }: DebugOptions): boolean => k.flags.bool("quiet");

function* containerName(o: DebugOptions, pod: PodObject): Work<string> {
  const given = o.k.flags.string("container");
  if (given) return given;
  const taken = new Set(containersOf(pod).map(({ name }) => name));
  let name = "";
  while (name === "" || taken.has(name)) name = `debugger-${yield* suffix()}`;
  if (!quiet(o)) o.k.out(`Defaulting debug container name to ${name}.\n`);
  return name;
}

function newContainer({ k, args, env }: DebugOptions, name: string): PodContainer {
  const { flags } = k;
  const pull = flags.string("image-pull-policy");
  return {
    name,
    image: flags.string("image"),
    ...(args.length > 0 ? { [flags.bool("arguments-only") ? "args" : "command"]: args } : {}),
    ...(env.length > 0 ? { env } : {}),
    resources: {},
    terminationMessagePolicy: "File",
    ...(pull ? { imagePullPolicy: pull } : {}),
    ...(flags.bool("stdin") ? { stdin: true } : {}),
    ...(flags.bool("tty") ? { tty: true } : {}),
  };
}

/** A container with what the custom profile says. */
function customized(o: DebugOptions, container: PodContainer): PodContainer {
  if (!o.custom) return container;
  const pod: KubeObject = { apiVersion: "v1", kind: "Pod", spec: { containers: [container] } };
  const patch = { spec: { containers: [{ ...o.custom, name: container.name }] } };
  const patched = patchLocally(pod, patch, strategicPatchType) as PodObject;
  return patched.spec.containers[0] as PodContainer;
}

/** The Pod as it is with one more container that goes when it ends. */
export function* ephemeral(
  o: DebugOptions,
  pod: PodObject,
): Work<{ pod: PodObject; container: PodContainer }> {
  const { flags } = o.k;
  const name = yield* containerName(o, pod);
  const copy = cloneJson(pod);
  const target = flags.string("target");
  const container = newContainer(o, name);
  profileOf(flags.string("profile"))(copy, container, "ephemeral", flags);
  const made = customized(o, container);
  if (target) made["targetContainerName"] = target;
  return { pod: copy, container: made };
}

/** A Pod on a node, with its files and its namespaces. */
export function* onNode(o: DebugOptions, node: string): Work<PodObject> {
  const { flags } = o.k;
  const name = flags.string("container") || "debugger";
  const podName = `node-debugger-${node}-${yield* suffix()}`;
  if (!quiet(o))
    o.k.out(`Creating debugging pod ${podName} with container ${name} on node ${node}.\n`);
  const container = newContainer(o, name);
  const pod: PodObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: podName, labels: { "app.kubernetes.io/managed-by": "kubectl-debug" } },
    spec: {
      containers: [container],
      nodeName: node,
      restartPolicy: "Never",
      tolerations: [{ operator: "Exists" }],
    },
  };
  profileOf(flags.string("profile"))(pod, container, "node", flags);
  pod.spec.containers = [customized(o, container)];
  return pod;
}

/** A copy of a Pod with another container, or one of its own changed; "": only images were. */
export function* copyOf(o: DebugOptions, pod: PodObject): Work<{ copy: PodObject; name: string }> {
  const { k, setImages } = o;
  const { flags } = k;
  const { namespace, labels, annotations } = pod.metadata ?? {};
  const spec = cloneJson(pod.spec);
  delete spec.ephemeralContainers;
  if (flags.changed("share-processes"))
    spec["shareProcessNamespace"] = flags.bool("share-processes");
  if (!flags.bool("same-node")) delete spec.nodeName;
  const copy: PodObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: flags.string("copy-to"),
      ...(namespace ? { namespace } : {}),
      ...(annotations ? { annotations } : {}),
      ...(labels ? { labels } : {}),
    },
    spec,
  };
  for (const container of spec.containers) {
    const image = setImages[container.name] ?? setImages["*"];
    if (image) container.image = image;
  }
  const given = flags.string("container");
  let container = containersOf(copy).find(({ name }) => name === given);
  if (!container) {
    if (flags.string("image") === "") {
      if (Object.keys(setImages).length > 0) return { copy, name: "" };
      throw new Failure("you must specify image when creating new container");
    }
    const name = given || (yield* containerName(o, copy));
    container = { name, resources: {}, terminationMessagePolicy: "File" };
    spec.containers.push(container);
  }
  changeContainer(o, container);
  profileOf(flags.string("profile"))(copy, container, "copy", flags);
  const made = customized(o, container);
  spec.containers = spec.containers.map((one) => (one === container ? made : one));
  return { copy, name: container.name };
}

function changeContainer({ k, args, env }: DebugOptions, container: PodContainer): void {
  const { flags } = k;
  if (args.length > 0) {
    const onlyArgs = flags.bool("arguments-only");
    container[onlyArgs ? "args" : "command"] = args;
    if (!onlyArgs) delete container["args"];
  }
  if (env.length > 0) container["env"] = env;
  if (flags.string("image")) container.image = flags.string("image");
  if (flags.string("image-pull-policy"))
    container["imagePullPolicy"] = flags.string("image-pull-policy");
  for (const field of ["stdin", "tty"] as const) {
    if (flags.bool(field)) container[field] = true;
    else delete container[field];
  }
}

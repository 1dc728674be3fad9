/** What the tests of `test/behaviours.md` share: short manifests, and eyes that look the way `kubectl get -w` does. */
import { World } from "../../helpers/world.ts";

export { World };

export const podsUrl = "/api/v1/namespaces/default/pods";
export const deploymentsUrl = "/apis/apps/v1/namespaces/default/deployments";
export const setsUrl = "/apis/apps/v1/namespaces/default/replicasets";
export const podUrl = (name: string): string => `${podsUrl}/${name}`;
export const nodeUrl = (name: string): string => `/api/v1/nodes/${name}`;

/** An nginx, which ends at once when it is asked to. */
export const nginx = (more: object = {}): object => ({ name: "web", image: "nginx:1.29", ...more });
/** A shell as process 1. */
export const shell = (name: string, script: string, more: object = {}): object => ({
  name,
  image: "busybox:1.36",
  command: ["sh", "-c", script],
  ...more,
});

export const pod = (name: string, spec: object, metadata: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default", labels: { app: name }, ...metadata },
  spec,
});

export const deployment = (
  name: string,
  spec: object = {},
  container: object = nginx(),
): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "default", labels: { app: name } },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
    ...spec,
  },
});

export const service = (name: string, spec: object): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default" },
  spec,
});

/** A cluster some seconds after its birth. */
export function cluster(nodes = 2): World {
  const world = new World({ nodes });
  world.advance(5_000);
  return world;
}

// Tests read objects of every kind.
// oxlint-disable-next-line no-explicit-any
export type Anything = any;

export const row = (world: World, url: string, name: string): Record<string, unknown> | undefined =>
  world.rows(url).find((r) => r["Name"] === name);

export const statusOf = (world: World, name: string): unknown =>
  row(world, podsUrl, name)?.["Status"];

export const condition = (object: Anything, type: string): Anything =>
  object.status.conditions?.find((c: { type: string }) => c.type === type);

/** What `kubectl get pod NAME -w` prints, READY and STATUS, without what repeats; `gone` when it is deleted. */
export function follower(world: World, name: string): () => string[] {
  const url = `${podsUrl}?watch=true&fieldSelector=metadata.name%3D${name}`;
  const watch = world.watch(url, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
  const seen: string[] = [];
  return () => {
    for (const { type, object } of watch.read()) {
      const [, ready, status] = object.rows[0].cells;
      const line = type === "DELETED" ? "gone" : `${ready} ${status}`;
      if (seen.at(-1) !== line) seen.push(line);
    }
    return seen;
  };
}

/** Creates a Pod and tells what a watcher sees of it. */
export function follow(world: World, manifest: object, ms: number): string[] {
  const read = follower(world, (manifest as Anything).metadata.name);
  world.create(manifest);
  world.advance(ms);
  return read();
}

/** Moves from due moment to due moment and looks at each; so nothing in between is missed. */
export function everyMoment(world: World, ms: number, look: () => void): void {
  const end = world.now + ms;
  look();
  while (world.now < end) {
    const due = world.engine.nextDueMs(world.now);
    world.now = due === undefined ? end : Math.min(end, Math.max(world.now, due));
    world.engine.run(world.now);
    look();
  }
  world.check();
}

/** Lets a long time pass while somebody keeps looking: a cluster nobody looks at falls asleep. */
export function pass(world: World, ms: number): void {
  const end = world.now + ms;
  while (world.now < end) {
    world.advance(Math.min(60_000, end - world.now));
    world.get("/api/v1/namespaces/default");
  }
}

export const setImage = (world: World, name: string, image: string, container = "web"): void =>
  void world.patch(
    `${deploymentsUrl}/${name}`,
    { spec: { template: { spec: { containers: [{ name: container, image }] } } } },
    "application/strategic-merge-patch+json",
  );

export const scale = (world: World, name: string, replicas: number): void =>
  void world.patch(`${deploymentsUrl}/${name}/scale`, { spec: { replicas } });

/** Switches a node's machine off or on again. */
export const power = (world: World, node: string, on: boolean): void =>
  void world.patch(nodeUrl(node), {
    metadata: { annotations: { "podyard.dev/power": on ? null : "off" } },
  });

/** The newest ReplicaSet of a Deployment first. */
export const setsOf = (world: World, name: string): Anything[] =>
  world
    .get(`${setsUrl}?labelSelector=app%3D${name}`)
    .items.sort((a: Anything, b: Anything) => revisionOf(b) - revisionOf(a));

export const revisionOf = (object: Anything): number =>
  Number(object.metadata.annotations["deployment.kubernetes.io/revision"]);

export const namesOf = (items: Anything[]): string[] => items.map((item) => item.metadata.name);
export const alive = (items: Anything[]): Anything[] =>
  items.filter((item) => !item.metadata.deletionTimestamp);

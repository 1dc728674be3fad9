/** At a random point of a random scenario somebody goes back to a random revision, and then back again. */
import { equal } from "../../durable-objects/engine/core/equal.ts";
import { controllerOf, type KubeObject } from "../../durable-objects/engine/core/object.ts";
import { Chance } from "./chance.ts";
import { perform } from "./operations/operations.ts";
import { scenarioOf, setUp } from "./scenario.ts";
import { Planted, Simulation } from "./simulation.ts";

/** Kinds whose specs nobody but persons writes. */
const persons = [
  "configmaps",
  "secrets",
  "services",
  "roles.rbac.authorization.k8s.io",
  "limitranges",
];

interface Written {
  objects: Map<string, unknown>;
  /** Namespaces that are ending, of which nothing is demanded. */
  ending: Set<string>;
}

/** What persons wrote, by where it lies; not what every namespace gets from a controller, nor what is ending. */
function writtenIn(list: (resource: string) => readonly KubeObject[]): Written {
  const objects = new Map<string, unknown>();
  const ends = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;
  const ending = new Set(
    list("namespaces")
      .filter(ends)
      .map(({ metadata }) => metadata.name),
  );
  for (const resource of persons) {
    for (const object of list(resource)) {
      const { namespace = "", name, uid, labels } = object.metadata;
      if (ends(object) || controllerOf(object) || name === "kube-root-ca.crt") continue;
      const { spec, data, rules } = object as KubeObject & Record<string, unknown>;
      objects.set(`${resource} ${namespace}/${name}`, { uid, labels, spec, data, rules });
    }
  }
  return { objects, ending };
}

function differ(found: Written, expected: Written): string[] {
  const keys = [...new Set([...found.objects.keys(), ...expected.objects.keys()])].sort();
  const ending = [...found.ending, ...expected.ending];
  return keys
    .filter((key) => !ending.some((namespace) => key.includes(` ${namespace}/`)))
    .map((key) => [key, found.objects.get(key), expected.objects.get(key)] as const)
    .filter(([, is, should]) => !equal(is, should))
    .map(([key, is, should]) => `${key}: ${JSON.stringify(is)} not ${JSON.stringify(should)}`);
}

export interface Undone {
  /** Objects that the first undo wrote. */
  changed: number;
  /** The log still told what was before it when it was to be undone. */
  reached: boolean;
  wrong: string[];
}

export function undone(seed: number, length: number): Undone {
  const scenario = scenarioOf(seed, length);
  const chance = new Chance(seed ^ 0x0d0);
  using sim = new Simulation(seed, scenario.nodes, []);
  setUp(sim);
  for (const operation of scenario.operations) perform(sim, operation);
  sim.run();
  sim.throwNext(undefined);
  const { world } = sim;
  const { engine } = world;
  const { rv } = engine.store;
  const first = Math.max(engine.log.oldestMoment, sim.firstRv);
  const to = first + chance.below(rv - first);
  const before = writtenIn((resource) => engine.store.list(resource));
  const then = writtenIn((resource) =>
    [...sim.history.objectsAt(to, resource, "").values()].map(({ object }) => object),
  );
  const wrong: string[] = [];
  const did = engine.undo({ to, by: "jane" }, world.now);
  wrong.push(
    ...differ(
      writtenIn((resource) => engine.store.list(resource)),
      then,
    ),
  );
  // Time passes before it is undone, or not.
  if (chance.in100(50)) sim.watchedFor(120_000);
  const left = [...did.left];
  // A log that is kept very small may have let go of it meanwhile.
  const reached = rv >= engine.log.oldestMoment;
  if (reached) {
    left.push(...engine.undo({ to: rv, by: "jane" }, world.now).left);
    wrong.push(
      ...differ(
        writtenIn((resource) => engine.store.list(resource)),
        before,
      ),
    );
  }
  sim.watchedFor(120_000);
  for (const { work, error } of engine.faults) {
    if (!(error instanceof Planted)) wrong.push(`${work}: ${String(error)}`);
  }
  for (const line of left) if (!/it is ending/.test(line)) wrong.push(line);
  return { changed: did.created + did.updated + did.deleted, reached, wrong };
}

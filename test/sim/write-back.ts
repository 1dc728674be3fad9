/** Every stored object, sent back as it is. */
import type { KubeObject } from "../../durable-objects/engine/core/object.ts";
import { alike, stable } from "./contents.ts";
import { first } from "./invariants/pods.ts";
import type { Any, Simulation } from "./simulation.ts";

function urlOf(sim: Simulation, resource: string, object: KubeObject): string | undefined {
  const { apiVersion, metadata } = object;
  const found = sim.world.engine.registry.stored(resource);
  if (!found?.verbs.includes("update")) return undefined;
  const root = found.group ? `/apis/${found.group}/${found.version}` : `/api/${found.version}`;
  // Stored before another version was for that.
  if (found.group && apiVersion !== `${found.group}/${found.version}`) return undefined;
  const within = metadata.namespace ? `/namespaces/${metadata.namespace}` : "";
  return `${root}${within}/${found.plural}/${metadata.name}`;
}

const told = ({ metadata: { managedFields: _, ...metadata }, ...object }: Any): Any => ({
  ...object,
  metadata,
});

/** What every cluster of this kind is born with was sent back once before. */
const accepted = new Set<string>();
/** JSON of what the run with faults ended with, all of it accepted: without them a scenario ends with the same. */
const before = new Set<string>();

/** Every object, written back as it was read, is accepted and stays what it is. */
export function writesBack(sim: Simulation): string | undefined {
  if (!sim.calm) before.clear();
  return first([...sim.world.engine.store.resources()].sort(), (resource) => {
    // Events are all alike; the last few will do.
    const objects = sim.all(resource).slice(resource === "events" ? -5 : 0);
    return first(objects, (object) => {
      const url = urlOf(sim, resource, object);
      const known = `${sim.birth} ${url} ${object.metadata.resourceVersion}`;
      const old = Number(object.metadata.resourceVersion) <= sim.firstRv;
      if (!url || (old && accepted.has(known))) return undefined;
      const text = JSON.stringify(object);
      if (sim.calm && before.has(text)) return undefined;
      const complaint = comesBack(sim, url, object);
      if (complaint) return complaint;
      if (old) accepted.add(known);
      before.add(text);
      return undefined;
    });
  });
}

function comesBack(sim: Simulation, url: string, object: Any): string | undefined {
  const answer = sim.request("PUT", `${url}?dryRun=All&fieldValidation=Strict`, object);
  if (answer.status !== 200) return `${url}: ${answer.text.slice(0, 400)}`;
  const back = told(answer.body);
  // Some of it may be worked out when it is read.
  if (alike(back, told(object)) || alike(back, told(sim.request("GET", url).body)))
    return undefined;
  return `${url} comes back changed: ${stable(back)} was ${stable(object)}`;
}

/**
 * Keeps the objects of flow control that every cluster begins with, and tells of each FlowSchema whether its priority level
 * is there. k8s: pkg/registry/flowcontrol/ensurer, apiserver/pkg/util/flowcontrol/apf_controller.go
 */
import type { FlowSchemaCondition } from "kubernetes-types/flowcontrol/v1";
import { rfc3339 } from "../core/clock.ts";
import type { Change } from "../core/object.ts";
import { autoUpdate, flowSchemas, priorityLevels } from "../kinds/flow-control/bootstrap.ts";
import { danglingCondition, type FlowSchema } from "../kinds/flow-control/flow-schema.ts";
import type { PriorityLevelConfiguration } from "../kinds/flow-control/priority-level-configuration.ts";
import { semanticEqual } from "../machinery/metadata.ts";
import { flowControlEnsureMs } from "../core/limits.ts";
import type { Client, Controller, Reader } from "../ports/controller.ts";

const schemas = "flowschemas.flowcontrol.apiserver.k8s.io";
const levels = "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io";
const table = "flowcontrol";
/** No name of an object. */
const bootstrap = "*";

type Configured = FlowSchema | PriorityLevelConfiguration;
type Begun =
  | (typeof flowSchemas)["mandatory" | "suggested"][number]
  | (typeof priorityLevels)["mandatory" | "suggested"][number];
interface Wanted {
  resource: string;
  mandatory: boolean;
  object: Begun;
}

const rows = (
  resource: string,
  { mandatory, suggested }: { mandatory: readonly Begun[]; suggested: readonly Begun[] },
): Wanted[] => [
  ...suggested.map((object) => ({ resource, mandatory: false, object })),
  ...mandatory.map((object) => ({ resource, mandatory: true, object })),
];
/** In the order in which they are made: a schema's level before it. */
const wanted: readonly Wanted[] = [...rows(levels, priorityLevels), ...rows(schemas, flowSchemas)];
const known = new Set(wanted.map(({ resource, object }) => `${resource}/${object.metadata.name}`));

/** Only what somebody writes into them matters, not what is told of them here. */
function concernsBootstrap({ op, resource, name, object, previous }: Change): boolean {
  if (!known.has(`${resource}/${name}`)) return false;
  if (op === "delete" || !previous) return op === "delete";
  const [now, before] = [object as Configured, previous as Configured];
  return (
    !semanticEqual(now.spec, before.spec) ||
    now.metadata.annotations?.[autoUpdate] !== before.metadata.annotations?.[autoUpdate]
  );
}

function* ofSchema(change: Change): Iterable<string> {
  if (change.op !== "delete") yield change.name;
  if (concernsBootstrap(change)) yield bootstrap;
}

function* ofLevel(change: Change, reader: Reader): Iterable<string> {
  if (concernsBootstrap(change)) yield bootstrap;
  if (change.op === "update") return;
  for (const { metadata, spec } of reader.list<FlowSchema>(schemas))
    if (spec?.priorityLevelConfiguration?.name === change.name) yield metadata.name;
}

/** What one of them is to become, undefined where it is well. k8s: ensurer/strategy.go ReviseIfNeeded */
function revised(current: Configured, { mandatory, object }: Wanted): Configured | undefined {
  const { annotations = {}, generation } = current.metadata;
  const said = annotations[autoUpdate];
  const untouched = said === undefined ? generation === 1 : said === "true";
  const follows = mandatory || untouched;
  const spec = follows && !semanticEqual(current.spec, object.spec) ? object.spec : current.spec;
  if (spec === current.spec && said === String(follows)) return undefined;
  const metadata = {
    ...current.metadata,
    annotations: { ...annotations, [autoUpdate]: String(follows) },
  };
  return { ...current, metadata, spec } as Configured;
}

/** Puts right what is amiss, at the next whole minute: the API server looks once in each. */
function ensure(client: Client): number | undefined {
  const missing = wanted.filter((one) => {
    const current = client.get<Configured>(one.resource, "", one.object.metadata.name);
    return !current || revised(current, one) !== undefined;
  });
  const due = client.records.get<number>(table, bootstrap);
  if (missing.length > 0 && (due === undefined || client.now < due)) {
    const next = due ?? (Math.floor(client.now / flowControlEnsureMs) + 1) * flowControlEnsureMs;
    if (due === undefined) client.records.put(table, bootstrap, next);
    return next;
  }
  if (due !== undefined) client.records.delete(table, bootstrap);
  for (const one of missing) {
    const current = client.get<Configured>(one.resource, "", one.object.metadata.name);
    const next = current && revised(current, one);
    if (next) client.update(one.resource, next);
    else client.create(one.resource, one.object);
  }
  return undefined;
}

/** k8s: presyncFlowSchemaStatus */
function tellDangling(client: Client, schema: FlowSchema): void {
  const level = schema.spec?.priorityLevelConfiguration?.name ?? "";
  const there = client.get<PriorityLevelConfiguration>(levels, "", level) !== undefined;
  const told = danglingCondition(level, there);
  const conditions = schema.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === "Dangling");
  const { status, reason, message } = told;
  if (before?.status === status && before.reason === reason && before.message === message) return;
  const next: FlowSchemaCondition[] = [
    ...conditions.filter((one) => one !== before),
    { ...told, lastTransitionTime: rfc3339(client.now) },
  ];
  client.update<FlowSchema>(schemas, { ...schema, status: { conditions: next } }, "status");
}

export const flowControlController: Controller = {
  name: "flowcontrol",
  component: "api-priority-and-fairness-config-consumer-v1",
  wakesOn: { [schemas]: ofSchema, [levels]: ofLevel },
  reconcile(key, client) {
    if (key === bootstrap) return ensure(client);
    const schema = client.get<FlowSchema>(schemas, "", key);
    if (schema) tellDangling(client, schema);
    return undefined;
  },
};

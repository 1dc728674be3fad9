/** Containers that run and are not ready, or are killed for it: which probe, and what it is answered. */
import { parseTime } from "../core/clock.ts";
import type { Event } from "../kinds/event.ts";
import type { Container, Pod, Probe } from "../kinds/pod/types.ts";
import type { Evidence } from "../kinds/podyard/explanation.ts";
import type { ProbeKind } from "../kubelet/record.ts";
import { resolvePort } from "../kubelet/probes/probe-calls.ts";
import { runtime } from "../cri/runtime.ts";
import { containersOf, keyOf, lastLines, type ContainerView } from "./containers.ts";
import { ownerOf } from "./crash.ts";
import {
  about,
  inNamespace,
  mend,
  nameOf,
  plural,
  seconds,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";

const specOf = (container: Container, kind: ProbeKind): Probe | undefined =>
  kind === "startup"
    ? container.startupProbe
    : kind === "liveness"
      ? container.livenessProbe
      : container.readinessProbe;

/** `GET :8080/healthz`, `TCP :5432`, `cat /tmp/ok`. */
function asks(probe: Probe): string {
  const grpc = (probe as { grpc?: { port: number } }).grpc;
  if (probe.httpGet) return `GET :${String(probe.httpGet.port)}${probe.httpGet.path ?? "/"}`;
  if (probe.tcpSocket) return `TCP :${String(probe.tcpSocket.port)}`;
  if (grpc) return `gRPC health on :${grpc.port}`;
  return (probe.exec?.command ?? []).join(" ");
}

/** What the kubelet told of its failures, the newest last. */
function answers(scope: Scope, pod: Pod, container: Container, kind: ProbeKind): Event[] {
  const title = kind[0]!.toUpperCase() + kind.slice(1);
  return scope.client
    .byIndex<Event>("event.uid", pod.metadata.uid)
    .filter(
      ({ reason, message, involvedObject }) =>
        reason === "Unhealthy" &&
        message?.startsWith(`${title} probe`) &&
        involvedObject?.fieldPath?.includes(`{${container.name}}`) !== false,
    )
    .sort((a, b) => parseTime(a.lastTimestamp ?? "") - parseTime(b.lastTimestamp ?? ""))
    .slice(-3);
}

const said = ({ message = "" }: Event): string =>
  message.replace(/^\w+ probe (failed|errored[^:]*): /, "");

/** Whether the port that a probe asks is one where somebody listens, asked of the running processes. */
function listening(scope: Scope, pod: Pod, container: Container, probe: Probe): Evidence[] {
  const named = probe.httpGet?.port ?? probe.tcpSocket?.port;
  const port = named === undefined ? undefined : resolvePort(container, named as number | string);
  if (typeof port !== "number") return [];
  const open = runtime.listening(scope.context, keyOf(pod), port);
  return [
    about(pod, open ? `something listens on port ${port}` : `nothing listens on port ${port}`),
  ];
}

function evidenceOf(
  scope: Scope,
  pod: Pod,
  view: ContainerView,
  kind: ProbeKind,
  probe: Probe,
): Evidence[] {
  return [
    about(
      pod,
      `${kind} probe: ${asks(probe)}, every ${probe.periodSeconds ?? 10}s, ${probe.failureThreshold ?? 3} failures count`,
      { field: `${view.path}.${kind}Probe` },
    ),
    ...answers(scope, pod, view.container, kind).map((event) =>
      about(
        pod,
        `${event.count && event.count > 1 ? `${event.count} times: ` : ""}${said(event)}`,
        { event: "Unhealthy" },
      ),
    ),
    ...listening(scope, pod, view.container, probe),
  ];
}

const inHand = ({ record }: ContainerView, kind: ProbeKind): boolean =>
  record.probes?.[kind]?.last === "failure";

function startup(scope: Scope, pod: Pod): Found | undefined {
  for (const view of containersOf(scope, pod)) {
    const probe = view.container.startupProbe;
    if (!probe || (view.status?.started && view.record.state === "running")) continue;
    const events = answers(scope, pod, view.container, "startup");
    if (events.length === 0) continue;
    const { container, record } = view;
    const allowed =
      (probe.initialDelaySeconds ?? 0) +
      (probe.failureThreshold ?? 3) * (probe.periodSeconds ?? 10);
    return {
      sentence: `${nameOf(pod)}: container ${container.name} gets ${allowed}s to start (startup probe: ${probe.failureThreshold ?? 3} failures, ${probe.periodSeconds ?? 10}s apart) and needs longer; then it is killed, ${plural(record.restarts, "restart")} so far. The last answer: ${said(events.at(-1)!)}.`,
      evidence: [...evidenceOf(scope, pod, view, "startup", probe), ...lastLines(scope, pod, view)],
      mend: [
        mend(
          "Raise failureThreshold of the startupProbe, or correct what it asks",
          `kubectl edit ${ownerOf(pod)}${inNamespace(pod)}`,
        ),
      ],
      decidedBy: "kubelet",
      reason: `${container.name}: startup probe`,
    };
  }
  return undefined;
}

function liveness(scope: Scope, pod: Pod): Found | undefined {
  for (const view of containersOf(scope, pod)) {
    const { container, record, kind } = view;
    const probe = container.livenessProbe;
    if (!probe || kind !== "app") continue;
    const events = answers(scope, pod, container, "liveness");
    const lately =
      events.length > 0 &&
      (record.restarts > 0 || inHand(view, "liveness") || record.kill !== undefined);
    if (!lately) continue;
    const threshold = probe.failureThreshold ?? 3;
    const state = record.probes?.liveness;
    const run = state?.last === "failure" ? state.run : 0;
    const at =
      state?.nextAtMs === undefined
        ? undefined
        : state.nextAtMs + Math.max(0, threshold - run - 1) * (probe.periodSeconds ?? 10) * 1000;
    const next = record.kill
      ? "it is being killed now"
      : at === undefined
        ? ""
        : `it is killed next in ${seconds(at - scope.now)} if that goes on`;
    return {
      sentence: `${nameOf(pod)}: container ${container.name} is killed by its liveness probe (${asks(probe)}, ${threshold} failures), ${plural(record.restarts, "restart")} so far${next ? `; ${next}` : ""}. The last answer: ${said(events.at(-1)!)}.`,
      evidence: [
        ...evidenceOf(scope, pod, view, "liveness", probe),
        ...lastLines(scope, pod, view),
      ],
      mend: [
        mend(
          "Correct path, port or delay of the livenessProbe",
          `kubectl edit ${ownerOf(pod)}${inNamespace(pod)}`,
        ),
      ],
      decidedBy: "kubelet",
      reason: `${container.name}: liveness probe`,
    };
  }
  return undefined;
}

function readiness(scope: Scope, pod: Pod): Found | undefined {
  for (const view of containersOf(scope, pod)) {
    const { container, record } = view;
    const probe = specOf(container, "readiness");
    if (!probe || record.state !== "running" || view.status?.ready) continue;
    const events = answers(scope, pod, container, "readiness");
    const last = events.at(-1);
    const since = pod.status?.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime;
    const running = seconds(scope.now - (record.startedAtMs ?? scope.now));
    const wait = record.probes?.readiness?.nextAtMs;
    return {
      sentence: `${nameOf(pod)} runs and is not ready, for ${since ? seconds(scope.now - parseTime(since)) : running}: the readiness probe of container ${container.name} (${asks(probe)}) ${last ? `is answered: ${said(last)}` : `has not been answered yet${wait ? `, the next try is in ${seconds(wait - scope.now)}` : ""}`}. Services leave it out meanwhile.`,
      evidence: [
        ...evidenceOf(scope, pod, view, "readiness", probe),
        ...lastLines(scope, pod, view),
      ],
      mend: [
        mend(
          "Correct what the readinessProbe asks, or the server",
          `kubectl edit ${ownerOf(pod)}${inNamespace(pod)}`,
        ),
      ],
      decidedBy: "kubelet",
      reason: `${container.name}: readiness probe`,
    };
  }
  return undefined;
}

function readinessGate(_scope: Scope, pod: Pod): Found | undefined {
  const { conditions = [] } = pod.status ?? {};
  if (conditions.find(({ type }) => type === "ContainersReady")?.status !== "True")
    return undefined;
  const index = (pod.spec.readinessGates ?? []).findIndex(
    ({ conditionType }) => conditions.find(({ type }) => type === conditionType)?.status !== "True",
  );
  const gate = pod.spec.readinessGates?.[index]?.conditionType;
  if (gate === undefined) return undefined;
  const present = conditions.find(({ type }) => type === gate);
  const count = pod.spec.containers.length;
  return {
    sentence: `${nameOf(pod)} has ${count} of ${plural(count, "container")} ready and is not: its readiness gate ${gate} is ${present ? present.status : "not there"}. A controller, or whoever may patch pods/status, sets it.`,
    evidence: [
      about(pod, `readiness gate ${gate}`, { field: `spec.readinessGates[${index}]` }),
      about(pod, present ? `condition ${gate} is ${present.status}` : `no condition ${gate}`, {
        field: "status.conditions",
      }),
    ],
    mend: [
      mend(
        "Set the condition",
        `kubectl patch pod ${pod.metadata.name}${inNamespace(pod)} --subresource=status -p '{"status":{"conditions":[{"type":"${gate}","status":"True"}]}}'`,
      ),
    ],
    decidedBy: "kubelet",
    reason: `readiness gate ${gate}`,
  };
}

/** Rows about probes: before the exits, since a probe that kills explains an exit. */
export const probes: Situation[] = [
  { name: "startup probe", of: ["pods"], find: startup },
  { name: "liveness probe", of: ["pods"], find: liveness },
];
export const readinessRows: Situation[] = [
  { name: "readiness probe", of: ["pods"], find: readiness },
  { name: "readiness gate", of: ["pods"], find: readinessGate },
];

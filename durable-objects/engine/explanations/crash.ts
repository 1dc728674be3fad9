/** Containers that end: commands that are none, errors, memory, first processes that are done. */
import type { Pod } from "../kinds/pod/types.ts";
import type { ExitRecord } from "../kubelet/record.ts";
import { newQuantity } from "../machinery/quantity.ts";
import { containersOf, lastLines, nextTry, type ContainerView } from "./containers.ts";
import { setImage } from "./images.ts";
import {
  about,
  inNamespace,
  listed,
  mend,
  nameOf,
  plural,
  seconds,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";

/** Those that are down now, or came up again after an end. */
const ended = (scope: Scope, pod: Pod): { view: ContainerView; exit: ExitRecord }[] =>
  containersOf(scope, pod).flatMap((view) => {
    const { record } = view;
    if (record.state === "running" && view.status?.ready) return [];
    const exit = record.exit ?? (record.state === "running" ? record.last : record.exit);
    return exit && view.kind === "app" ? [{ view, exit }] : [];
  });

function notStartable(scope: Scope, pod: Pod): Found | undefined {
  const found = containersOf(scope, pod).find(
    ({ record }) => record.exit?.reason === "StartError" && record.state === "exited",
  );
  if (!found) return undefined;
  const { container, record, path } = found;
  const exit = record.exit as ExitRecord;
  const argv = [...(container.command ?? []), ...(container.args ?? [])];
  const message = exit.message ?? "";
  const denied = /permission denied/.test(message);
  const next = nextTry(scope, found);
  const first = /exec: "([^"]*)"/.exec(message)?.[1] ?? argv[0] ?? "its entrypoint";
  const inPath = /\$PATH/.test(message);
  return {
    sentence: `${nameOf(pod)} cannot start container ${container.name}: ${denied ? `${first} is not executable` : `there is no ${first} in image ${container.image ?? ""}${inPath ? " (looked for in its PATH)" : ""}`} (exit code ${exit.code}), ${plural(record.restarts, "restart")}.${next ? ` The next try is ${next}.` : ""}`,
    evidence: [
      about(pod, `command ${JSON.stringify(argv)}`, {
        field: container.command ? `${path}.command` : `${path}.args`,
      }),
      about(pod, message, { event: "Failed" }),
    ],
    mend: [
      mend(
        "See what the image has",
        `kubectl run look --rm -it --image=${container.image ?? ""} --command${inNamespace(pod)} -- sh`,
      ),
      mend(
        "Then correct the command, or take another image",
        setImage(pod, container.name, container.image ?? ""),
      ),
    ],
    decidedBy: "container runtime",
    reason: `${container.name}: ${first} cannot be run`,
  };
}

function outOfMemory(scope: Scope, pod: Pod): Found | undefined {
  const found = ended(scope, pod).find(({ exit }) => exit.reason === "OOMKilled");
  if (!found) return undefined;
  const { view } = found;
  const { container, record, path } = view;
  const limit = container.resources?.limits?.["memory"] as string | undefined;
  const next = nextTry(scope, view);
  return {
    sentence: `${nameOf(pod)}: container ${container.name} used more memory than its limit of ${limit ?? "its node"} and was killed (OOMKilled, exit code 137), ${plural(record.restarts, "restart")} so far.${next ? ` The next try is ${next}.` : ""}`,
    evidence: [
      about(pod, `memory limit ${limit ?? "none"}`, { field: `${path}.resources.limits.memory` }),
      about(pod, `lived ${seconds(found.exit.finishedAtMs - found.exit.startedAtMs)}`, {
        field: "status.containerStatuses",
      }),
      ...lastLines(scope, pod, view),
    ],
    mend: [
      mend(
        "Raise the limit",
        `kubectl set resources ${ownerOf(pod)} -c ${container.name} --limits=memory=${doubled(limit)}${inNamespace(pod)}`,
      ),
    ],
    decidedBy: "kernel",
    reason: `${container.name} OOMKilled`,
  };
}

/** A memory limit twice as large, in its own unit; without a readable one 256Mi. */
export function doubled(limit: string | undefined): string {
  const found = /^(\d+)([A-Za-z]*)$/.exec(limit ?? "");
  return found
    ? `${Number(found[1]) * 2}${found[2]}`
    : newQuantity(256 * 1024 * 1024, "BinarySI").text;
}

/** `deployment/web` or `pod/web`: on what `kubectl set image` acts for this Pod. */
export function ownerOf(pod: Pod): string {
  const [target = ""] = /(?<=set image )\S+/.exec(setImage(pod, "c", "i")) ?? [];
  return target;
}

function crashes(scope: Scope, pod: Pod): Found | undefined {
  const found = ended(scope, pod).find(({ exit }) => exit.code !== 0);
  if (!found) return undefined;
  const { view, exit } = found;
  const { container, record } = view;
  const lines = lastLines(scope, pod, view);
  const next = nextTry(scope, view);
  const never = pod.spec.restartPolicy === "Never";
  const last = lines.at(-1)?.line;
  const signal = exit.code > 128 ? `, signal ${exit.code - 128}` : "";
  return {
    sentence: `${nameOf(pod)}: container ${container.name} ends with exit code ${exit.code}${signal} after ${seconds(exit.finishedAtMs - exit.startedAtMs)}, ${plural(record.restarts, "restart")} so far${last ? `; its last line is "${last}"` : ""}.${never ? " restartPolicy is Never, so it stays down." : next ? ` The next try is ${next}.` : ""}`,
    evidence: [
      about(pod, `exit code ${exit.code}, reason ${exit.reason}`, {
        field: "status.containerStatuses",
      }),
      about(pod, `${plural(record.restarts, "restart")}`, { event: "BackOff" }),
      ...lines,
    ],
    mend: [
      mend(
        "Read what it said",
        `kubectl logs ${pod.metadata.name} -c ${container.name}${record.restarts > 0 ? " --previous" : ""}${inNamespace(pod)}`,
      ),
      mend(
        "Then mend its command, image or configuration",
        `kubectl edit ${ownerOf(pod)}${inNamespace(pod)}`,
      ),
    ],
    decidedBy: "kubelet",
    reason: `${container.name} exits with ${exit.code}`,
  };
}

function endsWell(scope: Scope, pod: Pod): Found | undefined {
  if (pod.spec.restartPolicy !== "Always") return undefined;
  const found = ended(scope, pod).find(({ exit }) => exit.code === 0);
  if (!found) return undefined;
  const { view, exit } = found;
  const { container, record, path } = view;
  const argv = [...(container.command ?? []), ...(container.args ?? [])];
  const next = nextTry(scope, view);
  return {
    sentence: `${nameOf(pod)}: container ${container.name} is done after ${seconds(exit.finishedAtMs - exit.startedAtMs)} (exit code 0) and is started again since restartPolicy is Always, ${plural(record.restarts, "restart")} so far: a container lives as long as its first process.${next ? ` The next try is ${next}.` : ""}`,
    evidence: [
      about(
        pod,
        argv.length
          ? `command ${JSON.stringify(argv)}`
          : `the command of image ${container.image ?? ""}`,
        { field: `${path}.command` },
      ),
      about(pod, "restartPolicy is Always", { field: "spec.restartPolicy" }),
    ],
    mend: [
      mend("Give it a command that stays", `kubectl edit ${ownerOf(pod)}${inNamespace(pod)}`),
      mend(
        "Or let it end: a Job, or restartPolicy OnFailure",
        `kubectl run ${pod.metadata.name}-once --image=${container.image ?? ""} --restart=OnFailure${inNamespace(pod)}`,
      ),
    ],
    decidedBy: "kubelet",
    reason: `${container.name} is done`,
  };
}

/** An init container that fails, or has not come to its end. */
function initialising(scope: Scope, pod: Pod): Found | undefined {
  const views = containersOf(scope, pod).filter(
    ({ kind, container }) => kind === "init" && container.restartPolicy !== "Always",
  );
  const at = views.findIndex(({ record }) => record.exit?.code !== 0 || record.state === "running");
  if (views.length === 0 || at < 0) return undefined;
  const view = views[at] as ContainerView;
  const { record, container } = view;
  const exit = record.exit ?? record.last;
  const lines = lastLines(scope, pod, view);
  const last = lines.at(-1)?.line;
  const said = last ? `; its last line is "${last}"` : "";
  const head = `${nameOf(pod)} waits for init container ${container.name} (${at + 1} of ${views.length})`;
  const logs = mend(
    "Read its log",
    `kubectl logs ${pod.metadata.name} -c ${container.name}${inNamespace(pod)}`,
  );
  const awaited = record.state === "running" ? awaitedService(scope, pod, view) : undefined;
  if (record.state !== "running" && (!exit || exit.code === 0)) return undefined;
  if (exit && exit.code !== 0 && record.state !== "running") {
    const next = nextTry(scope, view);
    return {
      sentence: `${head}, which fails with exit code ${exit.code}, ${plural(record.restarts, "restart")} so far${said}.${next ? ` The next try is ${next}.` : ""}`,
      evidence: [
        about(pod, `${container.name} ended with ${exit.code}`, {
          field: "status.initContainerStatuses",
        }),
        ...lines,
      ],
      mend: [
        logs,
        mend(
          "Then mend it first: the others start after it",
          `kubectl edit ${ownerOf(pod)}${inNamespace(pod)}`,
        ),
      ],
      decidedBy: "kubelet",
      reason: `init container ${container.name} fails`,
    };
  }
  return {
    sentence: `${head}, which has run for ${seconds(scope.now - (record.startedAtMs ?? scope.now))} and is not done${awaited ? `: it asks for ${awaited.text}` : `${said}.`}`,
    evidence: [
      about(pod, `${container.name} is running`, { field: "status.initContainerStatuses" }),
      ...(awaited?.evidence ?? []),
      ...lines,
    ],
    mend: awaited ? [...awaited.mend, logs] : [logs],
    decidedBy: "kubelet",
    reason: `init container ${container.name}`,
  };
}

/** A Service that its command names and that nobody is behind. */
function awaitedService(scope: Scope, pod: Pod, { container }: ContainerView) {
  const words =
    [...(container.command ?? []), ...(container.args ?? [])]
      .join(" ")
      .match(/[a-z][a-z0-9.-]*/g) ?? [];
  const namespace = pod.metadata.namespace ?? "";
  for (const word of words) {
    const [name = "", other] = word.split(".");
    const service = scope.client.get("services", other ?? namespace, name);
    const why =
      service && scope.mayRead("services", other ?? namespace, name)
        ? scope.ask("services", service)
        : undefined;
    if (why)
      return {
        text: `Service ${name}, and ${why.sentence}`,
        evidence: why.evidence,
        mend: why.mend,
      };
  }
  return undefined;
}

/** Rows about containers that end. */
export const crash: Situation[] = [
  { name: "command cannot be run", of: ["pods"], find: notStartable },
  { name: "init container", of: ["pods"], find: initialising },
  { name: "over its memory", of: ["pods"], find: outOfMemory },
];
export const exits: Situation[] = [
  { name: "exits with an error", of: ["pods"], find: crashes },
  { name: "its first process is done", of: ["pods"], find: endsWell },
];

export const namesOf = (views: readonly ContainerView[]): string =>
  listed(views.map(({ container }) => container.name));

/**
 * A container that ends by a RestartAllContainers rule: all of the Pod start anew, init containers first, in the same sandbox.
 * k8s: pkg/kubelet/container/helpers.go ShouldAllContainersRestart, kuberuntime_manager.go ContainersToReset
 */
import { beginKill, stepKill } from "./kill.ts";
import { restartingReason, ruleFor } from "./restart.ts";
import { type Container, type PodSpec, podContainers } from "../kinds/pod/types.ts";
import type { PodRecord } from "./record.ts";
import type { Sync } from "./sync.ts";

const restartsAll = "RestartAllContainers";

const removed = {
  reason: restartingReason,
  message: "The container is removed because RestartAllContainers in place",
};

/** Whether any container has such a rule. k8s: podutil.AllContainersCouldRestart */
export const couldRestartAll = (spec: PodSpec): boolean =>
  podContainers(spec).some(({ container }) =>
    container.restartPolicyRules?.some((rule) => rule.action === restartsAll),
  );

function triggered(container: Container, record: PodRecord): boolean {
  const c = record.containers[container.name];
  if (c?.state !== "exited" || c.restartsAtOnce || !c.exit) return false;
  return ruleFor(container, c.exit.code)?.action === restartsAll;
}

/** True while the containers are being taken down for it. */
export function restartAll(sync: Sync): boolean {
  const { record, pod } = sync;
  const all = podContainers(pod.spec).filter(({ kind }) => kind !== "ephemeral");
  if (!record.restartingAll && !all.some(({ container }) => triggered(container, record)))
    return false;
  record.restartingAll = true;
  for (const { container, kind } of all.toReversed()) {
    const c = record.containers[container.name];
    if (c?.state !== "running") continue;
    beginKill(sync, container, kind, c, { message: "killing", graceSeconds: 0, restart: false });
    stepKill(sync, container, kind, c);
  }
  if (all.some(({ container }) => record.containers[container.name]?.state === "running"))
    return true;
  delete record.restartingAll;
  for (const { container } of all) {
    const c = record.containers[container.name];
    if (!c || c.state !== "exited") continue;
    if (c.last) sync.runtime.remove(sync.context, sync.key, c.last.id);
    const own = c.exit ?? c.last;
    const victim = own && own.code !== 0 && ruleFor(container, own.code)?.action !== restartsAll;
    const last = victim ? { ...own, code: 137, ...removed } : own;
    record.containers[container.name] = {
      state: "waiting",
      restarts: c.restarts + 1,
      ...(last ? { last } : {}),
      waiting: removed,
    };
  }
  return false;
}

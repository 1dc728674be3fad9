/** Who is restarted after an exit, and how long that waits. Pure. */
import {
  containerBackoffForgetMs,
  containerBackoffMsMax,
  containerBackoffMsMin,
} from "../core/limits.ts";
import type { ContainerRecord } from "./record.ts";
import {
  type Container,
  type ContainerKind,
  type PodSpec,
  type RestartRule,
  isSidecar,
} from "../kinds/pod/types.ts";

function ruleMatches(rule: RestartRule, exitCode: number): boolean {
  const codes = rule.exitCodes;
  if (!codes) return false;
  const listed = (codes.values ?? []).includes(exitCode);
  return codes.operator === "NotIn" ? !listed : listed;
}

/** Why a container ended that went down with all others, to start anew. */
export const restartingReason = "RestartingAllContainers";

/** The first rule an exit code matches. k8s: podutil.FindMatchingContainerRestartRule */
export const ruleFor = (container: Container, exitCode: number): RestartRule | undefined =>
  container.restartPolicyRules?.find((rule) => ruleMatches(rule, exitCode));

/** k8s: pkg/api/v1/pod/util.go ContainerShouldRestart */
export function shouldRestart(
  container: Container,
  kind: ContainerKind,
  spec: PodSpec,
  exitCode: number,
): boolean {
  if (kind === "ephemeral") return false;
  if (isSidecar(container, kind)) return true;
  if (ruleFor(container, exitCode)) return true;
  const policy = container.restartPolicy ?? spec.restartPolicy ?? "Always";
  if (kind === "init") return exitCode !== 0 && policy !== "Never";
  if (policy === "Always") return true;
  return policy === "OnFailure" && exitCode !== 0;
}

type BackOff = ContainerRecord["backOff"];

/** What a back-off is about: with another image or other resources a container begins anew. k8s: kuberuntime/helpers.go GetBackoffKey */
export const backOffKey = ({ image, resources }: Container): string =>
  `${image ?? ""}${resources ? ` ${JSON.stringify(resources)}` : ""}`;

/** Moment until which a restart waits, `since` being when the container ended; undefined: none. */
export function backOffUntil(entry: BackOff, sinceMs: number, nowMs: number): number | undefined {
  if (!entry || sinceMs - entry.atMs > containerBackoffForgetMs) return undefined;
  const until = sinceMs + entry.ms;
  return nowMs < until ? until : undefined;
}

/** The entry after a restart was let through. k8s: client-go util/flowcontrol Backoff.Next */
export function nextBackOff(
  entry: BackOff,
  sinceMs: number,
  nowMs: number,
  of: string,
): NonNullable<BackOff> {
  const fresh = !entry || sinceMs - entry.atMs > containerBackoffForgetMs;
  const ms = fresh ? containerBackoffMsMin : Math.min(entry.ms * 2, containerBackoffMsMax);
  return { ms, atMs: nowMs, of };
}

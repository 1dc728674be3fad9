/** What a failed Pod means by spec.podFailurePolicy. k8s: pkg/controller/job/pod_failure_policy.go */
import type { PodFailurePolicy } from "../../kinds/batch/shape.ts";
import type { ContainerStatus, Pod } from "../../kinds/pod/types.ts";

type Rule = PodFailurePolicy["rules"][number];
type ExitCodes = NonNullable<Rule["onExitCodes"]>;

export interface Verdict {
  action: string | undefined;
  counts: boolean;
  /** Why the whole Job fails. */
  failsJob?: string;
}

/** The first rule that fits decides. k8s: matchPodFailurePolicy */
export function judgeFailure(policy: PodFailurePolicy | undefined, pod: Pod): Verdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const match = ruleMatch(rule, pod);
    if (match === undefined) continue;
    const { action } = rule;
    if (action === "FailJob")
      return {
        action,
        counts: true,
        failsJob: `${match} matching ${action} rule at index ${index}`,
      };
    return { action, counts: action !== "Ignore" };
  }
  return { action: undefined, counts: true };
}

/** What of the Pod fits, in words; undefined: nothing. */
function ruleMatch({ onExitCodes, onPodConditions }: Rule, pod: Pod): string | undefined {
  const { name, namespace } = pod.metadata;
  if (onExitCodes) {
    const status =
      endedWith(pod.status?.containerStatuses, onExitCodes) ??
      endedWith(pod.status?.initContainerStatuses, onExitCodes);
    return (
      status &&
      `Container ${status.name} for pod ${namespace}/${name} failed with exit code ${status.state?.terminated?.exitCode}`
    );
  }
  const condition = pod.status?.conditions?.find((c) =>
    onPodConditions?.some((p) => p.type === c.type && p.status === c.status),
  );
  return condition && `Pod ${namespace}/${name} has condition ${condition.type}`;
}

const endedWith = (
  statuses: readonly ContainerStatus[] | undefined,
  { containerName, operator, values }: ExitCodes,
): ContainerStatus | undefined =>
  statuses?.find(({ name, state }) => {
    const code = state?.terminated?.exitCode;
    if (!code || (containerName !== undefined && containerName !== name)) return false;
    return values.includes(code) === (operator === "In");
  });

/** Pods held back by gates. k8s: pkg/scheduler/framework/plugins/schedulinggates */
import type { Pod } from "../types.ts";

/** The condition's message, as the API server writes it. k8s: pkg/registry/core/pod/strategy.go */
export const gatedMessage = "Scheduling is blocked due to non-empty scheduling gates";

export const isGated = (pod: Pod): boolean => (pod.spec.schedulingGates?.length ?? 0) > 0;

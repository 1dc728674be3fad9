/** HorizontalPodAutoscaler as of 1.36: the types package does not know tolerance yet. */
import type * as v2 from "kubernetes-types/autoscaling/v2";
import type { Stored } from "../stored.ts";

export interface ScalingRules extends v2.HPAScalingRules {
  tolerance?: string;
}
export interface Behavior {
  scaleUp?: ScalingRules;
  scaleDown?: ScalingRules;
}
export type HpaSpec = Omit<v2.HorizontalPodAutoscalerSpec, "behavior"> & { behavior?: Behavior };
/** currentMetrics are not omitted when there are none. */
type HpaStatus = Omit<v2.HorizontalPodAutoscalerStatus, "currentMetrics"> & {
  currentMetrics?: v2.MetricStatus[] | null;
};
export type Hpa = Stored<Omit<v2.HorizontalPodAutoscaler, "spec" | "status">> & {
  spec?: HpaSpec;
  status?: HpaStatus;
};
export type {
  CrossVersionObjectReference,
  MetricSpec,
  MetricStatus,
  MetricTarget,
} from "kubernetes-types/autoscaling/v2";

/** The default profile: its filters in the order in which they speak, its scores with their weights. */
import type { FilterPlugin, ScorePlugin } from "../framework.ts";
import { balancedAllocationScore } from "./balanced-allocation.ts";
import { dynamicResources } from "./dynamic-resources.ts";
import { imageLocalityScore } from "./image-locality.ts";
import { interPodAffinity, interPodAffinityScore } from "./inter-pod-affinity.ts";
import { nodeAffinity, nodeAffinityScore } from "./node-affinity.ts";
import { nodeName } from "./node-name.ts";
import { nodePorts } from "./node-ports.ts";
import { leastAllocatedScore, nodeResourcesFit } from "./node-resources-fit.ts";
import { nodeUnschedulable } from "./node-unschedulable.ts";
import { podTopologySpread, podTopologySpreadScore } from "./pod-topology-spread.ts";
import { taintScore, taintToleration } from "./taint-toleration.ts";
import { volumeBinding, volumeRestrictions, volumeZone } from "./volume-binding.ts";

/** k8s: pkg/scheduler/apis/config/v1/default_plugins.go getDefaultPlugins */
export const filterPlugins: readonly FilterPlugin[] = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  volumeRestrictions,
  volumeBinding,
  volumeZone,
  podTopologySpread,
  interPodAffinity,
  dynamicResources,
];

export const scorePlugins: readonly ScorePlugin[] = [
  { name: "TaintToleration", weight: 3, score: taintScore },
  { name: "NodeAffinity", weight: 2, score: nodeAffinityScore },
  { name: "NodeResourcesFit", weight: 1, score: leastAllocatedScore },
  { name: "PodTopologySpread", weight: 2, score: podTopologySpreadScore },
  { name: "InterPodAffinity", weight: 2, score: interPodAffinityScore },
  { name: "NodeResourcesBalancedAllocation", weight: 1, score: balancedAllocationScore },
  { name: "ImageLocality", weight: 1, score: imageLocalityScore },
];

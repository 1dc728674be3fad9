/** Prefers nodes whose cpu and memory are used in equal shares. k8s: noderesources/balanced_allocation.go */
import { nodeScoreMax, type Scorer } from "../framework.ts";

export const balancedAllocationScore: Scorer = ({ requests }, nodes) => {
  if (!requests.cpuMilli && !requests.memoryBytes) return undefined;
  return nodes.map((node) => {
    const { cpuMilli, memoryBytes } = node.allocatable;
    // With fewer than two resources there is nothing to balance.
    if (!cpuMilli || !memoryBytes) return nodeScoreMax;
    const cpu = Math.min(1, (node.cpuMilli + requests.cpuMilli) / cpuMilli);
    const memory = Math.min(1, (node.memoryBytes + requests.memoryBytes) / memoryBytes);
    return Math.trunc((1 - Math.abs((cpu - memory) / 2)) * nodeScoreMax);
  });
};

/** Prefers nodes that hold the images already. k8s: pkg/scheduler/framework/plugins/imagelocality */
import { nodeScoreMax, type Scorer } from "../framework.ts";

const mib = 1024 * 1024;
const thresholdBytesMin = 23 * mib;
const containerThresholdBytesMax = 1000 * mib;

/** k8s: normalizedImageName: a name without tag means latest. */
const withTag = (image: string): string =>
  image.lastIndexOf(":") <= image.lastIndexOf("/") ? `${image}:latest` : image;

export const imageLocalityScore: Scorer = ({ pod }, nodes, snapshot) => {
  if (snapshot.images.size === 0) return undefined;
  const containers = [...(pod.spec.initContainers ?? []), ...(pod.spec.containers ?? [])];
  const held = containers.flatMap((c) => snapshot.images.get(withTag(c.image ?? "")) ?? []);
  if (!held.length) return undefined;
  const most = containerThresholdBytesMax * containers.length;
  return nodes.map((node) => {
    let sum = 0;
    for (const image of held) {
      if (!image.nodes.has(node.name)) continue;
      sum += Math.trunc(image.sizeBytes * (image.nodes.size / snapshot.nodes.length));
    }
    const bounded = Math.min(most, Math.max(thresholdBytesMin, sum));
    return Math.floor((nodeScoreMax * (bounded - thresholdBytesMin)) / (most - thresholdBytesMin));
  });
};

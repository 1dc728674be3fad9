/** What the class of its runtime makes of a Pod. k8s: plugin/pkg/admission/runtimeclass */
import { goQuote } from "../../machinery/field.ts";
import { semanticEqual } from "../../machinery/metadata.ts";
import { cmpQuantity, parseQuantity } from "../../machinery/quantity.ts";
import type { Reader } from "../../ports/controller.ts";
import type { RuntimeClass } from "../runtime-class.ts";
import type { Pod, PodSpec } from "./types.ts";

type Refuse = (pod: Pod, problem: string) => Error;
type Toleration = NonNullable<PodSpec["tolerations"]>[number];
type Amounts = Record<string, string>;

/** The class that a Pod names; one that is not there is refused. */
function classOf(pod: Pod, reader: Reader, refuse: Refuse): RuntimeClass | undefined {
  const name = pod.spec.runtimeClassName;
  if (name === undefined) return undefined;
  const found = reader.get<RuntimeClass>("runtimeclasses.node.k8s.io", "", name);
  if (!found) throw refuse(pod, `pod rejected: RuntimeClass ${goQuote(name)} not found`);
  return found;
}

function sameAmounts(a: Amounts | undefined, b: Amounts | undefined): boolean {
  const names = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})]);
  return [...names].every((name) => {
    const [x, y] = [parseQuantity(a?.[name] ?? ""), parseQuantity(b?.[name] ?? "")];
    return x !== undefined && y !== undefined && cmpQuantity(x, y) === 0;
  });
}

const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

/** Overhead, node selector and tolerations of the class. k8s: Admit */
export function withRuntimeClass(pod: Pod, reader: Reader, refuse: Refuse): Pod {
  const found = classOf(pod, reader, refuse);
  if (!found) return pod;
  const spec: PodSpec = { ...pod.spec };
  if (found.overhead) {
    const overhead = found.overhead.podFixed ?? {};
    const given = spec.overhead as Amounts | undefined;
    if (Object.keys(given ?? {}).length > 0 && !sameAmounts(overhead, given))
      throw refuse(pod, mismatch);
    spec.overhead = overhead;
  }
  if (!found.scheduling) return { ...pod, spec };
  const { nodeSelector = {}, tolerations = [] } = found.scheduling;
  for (const [key, value] of Object.entries(nodeSelector)) {
    const given = spec.nodeSelector?.[key];
    if (given !== undefined && given !== value)
      throw refuse(
        pod,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${given}`,
      );
  }
  spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  spec.tolerations = merged([...(spec.tolerations ?? []), ...(tolerations as Toleration[])]);
  return { ...pod, spec };
}

/** Without those that another one covers. k8s: pkg/util/tolerations MergeTolerations */
function merged(all: readonly Toleration[]): Toleration[] {
  const kept: Toleration[] = [];
  all.forEach((toleration, i) => {
    if (kept.some((other) => covers(other, toleration))) return;
    const later = all.slice(i + 1);
    if (later.some((other) => !semanticEqual(other, toleration) && covers(other, toleration)))
      return;
    kept.push(toleration);
  });
  return kept;
}

/** k8s: isSuperset */
function covers(wide: Toleration, narrow: Toleration): boolean {
  if (semanticEqual(wide, narrow)) return true;
  const everyKey = !wide.key && wide.operator === "Exists";
  if ((narrow.key ?? "") !== (wide.key ?? "") && !everyKey) return false;
  if (wide.effect && narrow.effect !== wide.effect) return false;
  if (wide.effect === "NoExecute" && wide.tolerationSeconds !== undefined) {
    const { tolerationSeconds } = narrow;
    if (tolerationSeconds === undefined || tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (wide.operator === "Exists") return true;
  if (wide.operator && wide.operator !== "Equal") return false;
  return narrow.operator === "Equal" && (narrow.value ?? "") === (wide.value ?? "");
}

/** What admission after it may have changed is held to the class again. k8s: Validate */
export function checkOverhead(pod: Pod, reader: Reader, refuse: Refuse): void {
  const overhead = classOf(pod, reader, refuse)?.overhead;
  const given = pod.spec.overhead as Amounts | undefined;
  if (overhead) {
    if (!sameAmounts(overhead.podFixed, given)) throw refuse(pod, mismatch);
  } else if (given !== undefined) {
    throw refuse(
      pod,
      "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
    );
  }
}

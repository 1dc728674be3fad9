/**
 * Counts living Pods per node and selector, kept up to date Pod by Pod: spreading the thousandth replica must not
 * look at the other 999. Only a memo: what it answers is what counting afresh would.
 */
import type { Selector } from "../machinery/selectors.ts";
import { schedulerCountersMax } from "../core/limits.ts";
import type { NodeInfo } from "./node-info.ts";
import type { Pod } from "./types.ts";

interface Counter {
  namespace: string;
  selector: Selector;
  byNode: Map<string, number>;
}

const counts = (counter: Counter, pod: Pod): boolean =>
  !pod.metadata.deletionTimestamp &&
  (pod.metadata.namespace ?? "") === counter.namespace &&
  counter.selector.matches(pod.metadata.labels);

export class PodCounters {
  readonly #counters = new Map<string, Counter>();
  /** By one `namespace, label=value` that the selector needs; else by namespace. */
  readonly #filed = new Map<string, Set<Counter>>();

  /** The one asked last: an attempt asks for one selector on every node. */
  #last: Counter | undefined;

  count(node: NodeInfo, namespace: string, selector: Selector, all: Iterable<NodeInfo>): number {
    let counter = this.#last;
    if (counter?.selector !== selector || counter.namespace !== namespace) {
      if (selector.empty || selector.nothing) return 0;
      const id = `${namespace}\0${selector.toString()}`;
      counter = this.#counters.get(id) ?? this.#start(id, { namespace, selector }, all);
      // The same selector may come as another object.
      counter.selector = selector;
      this.#last = counter;
    }
    return counter.byNode.get(node.name) ?? 0;
  }

  change(pod: Pod, node: string, by: 1 | -1): void {
    if (this.#counters.size === 0) return;
    const namespace = pod.metadata.namespace ?? "";
    this.#apply(this.#filed.get(namespace), pod, node, by);
    const labels = pod.metadata.labels;
    for (const key in labels) {
      this.#apply(this.#filed.get(`${namespace}\0${key}=${labels[key]}`), pod, node, by);
    }
  }

  clear(): void {
    this.#last = undefined;
    this.#counters.clear();
    this.#filed.clear();
  }

  #apply(filed: Set<Counter> | undefined, pod: Pod, node: string, by: 1 | -1): void {
    for (const counter of filed ?? []) {
      if (!counts(counter, pod)) continue;
      counter.byNode.set(node, (counter.byNode.get(node) ?? 0) + by);
    }
  }

  #start(
    id: string,
    { namespace, selector }: Pick<Counter, "namespace" | "selector">,
    all: Iterable<NodeInfo>,
  ): Counter {
    if (this.#counters.size >= schedulerCountersMax) this.clear();
    const counter: Counter = { namespace, selector, byNode: new Map() };
    for (const node of all) {
      let count = 0;
      for (const info of node.pods.values()) if (counts(counter, info.pod)) count++;
      counter.byNode.set(node.name, count);
    }
    this.#counters.set(id, counter);
    const equal = Object.entries(selector.equalities)[0];
    const place = equal ? `${namespace}\0${equal[0]}=${equal[1]}` : namespace;
    const filed = this.#filed.get(place);
    if (filed) filed.add(counter);
    else this.#filed.set(place, new Set([counter]));
    return counter;
  }
}

/**
 * What the objects of a namespace use together, kept as they come and go: a write in a namespace with a quota costs the same
 * however many objects there are. Counted from the first query on; what is found follows from the objects and
 * the moment alone.
 */
import type { KubeObject, ResourceId } from "../../core/object.ts";
import type { QuotaSum } from "../../ports/quota-sum.ts";
import type { Store } from "../../core/store.ts";
import {
  addQuantity,
  signQuantity,
  subQuantity,
  zeroQuantity,
  type Quantity,
  type QuantityFormat,
} from "../../machinery/quantity.ts";
import type { Amounts, MeasuredKind } from "./quota-evaluator.ts";

/** Which format a sum over several is printed in, whatever came first. */
const formats: readonly QuantityFormat[] = ["BinarySI", "DecimalSI", "DecimalExponent"];

class Sum implements QuotaSum {
  readonly sample: KubeObject;
  members = 0;
  readonly #amounts = new Map<string, Partial<Record<QuantityFormat, Quantity>>>();

  constructor(sample: KubeObject) {
    this.sample = sample;
  }

  change(usage: Amounts, by: typeof addQuantity): void {
    for (const [name, amount] of Object.entries(usage)) {
      let sums = this.#amounts.get(name);
      if (!sums) this.#amounts.set(name, (sums = {}));
      sums[amount.format] = by(sums[amount.format] ?? zeroQuantity, amount);
    }
  }

  amount(name: string): Quantity | undefined {
    const sums = this.#amounts.get(name);
    if (!sums) return undefined;
    let total: Quantity = zeroQuantity;
    for (const format of formats) {
      const sum = sums[format];
      if (sum && signQuantity(sum) !== 0) total = addQuantity(total, sum);
    }
    return total;
  }
}

interface Passing {
  until: number;
  ended: boolean;
}

/** One resource of one namespace. */
class NamespaceSums {
  readonly #kind: MeasuredKind;
  readonly #sums = new Map<string, Sum>();
  /** Objects that will use less once a moment has passed. */
  readonly #passing = new Map<KubeObject, Passing>();
  #nextMs = Infinity;

  constructor(kind: MeasuredKind) {
    this.#kind = kind;
  }

  at(now: number): Iterable<QuotaSum> {
    if (now > this.#nextMs) this.#pass(now);
    return this.#sums.values();
  }

  moved(before: KubeObject | undefined, after: KubeObject | undefined): void {
    if (before && after && this.#same(before, after)) return;
    if (before) this.#remove(before);
    if (after) this.#add(after);
  }

  #same(before: KubeObject, after: KubeObject): boolean {
    const kind = this.#kind;
    if (kind.until(before) !== undefined || kind.until(after) !== undefined) return false;
    return kind.usage(before) === kind.usage(after) && kind.scopes(before) === kind.scopes(after);
  }

  #add(object: KubeObject): void {
    const scopes = this.#kind.scopes(object);
    let sum = this.#sums.get(scopes);
    if (!sum) this.#sums.set(scopes, (sum = new Sum(object)));
    sum.members += 1;
    sum.change(this.#kind.usage(object), addQuantity);
    const until = this.#kind.until(object);
    if (until === undefined) return;
    this.#passing.set(object, { until, ended: false });
    this.#nextMs = Math.min(this.#nextMs, until);
  }

  #remove(object: KubeObject): void {
    const scopes = this.#kind.scopes(object);
    const sum = this.#sums.get(scopes);
    if (!sum) return;
    const ended = this.#passing.get(object)?.ended ?? false;
    this.#passing.delete(object);
    sum.change(ended ? this.#kind.usageAfter(object) : this.#kind.usage(object), subQuantity);
    sum.members -= 1;
    if (sum.members === 0) this.#sums.delete(scopes);
  }

  #pass(now: number): void {
    this.#nextMs = Infinity;
    for (const [object, passing] of this.#passing) {
      if (passing.ended) continue;
      if (now <= passing.until) {
        this.#nextMs = Math.min(this.#nextMs, passing.until);
        continue;
      }
      passing.ended = true;
      const sum = this.#sums.get(this.#kind.scopes(object));
      sum?.change(this.#kind.usage(object), subQuantity);
      sum?.change(this.#kind.usageAfter(object), addQuantity);
    }
  }
}

export class QuotaSums {
  readonly #store: Store;
  readonly #kinds: ReadonlyMap<ResourceId, MeasuredKind>;
  readonly #known = new Map<string, NamespaceSums>();

  constructor(store: Store, kinds: ReadonlyMap<ResourceId, MeasuredKind>) {
    this.#store = store;
    this.#kinds = kinds;
    for (const resource of kinds.keys()) {
      store.follow(resource, (before, after) => {
        const namespace = (after ?? before)?.metadata.namespace ?? "";
        this.#known.get(`${resource}\0${namespace}`)?.moved(before, after);
      });
    }
  }

  /** Of a kind that is measured, at a moment, which never goes back. */
  of(resource: ResourceId, namespace: string, now: number): Iterable<QuotaSum> {
    const id = `${resource}\0${namespace}`;
    let sums = this.#known.get(id);
    if (!sums) {
      const kind = this.#kinds.get(resource);
      if (!kind) return [];
      sums = new NamespaceSums(kind);
      for (const object of this.#store.list(resource, namespace)) sums.moved(undefined, object);
      this.#known.set(id, sums);
    }
    return sums.at(now);
  }
}

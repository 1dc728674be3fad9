/**
 * Devices for all claims of a Pod on one node: an exhaustive search that takes the first whole solution.
 * k8s: dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go
 */
import { deviceSelector, selects } from "../../cel/device.ts";
import { allocationStepsMax } from "../../core/limits.ts";
import type {
  AllocationResult,
  DeviceClass,
  DeviceSelector,
  ResourceClaim,
} from "../../kinds/resource/shape.ts";
import type { Node } from "../types.ts";
import { consumedBy, type Consumed } from "./capacity.ts";
import { Constraint } from "./constraints.ts";
import { Counters } from "./counters.ts";
import { deviceReaches, type Pool, type Slices } from "./pools.ts";
import {
  claimText,
  deviceId,
  isTainted,
  optionsOf,
  type Candidate,
  type Option,
} from "./request-data.ts";
import { allocationOf, type Chosen } from "./results.ts";

/** k8s: api/resource/v1/types.go AllocationResultsMaxSize */
const resultsMax = 32;

/** Something is wrong with a claim or a class: scheduling is given up for this time. */
export class AllocationError extends Error {
  override name = "AllocationError";
}
/** The search took too long. */
export class AllocationTimeout extends Error {
  override name = "AllocationTimeout";
}
/** The node's devices are told in a way that cannot be. */
export class InvalidPools extends Error {
  override name = "InvalidPools";
}

export interface AllocatorParts {
  slices: Slices;
  isAllocated(id: string): boolean;
  /** What claims use of a device that they share. */
  sharesOf(id: string): readonly Consumed[];
  classOf(name: string): DeviceClass | undefined;
}

/** Nothing that fits, or more devices than a claim may have. */
type Outcome = boolean | "tooMany";

class Search {
  readonly #parts: AllocatorParts;
  readonly #node: Node;
  readonly #claims: readonly ResourceClaim[];
  readonly #pools: readonly Pool[];
  readonly #options: (readonly Option[])[][] = [];
  readonly #constraints: Constraint[][] = [];
  readonly #counters = new Map<Pool, Counters>();
  /** Devices taken so far, by the claims that took them. */
  readonly #taken = new Map<string, Set<number>>();
  /** Parts of shared devices taken so far, the last one last. */
  readonly #shared = new Map<string, Consumed[]>();
  readonly #selectable = new Map<Option, Map<string, boolean>>();
  readonly chosen: Chosen[][];
  steps = 0;

  constructor(parts: AllocatorParts, node: Node, claims: readonly ResourceClaim[]) {
    this.#parts = parts;
    this.#node = node;
    this.#claims = claims;
    this.#pools = parts.slices.poolsOf(node);
    this.chosen = claims.map(() => []);
  }

  run(): AllocationResult[] | undefined {
    for (const [i, claim] of this.#claims.entries()) {
      const requests = claim.spec?.devices?.requests ?? [];
      this.#options[i] = requests.map((request) =>
        optionsOf(request).map((one) => this.#optionOf(claim, one)),
      );
      const least = this.#options[i].reduce(
        (sum, options) => sum + Math.min(...options.map(({ count }) => count)),
        0,
      );
      if (least > resultsMax)
        throw new AllocationError(
          `claim ${claimText(claim)}: number of requested devices ${least} exceeds the claim limit of ${resultsMax}`,
        );
      this.#constraints[i] = (claim.spec?.devices?.constraints ?? []).map(
        (one) => new Constraint(one),
      );
    }
    if (this.#claim(0) !== true) {
      if (this.#pools.some(({ invalid }) => invalid)) throw new InvalidPools();
      return undefined;
    }
    return this.#claims.map((claim, i) =>
      allocationOf(claim, this.chosen[i]!, this.#node.metadata.name),
    );
  }

  #optionOf(claim: ResourceClaim, given: ReturnType<typeof optionsOf>[number]): Option {
    const { exact } = given;
    const className = exact.deviceClassName ?? "";
    const what = `claim ${claimText(claim)}, request ${given.names[1] ?? given.names[0]}`;
    const deviceClass = this.#parts.classOf(className);
    if (!deviceClass)
      throw new AllocationError(
        `${what}: could not retrieve device class ${className}: deviceclass.resource.k8s.io "${className}" not found`,
      );
    const option: Option = { ...given, deviceClass, count: exact.count ?? 1, all: undefined };
    if (exact.allocationMode !== "All") return option;
    const all: Candidate[] = [];
    for (const pool of this.#pools) {
      const asks = `${what}: asks for all devices, but resource pool ${pool.driver}/${pool.name} is currently`;
      if (pool.incomplete) throw new AllocationError(`${asks} being updated`);
      if (pool.invalid) throw new AllocationError(`${asks} invalid`);
      for (const candidate of this.#devices(pool))
        if (this.#isSelectable(claim, option, candidate)) all.push(candidate);
    }
    return { ...option, count: all.length, all };
  }

  *#devices(pool: Pool): Generator<Candidate> {
    for (const slice of pool.slices)
      for (const device of slice.spec?.devices ?? [])
        yield { id: deviceId(pool.driver, pool.name, device.name ?? ""), device, slice, pool };
  }

  #isSelectable(claim: ResourceClaim, option: Option, { id, device, slice }: Candidate): boolean {
    let known = this.#selectable.get(option);
    if (!known) this.#selectable.set(option, (known = new Map()));
    let answer = known.get(id);
    if (answer !== undefined) return answer;
    const { deviceClass, exact } = option;
    const driver = slice.spec?.driver ?? "";
    const holds = (selectors: readonly DeviceSelector[] | undefined, whose: string): boolean =>
      (selectors ?? []).every(({ cel }, i) => {
        const where = `${whose}: selector #${i}: CEL`;
        const selector = deviceSelector(cel?.expression ?? "");
        if ("problem" in selector)
          throw new AllocationError(`${where} compile error: ${selector.problem}`);
        const found = selects(selector, driver, device);
        this.#step(1 + Math.ceil(found.cost / selectorCostPerStep));
        if ("problem" in found)
          throw new AllocationError(`${where} runtime error: ${found.problem}`);
        return found.matches;
      });
    answer =
      holds(deviceClass.spec?.selectors, `class ${deviceClass.metadata.name}`) &&
      holds(exact.selectors, `claim ${claimText(claim)}`) &&
      deviceReaches(this.#node, slice.spec ?? {}, device);
    known.set(id, answer);
    return answer;
  }

  #step(by = 1): void {
    this.steps += by;
    if (this.steps > allocationStepsMax) throw new AllocationTimeout();
  }

  #claim(i: number): Outcome {
    if (i >= this.#claims.length) return true;
    const found = this.#request(i, 0);
    return found === "tooMany" ? (i > 0 ? false : found) : found;
  }

  #request(i: number, r: number): Outcome {
    const options = this.#options[i]![r];
    if (!options) return this.#claim(i + 1);
    let exceeded = options.length > 0;
    for (const option of options) {
      const found = this.#device(i, r, option, 0, 0);
      if (found === true) return true;
      if (found !== "tooMany") exceeded = false;
    }
    return exceeded ? "tooMany" : false;
  }

  /** The `n`th device of a request; those before `from` are no use, since their order does not matter. */
  #device(i: number, r: number, option: Option, n: number, from: number): Outcome {
    this.#step();
    if (option.all?.length === 0) return false;
    if (n >= option.count) return this.#request(i, r + 1);
    if (this.chosen[i]!.length + option.count - n > resultsMax) return "tooMany";
    if (option.all) {
      if (!this.#take(i, option, option.all[n]!, true)) return false;
      const found = this.#device(i, r, option, n + 1, 0);
      if (found !== true) this.#letGo(i, option, option.all[n]!);
      return found;
    }
    let at = 0;
    for (const pool of this.#pools) {
      if (pool.incomplete || pool.invalid) continue;
      for (const candidate of this.#devices(pool)) {
        if (at++ < from) continue;
        this.#step();
        if (!this.#isFree(i, option, candidate)) continue;
        if (!this.#isSelectable(this.#claims[i]!, option, candidate)) continue;
        if (!this.#take(i, option, candidate, false)) continue;
        const found = this.#device(i, r, option, n + 1, isShared(option, candidate) ? at - 1 : at);
        if (found === true) return true;
        this.#letGo(i, option, candidate);
        if (found === "tooMany") return found;
      }
    }
    return false;
  }

  #isFree(i: number, option: Option, candidate: Candidate): boolean {
    const { id } = candidate;
    const takers = this.#taken.get(id);
    if (option.exact.adminAccess) return !takers?.has(i);
    if (isShared(option, candidate)) return true;
    return !takers?.size && !this.#parts.isAllocated(id);
  }

  #take(i: number, option: Option, candidate: Candidate, must: boolean): boolean {
    const { id, device, pool } = candidate;
    if (!this.#isFree(i, option, candidate)) return false;
    const part = this.#partOf(option, candidate);
    if (!part) return false;
    if (isTainted(device, option.exact)) return false;
    const counts = this.#counts(candidate);
    if (counts && !this.#countersOf(pool).take(device)) return false;
    const constraints = this.#constraints[i]!;
    for (const [c, constraint] of constraints.entries()) {
      if (constraint.add(option, device, pool.driver)) continue;
      for (const added of constraints.slice(0, c)) added.remove(option);
      if (counts) this.#countersOf(pool).giveBack(device);
      if (!must) return false;
      const what = `claim ${claimText(this.#claims[i]!)}, request ${option.names[1] ?? option.names[0]}`;
      throw new AllocationError(
        `${what}: cannot add device ${id} because a claim constraint would not be satisfied`,
      );
    }
    this.#note(i, { option, candidate, ...(isShared(option, candidate) ? { share: part } : {}) });
    return true;
  }

  #note(i: number, one: Chosen): void {
    const { id } = one.candidate;
    if (one.share) this.#shared.set(id, [...(this.#shared.get(id) ?? []), one.share]);
    else this.#taken.set(id, (this.#taken.get(id) ?? new Set()).add(i));
    this.chosen[i]!.push(one);
  }

  #letGo(i: number, option: Option, candidate: Candidate): void {
    const { id, device, pool } = candidate;
    for (const constraint of this.#constraints[i]!) constraint.remove(option);
    const one = this.chosen[i]!.pop();
    if (one?.share) this.#shared.get(id)?.pop();
    else this.#taken.get(id)?.delete(i);
    if (this.#counts(candidate)) this.#countersOf(pool).giveBack(device);
  }

  /** What is used of it; undefined: there is not enough. A device that is nobody else's is used whole. */
  #partOf(option: Option, candidate: Candidate): Consumed | undefined {
    const { exact } = option;
    if (exact.adminAccess || (!exact.capacity && !isShared(option, candidate))) return {};
    return consumedBy(exact, candidate.device, this.#sharesOf(candidate.id));
  }

  #sharesOf(id: string): readonly Consumed[] {
    const taken = this.#shared.get(id) ?? [];
    return [...this.#parts.sharesOf(id), ...taken];
  }

  /** Counters are used by who has a device first, and free when the last one lets go. */
  #counts({ id, device }: Candidate): boolean {
    if (!device.consumesCounters?.length) return false;
    return !device.allowMultipleAllocations || this.#sharesOf(id).length === 0;
  }

  #countersOf(pool: Pool): Counters {
    let counters = this.#counters.get(pool);
    if (!counters) {
      const { isAllocated, sharesOf } = this.#parts;
      counters = new Counters(pool, (id) => isAllocated(id) || sharesOf(id).length > 0);
      this.#counters.set(pool, counters);
    }
    return counters;
  }
}

/** Several claims may have parts of it. */
const isShared = ({ exact }: Option, { device }: Candidate): boolean =>
  device.allowMultipleAllocations === true && !exact.adminAccess;

/** Units of an expression's cost that are as much work as looking at one device. */
const selectorCostPerStep = 10;

/** What each claim gets on the node, or nothing; with the work that it was. Throws what ends the attempt. */
export function allocate(
  parts: AllocatorParts,
  node: Node,
  claims: readonly ResourceClaim[],
  spent: (steps: number) => void,
): AllocationResult[] | undefined {
  const search = new Search(parts, node, claims);
  try {
    return search.run();
  } finally {
    spent(search.steps);
  }
}

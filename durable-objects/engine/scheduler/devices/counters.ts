/** Counters that devices of one pool share. k8s: allocator_incubating.go checkAvailableCounters */
import {
  addQuantity,
  cmpQuantity,
  subQuantity,
  zeroQuantity,
  type Quantity,
} from "../../machinery/quantity.ts";
import type { Device } from "../../kinds/resource/shape.ts";
import { amountOf } from "./capacity.ts";
import { deviceId } from "./request-data.ts";
import type { Pool } from "./pools.ts";

/** What is left of a pool's counters as an allocation goes on. */
export class Counters {
  readonly #left = new Map<string, Quantity>();

  constructor({ driver, name, all }: Pool, isAllocated: (id: string) => boolean) {
    for (const { spec } of all)
      for (const { name: set = "", counters = {} } of spec?.sharedCounters ?? [])
        for (const [counter, { value }] of Object.entries(counters))
          this.#left.set(`${set}\0${counter}`, amountOf(value));
    for (const { spec } of all)
      for (const device of spec?.devices ?? [])
        if (isAllocated(deviceId(driver, name, device.name ?? ""))) this.#change(device, false);
  }

  /** Takes what a device uses; false, and nothing taken: there is too little. */
  take(device: Device): boolean {
    this.#change(device, false);
    for (const key of keysOf(device)) {
      const left = this.#left.get(key);
      if (left && cmpQuantity(left, zeroQuantity) >= 0) continue;
      this.giveBack(device);
      return false;
    }
    return true;
  }
  giveBack(device: Device): void {
    this.#change(device, true);
  }

  #change({ consumesCounters = [] }: Device, back: boolean): void {
    for (const { counterSet = "", counters = {} } of consumesCounters)
      for (const [counter, { value }] of Object.entries(counters)) {
        const key = `${counterSet}\0${counter}`;
        const left = this.#left.get(key);
        if (!left) continue;
        const amount = amountOf(value);
        this.#left.set(key, back ? addQuantity(left, amount) : subQuantity(left, amount));
      }
  }
}

const keysOf = ({ consumesCounters = [] }: Device): string[] =>
  consumesCounters.flatMap(({ counterSet = "", counters = {} }) =>
    Object.keys(counters).map((counter) => `${counterSet}\0${counter}`),
  );

import type { KubeObject } from "../core/object.ts";
import type { Quantity } from "../machinery/quantity.ts";

/** Of objects that are in the same scopes, `sample` being one of them. */
export interface QuotaSum {
  readonly sample: KubeObject;
  amount(name: string): Quantity | undefined;
}

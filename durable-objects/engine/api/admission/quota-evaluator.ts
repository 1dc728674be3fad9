/** How objects count against quotas: what each kind that is measured brings. */
import type { KubeObject, ResourceId } from "../../core/object.ts";
import { newQuantity, type Quantity } from "../../machinery/quantity.ts";

export type Amounts = Record<string, Quantity>;

export interface ScopeTerm {
  scopeName: string;
  operator: string;
  values?: string[];
}

/** How objects of one resource are summed up. */
export interface MeasuredKind {
  usage(object: KubeObject): Amounts;
  /** Differs wherever a scope may tell objects apart. */
  scopes(object: KubeObject): string;
  /** The moment after which it uses only `usageAfter`; undefined: it never will of itself. */
  until(object: KubeObject): number | undefined;
  usageAfter(object: KubeObject): Amounts;
}

/** How objects of one resource are measured. */
export interface Evaluator {
  resource: ResourceId;
  /** Which of a quota's names it measures. */
  measures(name: string): boolean;
  usage(object: KubeObject, now: number): Amounts;
  inScope(term: ScopeTerm, object: KubeObject): boolean;
  /** Where objects are not all worth one. */
  kind?: MeasuredKind;
}

export const one = newQuantity(1);

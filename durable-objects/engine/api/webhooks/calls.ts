/**
 * Calls of webhooks, whose answers come from servers in Pods and take virtual time, while all that asks is synchronous. Who asks
 * for an answer that is not there yet is taken back whole and begun again when it is: a call is then known by what it says.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { assumedCallsMax } from "../../core/limits.ts";
import type { KubeObject } from "../../core/object.ts";
import type { WebhookClientConfig } from "../../kinds/admission/client-config.ts";

export interface HookCall {
  client: WebhookClientConfig;
  /** Named in the address too. */
  timeoutSeconds: number;
  /** What is sent, but for `request.uid`. */
  review: { apiVersion: string; kind: string; request: object };
  /** By what it is known again, where that is not all of the request. */
  same?: unknown;
}

/** What came of a call. Plain JSON, kept with whoever waits. */
export type HookAnswer = { uid: string } & (
  | { status: number; body: string }
  /** As Go's client words it, after the address where there is one. */
  | { error: string }
);

/** By the call's key. */
export type HookAnswers = Readonly<Record<string, HookAnswer>>;

/** Thrown to take back who asked; caught by who began it. */
export class Awaited extends Error {
  override name = "Awaited";
}

interface Caller {
  answers: HookAnswers;
  /** Go on as if what is not answered were allowed, to learn what else is asked. */
  assumes: boolean;
  missing: Map<string, HookCall> | undefined;
  /** How often the same was asked before. */
  counts: Map<string, number> | undefined;
  /** Objects as webhooks converted them, by version. */
  converted: WeakMap<KubeObject, Map<string, KubeObject>> | undefined;
}

interface Reviewed {
  operation?: string;
  name?: string;
  object?: { metadata?: { generateName?: string } } | null;
}

/** What differs from one attempt to the next only because time has passed. */
const moments = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** What says that a call is the same as one before: all of it but for what each attempt draws or dates anew. */
function digestOf({ client, timeoutSeconds, review, same }: HookCall): string {
  if (same !== undefined) return digest([client, timeoutSeconds, review.apiVersion, same]);
  const { operation, object, name, ...rest } = review.request as Reviewed;
  const creates = operation === "CREATE" && object?.metadata;
  const { uid: _, ...metadata } = (creates || {}) as Record<string, unknown>;
  if (metadata["generateName"]) delete metadata["name"];
  const shown = creates ? { ...object, metadata } : object;
  const named = creates && metadata["generateName"] ? "" : name;
  return digest([client, timeoutSeconds, review.apiVersion, operation, named, shown, rest]);
}

const digest = (value: unknown[]): string =>
  bytesToHex(sha256(utf8ToBytes(JSON.stringify(value).replace(moments, ""))).subarray(0, 12));

const none: ReadonlyMap<string, HookCall> = new Map();

export class Calls {
  #caller: Caller | undefined;

  /**
   * Runs who may ask, with the answers that are known. What it gives is void where calls are missing, and must be taken back then.
   * `assumes`: it is not stopped at the first of them.
   */
  run<T>(
    answers: HookAnswers,
    assumes: boolean,
    body: () => T,
  ): { value: T | undefined; missing: ReadonlyMap<string, HookCall> } {
    const outer = this.#caller;
    const caller: Caller = {
      answers,
      assumes,
      missing: undefined,
      counts: undefined,
      converted: undefined,
    };
    this.#caller = caller;
    try {
      const value = body();
      return { value, missing: caller.missing ?? none };
    } catch (error) {
      // What was thrown upon an assumption says nothing.
      if (!caller.missing) throw error;
      return { value: undefined, missing: caller.missing };
    } finally {
      this.#caller = outer;
    }
  }

  /** Runs what asks about many things, none of which follows from another: a request then waits for all of them together. */
  together(body: () => void): void {
    const caller = this.#caller;
    if (!caller || caller.assumes) return body();
    caller.assumes = true;
    try {
      body();
    } finally {
      caller.assumes = false;
    }
    if (caller.missing) throw new Awaited();
  }

  /** An object in another version, as it was converted for who asks now. */
  memo(object: KubeObject, apiVersion: string): KubeObject | undefined {
    return this.#caller?.converted?.get(object)?.get(apiVersion);
  }

  remember(object: KubeObject, apiVersion: string, converted: KubeObject): void {
    const caller = this.#caller;
    if (!caller) return;
    const known = (caller.converted ??= new WeakMap<KubeObject, Map<string, KubeObject>>());
    const versions = known.get(object);
    if (versions) versions.set(apiVersion, converted);
    else known.set(object, new Map([[apiVersion, converted]]));
  }

  /** The answers of calls that go out together; undefined: not there yet, to be taken as allowed. Throws Awaited. */
  ask(calls: readonly HookCall[]): readonly (HookAnswer | undefined)[] {
    const caller = this.#caller;
    if (!caller) return calls.map(() => ({ uid: "", error: "nobody can be called from here" }));
    const counts = (caller.counts ??= new Map<string, number>());
    const answers = calls.map((call) => {
      const known = digestOf(call);
      const count = counts.get(known) ?? 0;
      counts.set(known, count + 1);
      const key = count === 0 ? known : `${known} ${count}`;
      const answer = Object.hasOwn(caller.answers, key) ? caller.answers[key] : undefined;
      if (!answer) (caller.missing ??= new Map<string, HookCall>()).set(key, call);
      return answer;
    });
    const size = caller.missing?.size ?? 0;
    if (size > 0 && (!caller.assumes || size >= assumedCallsMax)) throw new Awaited();
    return answers;
  }
}

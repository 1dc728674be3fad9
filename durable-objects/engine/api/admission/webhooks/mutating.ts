/**
 * Mutating admission by webhooks, one after the other, each seeing what those before it made.
 * k8s: apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go, reinvocationcontext.go
 */
import { equal } from "../../../core/equal.ts";
import type { KubeObject } from "../../../core/object.ts";
import type { WriteContext } from "../../../kinds/define.ts";
import { goQuote } from "../../../machinery/field.ts";
import { internalError, StatusError } from "../../../machinery/status.ts";
import { decodeObject } from "../../../schema/decode.ts";
import {
  applyOperations,
  JsonPatchError,
  type JsonPatchOperation,
} from "../../../schema/patch/json-patch.ts";
import type { Admission, Mutable } from "../define.ts";
import type { Resource } from "../../discovery/registry.ts";
import { scaleOf, withScale, type Scale } from "../../subresources/scale.ts";
import { attributesOf } from "../policies/attributes.ts";
import {
  callFailure,
  callOf,
  hasWebhooks,
  invocationOf,
  versionOf,
  webhooksOf,
  type Invocation,
} from "./which-webhooks.ts";
import { denied } from "./refusal.ts";
import { CallFailed, verdictOf } from "./response.ts";

function operationsOf(patch: string): JsonPatchOperation[] {
  let operations: unknown;
  try {
    operations = JSON.parse(patch);
  } catch {
    operations = undefined;
  }
  if (operations === null) return [];
  if (Array.isArray(operations)) return operations as JsonPatchOperation[];
  throw new CallFailed(
    "received undecodable patch in webhook response: json: cannot unmarshal into Go value of type jsonpatch.Patch",
  );
}

function patchedBy(object: KubeObject, operations: JsonPatchOperation[]): unknown {
  try {
    return applyOperations(object, operations);
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error;
    throw internalError(error.message);
  }
}

export class MutatingWebhooks {
  readonly #admission: Admission;
  readonly #old: KubeObject | undefined;
  readonly #context: WriteContext;
  readonly #mutable: Mutable | undefined;
  /** Some webhook has changed the object. */
  changed = false;
  /** Asked before, and willing to be asked again; of them those that have to be. */
  readonly #willing = new Set<string>();
  readonly #again = new Set<string>();
  #output: KubeObject | undefined;

  /** `mutable`: absent where nothing can be changed, as of a deletion. */
  constructor(
    admission: Admission,
    old: KubeObject | undefined,
    context: WriteContext,
    mutable: Mutable | undefined,
  ) {
    this.#admission = admission;
    this.#old = old;
    this.#context = context;
    this.#mutable = mutable;
  }

  /** `again`: the second time around, after something has changed. */
  run(object: KubeObject, again = false): KubeObject {
    const { reader } = this.#context;
    if (!hasWebhooks("mutating", this.#admission.resource, reader)) return object;
    if (again && this.#output && !equal(this.#output, object)) this.#requireAll();
    let next = object;
    for (const [hook, id] of webhooksOf("mutating", reader)) {
      const of = attributesOf(this.#admission, this.#shown(next), this.#old, this.#context);
      const invocation = of && invocationOf(hook, id, of);
      if (!invocation || (again && !this.#again.has(id))) continue;
      next = this.#invoke(invocation, next);
    }
    this.#output = next;
    return next;
  }

  #requireAll(): void {
    for (const id of this.#willing) this.#again.add(id);
    this.#willing.clear();
  }

  /** Without the name that only the server knows yet. */
  #shown(object: KubeObject): KubeObject {
    if (!this.#admission.unnamed) return object;
    const { name: _, ...metadata } = object.metadata;
    return { ...object, metadata: metadata as KubeObject["metadata"] };
  }

  #invoke(invocation: Invocation, object: KubeObject): KubeObject {
    const { hook, id } = invocation;
    let next = object;
    try {
      next = this.#asked(invocation, object);
    } catch (error) {
      if (!(error instanceof CallFailed || error instanceof StatusError)) throw error;
      const refusal = callFailure(hook, error);
      if (refusal) throw refusal;
    }
    if (next !== object && !equal(next, object)) {
      this.changed = true;
      this.#requireAll();
    }
    if (hook.reinvocationPolicy === "IfNeeded") this.#willing.add(id);
    return next;
  }

  #asked(invocation: Invocation, object: KubeObject): KubeObject {
    const { hook } = invocation;
    const [answer] = this.#admission.calls.ask([callOf(invocation)]);
    if (!answer) return object;
    const verdict = verdictOf(answer, versionOf(hook) ?? "", true);
    verdict.warnings.forEach((text) => this.#context.warn(text));
    if (!verdict.allowed) throw denied(hook.name, verdict.result);
    if (verdict.patch === "") return object;
    const operations = operationsOf(verdict.patch);
    if (operations.length === 0) return object;
    if (!this.#mutable)
      throw internalError(
        `admission webhook ${goQuote(hook.name)} attempted to modify the object, which is not supported for this operation`,
      );
    if (verdict.patchType !== "JSONPatch")
      throw new CallFailed(`unsupported patch type ${goQuote(verdict.patchType)}`);
    return this.#patched(object, operations, this.#mutable);
  }

  /** A Scale is changed for itself, and the object then scaled so. */
  #rescaled(object: KubeObject, operations: JsonPatchOperation[], mutable: Mutable): KubeObject {
    const info = this.#context.reader.resources.stored(this.#admission.resource) as Resource;
    const scale = patchedBy(scaleOf(info, object), operations) as Scale;
    return mutable.settled(withScale(info, object, scale));
  }

  #patched(object: KubeObject, operations: JsonPatchOperation[], mutable: Mutable): KubeObject {
    if (this.#admission.subresource === "scale") return this.#rescaled(object, operations, mutable);
    const patched = patchedBy(this.#shown(object), operations);
    const decoded = decodeObject(mutable.schema, patched as Parameters<typeof decodeObject>[1]);
    if (decoded.error !== undefined) throw internalError(decoded.error);
    const { apiVersion, kind } = object;
    const made = { ...decoded.object, apiVersion, kind } as unknown as KubeObject;
    const { name } = object.metadata;
    const named = this.#admission.unnamed
      ? { ...made, metadata: { ...made.metadata, name: made.metadata.name || name } }
      : made;
    return mutable.settled(named);
  }
}

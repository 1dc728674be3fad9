/**
 * Admission of what is no object of its resource: connections to Pods, bindings, evictions, requests for tokens. Upstream's built-in
 * rules have nothing to say of them, policies and webhooks may.
 */
import type { KubeObject } from "../../core/object.ts";
import type { WriteContext } from "../../kinds/define.ts";
import type { Reader } from "../../ports/controller.ts";
import type { Admission } from "./define.ts";
import { hasBindings } from "./policies/bindings.ts";
import { validatingPolicies } from "./policies/validating.ts";
import { hasWebhooks } from "./webhooks/which-webhooks.ts";
import { MutatingWebhooks } from "./webhooks/mutating.ts";
import { validatingWebhooks } from "./webhooks/validating.ts";

/** Whether anybody but the built-in rules decides about writes of a resource. */
export const isHooked = (resource: string, reader: Reader): boolean =>
  hasBindings("validating", reader) ||
  hasWebhooks("validating", resource, reader) ||
  hasWebhooks("mutating", resource, reader);

/** Throws what refuses it. */
export function admitRequest(
  admission: Admission,
  object: KubeObject,
  context: WriteContext,
): void {
  new MutatingWebhooks(admission, undefined, context, undefined).run(object);
  validatingPolicies.validate?.(admission, object, undefined, context);
  validatingWebhooks.validate?.(admission, object, undefined, context);
}

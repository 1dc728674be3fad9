/** Mutating admission, once and where something changed once more. k8s: apiserver/pkg/admission/reinvocation.go */
import type { KubeObject, ResourceId } from "../../core/object.ts";
import type { WriteContext } from "../../kinds/define.ts";
import type { Reader } from "../../ports/controller.ts";
import type { Admission, Mutable } from "./define.ts";
import { hasBindings } from "./policies/bindings.ts";
import { runPolicies } from "./policies/mutating.ts";
import { hasWebhooks } from "./webhooks/which-webhooks.ts";
import { MutatingWebhooks } from "./webhooks/mutating.ts";

/** Whether anybody but the built-in rules changes what is written of a resource. */
export const isMutated = (resource: ResourceId, reader: Reader): boolean =>
  hasBindings("mutating", reader) || hasWebhooks("mutating", resource, reader);

/** The object as built-in rules, policies and webhooks want it. Throws StatusError. */
export function mutate(
  admission: Admission,
  object: KubeObject,
  old: KubeObject | undefined,
  context: WriteContext,
  mutable: Mutable,
): KubeObject {
  const admitted = mutable.builtIn(object);
  const first = runPolicies(admission, admitted, old, context, mutable);
  const webhooks = hasWebhooks("mutating", admission.resource, context.reader)
    ? new MutatingWebhooks(admission, old, context, mutable)
    : undefined;
  const seen = first?.object ?? admitted;
  const changed = webhooks?.run(seen) ?? seen;
  if (!first?.applied && !webhooks?.changed) return changed;
  const next = mutable.builtIn(changed);
  const second =
    first && first.again.size > 0
      ? runPolicies(admission, next, old, context, mutable, first.again)
      : undefined;
  const last = second?.object ?? next;
  return webhooks?.run(last, true) ?? last;
}

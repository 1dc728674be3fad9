/** Mutating admission, once and where something changed once more. k8s: apiserver/pkg/admission/reinvocation.go */
import type { KubeObject } from "../../core/object.ts";
import type { WriteContext } from "../../kinds/define.ts";
import type { Admission, Mutable } from "./define.ts";
import { runPolicies } from "./policies/mutating.ts";
import { MutatingWebhooks } from "./webhooks/mutating.ts";

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
  const webhooks = new MutatingWebhooks(admission, old, context, mutable);
  const changed = webhooks.run(first?.object ?? admitted);
  if (!first?.applied && !webhooks.changed) return changed;
  const next = mutable.builtIn(changed);
  const second =
    first && first.again.size > 0
      ? runPolicies(admission, next, old, context, mutable, first.again)
      : undefined;
  return webhooks.run(second?.object ?? next, true);
}

/** k8s: apiserver/pkg/admission/plugin/webhook/validating/dispatcher.go */
import { StatusError } from "../../../machinery/status.ts";
import type { HookCall } from "../../webhooks/calls.ts";
import type { AdmissionRule } from "../define.ts";
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

interface Ready {
  invocation: Invocation;
  call: HookCall;
}

export const validatingWebhooks: AdmissionRule = {
  name: "ValidatingAdmissionWebhook",
  resources: "*",
  validate(admission, object, old, context) {
    const { reader } = context;
    if (!hasWebhooks("validating", admission.resource, reader)) return;
    const of = attributesOf(admission, object, old, context);
    if (!of) return;
    const invocations = [...webhooksOf("validating", reader)].flatMap(
      ([hook, id]) => invocationOf(hook, id, of) ?? [],
    );
    let refusal: Error | undefined;
    const note = ({ hook }: Invocation, error: unknown): void => {
      if (!(error instanceof CallFailed || error instanceof StatusError)) throw error;
      refusal ??= callFailure(hook, error);
    };
    const ready: Ready[] = [];
    for (const invocation of invocations) {
      try {
        ready.push({ invocation, call: callOf(invocation) });
      } catch (error) {
        note(invocation, error);
      }
    }
    // They are asked at the same time, and all are waited for.
    const answers = ready.length > 0 ? admission.calls.ask(ready.map(({ call }) => call)) : [];
    ready.forEach(({ invocation }, i) => {
      const answer = answers[i];
      if (!answer) return;
      const { hook } = invocation;
      try {
        const verdict = verdictOf(answer, versionOf(hook) ?? "", false);
        verdict.warnings.forEach((text) => context.warn(text));
        if (!verdict.allowed) throw denied(hook.name, verdict.result);
      } catch (error) {
        note(invocation, error);
      }
    });
    if (refusal) throw refusal;
  },
};

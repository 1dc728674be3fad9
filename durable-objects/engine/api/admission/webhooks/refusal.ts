/** What a client hears where a webhook says no, or could not be asked. k8s: plugin/webhook/errors/statuserror.go, util/webhook/error.go */
import { goQuote } from "../../../machinery/field.ts";
import { internalError, StatusError, type Status } from "../../../machinery/status.ts";

export const failedCall = (hook: string, why: string): StatusError =>
  internalError(`failed calling webhook ${goQuote(hook)}: ${why}`);

/** k8s: ToStatusErr */
export function denied(hook: string, result: Partial<Status> = {}): StatusError {
  const by = `admission webhook ${goQuote(hook)} denied the request`;
  const { message = "", reason = "", code = 0, details } = result;
  const text = message || reason ? `${by}: ${message || reason}` : `${by} without explanation`;
  return new StatusError(code < 400 ? 400 : code, reason, text, details);
}

/** k8s: NewDryRunUnsupportedErr */
export const noDryRun = (hook: string): StatusError =>
  new StatusError(400, "BadRequest", `admission webhook ${goQuote(hook)} does not support dry run`);

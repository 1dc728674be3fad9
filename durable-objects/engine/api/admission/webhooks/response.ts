/** What a webhook answered, as far as it may be believed. k8s: plugin/webhook/request/admissionreview.go VerifyAdmissionResponse */
import { goQuote } from "../../../machinery/field.ts";
import type { Status } from "../../../machinery/status.ts";
import { isObject } from "../../../schema/decode.ts";
import { fromBase64, decodeBase64Error } from "../../../machinery/base64.ts";
import { decodeUtf8 } from "../../../core/utf8.ts";
import type { HookAnswer } from "../../webhooks/calls.ts";
import { reviewBody } from "../../webhooks/http-answer.ts";

export interface Verdict {
  allowed: boolean;
  /** JSON text, "" for none. */
  patch: string;
  patchType: string;
  result: Partial<Status> | undefined;
  warnings: readonly string[];
}

/** Why an answer counts as none. */
export class CallFailed extends Error {
  override name = "CallFailed";
}

const invalidText = (why: string): CallFailed =>
  new CallFailed(`received invalid webhook response: ${why}`);

interface Response {
  uid?: unknown;
  allowed?: unknown;
  status?: unknown;
  patch?: unknown;
  patchType?: unknown;
  warnings?: unknown;
}

function patchOf(response: Response): string {
  const { patch } = response;
  if (patch === undefined || patch === null || patch === "") return "";
  if (typeof patch !== "string")
    throw new CallFailed(
      `failed to call webhook: json: cannot unmarshal ${Array.isArray(patch) ? "array" : typeof patch} into Go struct field AdmissionResponse.response.patch of type []uint8`,
    );
  const problem = decodeBase64Error(patch);
  if (problem !== undefined) throw new CallFailed(`failed to call webhook: ${problem}`);
  return decodeUtf8(fromBase64(patch));
}

function checkPatch(response: Response, patch: string, mutating: boolean): void {
  const { patchType } = response;
  const typed = patchType !== undefined && patchType !== null;
  if (!mutating) {
    if (patch) throw invalidText("validating webhook may not return response.patch");
    if (typed) throw invalidText("validating webhook may not return response.patchType");
    return;
  }
  if (patch && !typed)
    throw invalidText("webhook returned response.patch but not response.patchType");
  if (!patch && typed)
    throw invalidText("webhook returned response.patchType but not response.patch");
  if (patchType === "") throw invalidText('webhook returned invalid response.patchType of ""');
}

/** Throws CallFailed. `version`: of the review that was sent. */
export function verdictOf(answer: HookAnswer, version: string, mutating: boolean): Verdict {
  const found = reviewBody(answer);
  if ("error" in found) throw new CallFailed(`failed to call webhook: ${found.error}`);
  const { body } = found;
  const { response } = body;
  const sent = `admission.k8s.io/${version}`;
  if (!isObject(response)) throw invalidText("webhook response was absent");
  const given = response as Response;
  if (version === "v1") {
    if (given.uid !== answer.uid)
      throw invalidText(
        `expected response.uid=${goQuote(answer.uid)}, got ${goQuote(String(given.uid ?? ""))}`,
      );
    if (body.apiVersion !== sent || body.kind !== "AdmissionReview")
      throw invalidText(
        `expected webhook response of ${sent}, Kind=AdmissionReview, got ${body.apiVersion}, Kind=${body.kind}`,
      );
  }
  const patch = patchOf(given);
  if (version === "v1") checkPatch(given, patch, mutating);
  const { patchType } = given;
  return {
    allowed: given.allowed === true,
    patch: mutating ? patch : "",
    patchType: version === "v1" && typeof patchType === "string" ? patchType : "JSONPatch",
    result: isObject(given.status) ? (given.status as Partial<Status>) : undefined,
    warnings: Array.isArray(given.warnings)
      ? given.warnings.filter((text): text is string => typeof text === "string")
      : [],
  };
}

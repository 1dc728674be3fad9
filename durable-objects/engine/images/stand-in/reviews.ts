/**
 * What a stand-in says when the API server takes it for a webhook. The operator that would decide does not run, so it decides nothing:
 * what it is asked to admit is allowed, with a warning, and what it is asked to convert only gets the other version's name.
 */
import { decodeUtf8, encodeUtf8 } from "../../runtime/bytes.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";
import { answer } from "../serving/small-server.ts";

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Undefined: it is asked for something else. */
export function reviewAnswer(image: string, request: HttpRequest): HttpResponse | undefined {
  if (request.method !== "POST" || !request.body.includes("Review")) return undefined;
  let review: unknown;
  try {
    review = JSON.parse(decodeUtf8(request.body));
  } catch {
    return undefined;
  }
  if (!isObject(review) || !isObject(review["request"])) return undefined;
  const { kind, apiVersion, request: asked } = review;
  const { uid, desiredAPIVersion, objects } = asked as Record<string, unknown>;
  const respond = (response: object): HttpResponse =>
    answer(
      encodeUtf8(JSON.stringify({ kind, apiVersion, response: { uid, ...response } })),
      "application/json",
    );
  if (kind === "AdmissionReview") {
    const warning = `${image} is not simulated: what stands in for it allows everything`;
    return respond({ allowed: true, warnings: [warning] });
  }
  if (kind !== "ConversionReview" || !Array.isArray(objects)) return undefined;
  const renamed = objects.map((one: unknown) =>
    isObject(one) ? { ...one, apiVersion: desiredAPIVersion } : one,
  );
  return respond({ convertedObjects: renamed, result: { status: "Success" } });
}

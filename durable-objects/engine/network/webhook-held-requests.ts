/** Requests that wait for webhooks, as far as the network has to do with them: each is a record, kept by webhooks/. */
import { fromBase64, toBase64 } from "../machinery/base64.ts";
import { heldTable, type ApiResponse } from "../ports/request.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { hangUp } from "./hang-up.ts";

/** What the network knows of one. Plain JSON. */
export interface HeldRecord {
  /** Calls under way, by their keys. */
  open: Readonly<Record<string, { exchange: string }>>;
  /** The exchange of a Pod's request that it answers. */
  back?: string;
  /** Its answer, once there is one; bytes are in base64. */
  response?: StoredResponse;
}

export type StoredResponse = ApiResponse & { bytes?: true };

/** An answer as plain JSON, and back. */
export function storedResponse(response: ApiResponse): StoredResponse {
  if (response.type !== "reply" || typeof response.body === "string") return response;
  return { ...response, body: toBase64(response.body), bytes: true };
}

export function loadedResponse({ bytes, ...response }: StoredResponse): ApiResponse {
  if (!bytes || response.type !== "reply") return response as ApiResponse;
  return { ...response, body: fromBase64(response.body as string) };
}

/** The answer, taken: it is given once. "gone": nobody knows of the request. */
export function takeHeld(context: RuntimeContext, id: string): ApiResponse | "gone" | undefined {
  const held = context.records.get<HeldRecord>(heldTable, id);
  if (!held) return "gone";
  if (!held.response) return undefined;
  context.records.delete(heldTable, id);
  return loadedResponse(held.response);
}

/** Nobody waits for it any more, as when a client hangs up. */
export function forgetHeld(context: RuntimeContext, id: string): void {
  const held = context.records.get<HeldRecord>(heldTable, id);
  for (const call of Object.values(held?.open ?? {})) hangUp(context, call.exchange);
  context.records.delete(heldTable, id);
}

/** Whoever is woken when it is answered. */
export function awaitHeld(context: RuntimeContext, id: string, back: string): void {
  const held = context.records.get<HeldRecord>(heldTable, id);
  if (held) context.records.put(heldTable, id, { ...held, back });
  if (held?.response) context.wake?.("network", back);
}

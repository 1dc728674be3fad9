import { writeEdge, type EdgeRequest } from "../durable-objects/edge-request.ts";
import { EdgeError, isEdgeStatus } from "./errors.ts";
import type { Call } from "./route.ts";

/** What a sandbox's object answers beside its Kubernetes API. Throws what it refuses, as the Worker's own (EdgeError). */
export async function askObject(
  call: Call,
  edge: Partial<EdgeRequest>,
  init: RequestInit = {},
): Promise<Response> {
  const client = (init.headers as Headers | undefined) ?? new Headers();
  const agent = call.request.headers.get("user-agent");
  if (agent !== null) client.set("user-agent", agent);
  const headers = writeEdge(client, { ...call.edge, ...edge });
  const stub = call.env.SANDBOX.getByName(call.access.sandbox.id);
  const response = await stub.fetch("https://sandbox/", { ...init, headers });
  if (response.status < 400) return response;
  const status = await response.json<{ message?: string }>();
  const message = status.message ?? "the sandbox refused it";
  throw new EdgeError(isEdgeStatus(response.status) ? response.status : 422, message);
}

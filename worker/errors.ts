import { StatusError } from "../durable-objects/engine/machinery/status.ts";

/** An expected failure of the sandbox API (`/api/*`), answered as `{error: {message, field?}}`. */
export class EdgeError extends Error {
  override name = "EdgeError";
  readonly status: 400 | 401 | 403 | 404 | 409 | 410 | 413 | 429 | 503 | 507;
  readonly field: string | undefined;
  retryAfterSeconds = 60;
  constructor(status: EdgeError["status"], message: string, field?: string) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

/** JSON `{error: {message, field?}}` with Retry-After or WWW-Authenticate where the status asks for one. */
export function edgeErrorResponse(error: EdgeError): Response {
  const { message, field } = error;
  return Response.json(
    { error: field === undefined ? { message } : { message, field } },
    {
      status: error.status,
      headers: {
        "cache-control": "no-store",
        ...(error.status === 429 ? { "retry-after": String(error.retryAfterSeconds) } : {}),
        ...(error.status === 401 ? { "www-authenticate": "Bearer" } : {}),
      },
    },
  );
}

/** Below the Kubernetes prefix every failure is a Status object: clients print its message. */
export function statusResponse(error: StatusError): Response {
  const retry = error.details?.retryAfterSeconds;
  return Response.json(error.toStatus(), {
    status: error.code,
    headers: {
      "cache-control": "no-cache, private",
      ...(retry ? { "retry-after": String(retry) } : {}),
    },
  });
}

/** k8s: apiserver/pkg/endpoints/filters/authentication.go Unauthorized */
export const unauthorized = (): StatusError => new StatusError(401, "Unauthorized", "Unauthorized");

export const sandboxNotFound = (): StatusError =>
  new StatusError(404, "NotFound", "this sandbox does not exist");

export const sandboxGone = (): StatusError =>
  new StatusError(410, "Gone", "this sandbox has expired or was deleted; make a new one");

export const serviceUnavailable = (): StatusError =>
  new StatusError(503, "ServiceUnavailable", "the sandbox is restarting; please retry", {
    retryAfterSeconds: 1,
  });

import { StatusError } from "../durable-objects/engine/machinery/status.ts";

export type EdgeStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 409
  | 410
  | 412
  | 413
  | 415
  | 422
  | 426
  | 429
  | 500
  | 501
  | 503
  | 507;

const titles: Record<EdgeStatus, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  426: "Upgrade Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  507: "Insufficient Storage",
};

/** Whether the service's own answers know a status. */
export const isEdgeStatus = (status: number): status is EdgeStatus => status in titles;

/** An expected failure of the service's API (`/api/*`), answered as problem details. */
export class EdgeError extends Error {
  override name = "EdgeError";
  readonly status: EdgeStatus;
  /** Name of the member of the body, or of the parameter, that is at fault. */
  readonly field: string | undefined;
  retryAfterSeconds = 60;
  /** Further members of the answer. */
  more: Record<string, unknown> = {};
  constructor(status: EdgeStatus, message: string, field?: string) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

/**
 * `application/problem+json` (RFC 9457): title and status of HTTP, detail says what to do, field what is at fault. With Retry-After or
 * WWW-Authenticate where the status asks for one.
 */
export function edgeErrorResponse(error: EdgeError): Response {
  const { message, field, status, more } = error;
  const problem = {
    type: "about:blank",
    title: titles[status],
    status,
    detail: message,
    ...(field !== undefined && { field }),
    ...more,
  };
  return new Response(JSON.stringify(problem), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(status === 429 || status === 503
        ? { "retry-after": String(error.retryAfterSeconds) }
        : {}),
      ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    },
  });
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

/** A failure of the service's, for clients of the Kubernetes API. */
export function statusOf({ status, message }: EdgeError): StatusError {
  if (status === 401) return unauthorized();
  if (status === 404) return new StatusError(404, "NotFound", message);
  if (status === 410) return sandboxGone();
  if (status === 400) return new StatusError(400, "BadRequest", message);
  return new StatusError(403, "Forbidden", message);
}

export const sandboxNotFound = (): StatusError =>
  new StatusError(404, "NotFound", "this sandbox does not exist");

export const sandboxGone = (): StatusError =>
  new StatusError(410, "Gone", "this sandbox has expired or was deleted; make a new one");

export const serviceUnavailable = (): StatusError =>
  new StatusError(503, "ServiceUnavailable", "the sandbox is restarting; please retry", {
    retryAfterSeconds: 1,
  });

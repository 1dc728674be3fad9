/** metav1.Status errors. k8s: apimachinery/pkg/api/errors/errors.go */

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: { continue?: string };
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

/** An expected failure; becomes the response in one place (api/handle.ts). */
export class StatusError extends Error {
  override name = "StatusError";
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  readonly continueToken: string | undefined;
  constructor(
    code: number,
    reason: string,
    message: string,
    details?: StatusDetails,
    continueToken?: string,
  ) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
    this.continueToken = continueToken;
  }
  toStatus(): Status {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: this.continueToken === undefined ? {} : { continue: this.continueToken },
      status: "Failure",
      message: this.message,
      ...(this.reason ? { reason: this.reason } : {}),
      ...(this.details ? { details: this.details } : {}),
      code: this.code,
    };
  }
}

/** What names a kind in errors: `pods`, or `deployments.apps`. */
export interface ResourceName {
  group: string;
  plural: string;
}

const qualified = (r: ResourceName): string => (r.group ? `${r.plural}.${r.group}` : r.plural);
const about = (r: ResourceName, name: string, more: StatusDetails = {}): StatusDetails => ({
  ...(name ? { name } : {}),
  ...(r.group ? { group: r.group } : {}),
  kind: r.plural,
  ...more,
});

export const notFound = (r: ResourceName, name: string): StatusError =>
  new StatusError(404, "NotFound", `${qualified(r)} "${name}" not found`, about(r, name));

export const alreadyExists = (r: ResourceName, name: string): StatusError =>
  new StatusError(409, "AlreadyExists", `${qualified(r)} "${name}" already exists`, about(r, name));

/** All names that were tried are taken. k8s: errors.NewGenerateNameConflict */
export function generatedNameTaken(r: ResourceName, name: string): StatusError {
  const { message, details } = alreadyExists(r, name);
  const text = `${message}, the server was not able to generate a unique name for the object`;
  return new StatusError(409, "AlreadyExists", text, { ...details, retryAfterSeconds: 1 });
}

export const conflict = (r: ResourceName, name: string, problem: string): StatusError =>
  new StatusError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(r)} "${name}": ${problem}`,
    about(r, name),
  );

export const modifiedConflict = (r: ResourceName, name: string): StatusError =>
  conflict(
    r,
    name,
    "the object has been modified; please apply your changes to the latest version and try again",
  );

export const forbidden = (
  r: ResourceName,
  name: string,
  problem: string,
  causes?: StatusCause[],
): StatusError =>
  new StatusError(
    403,
    "Forbidden",
    name
      ? `${qualified(r)} "${name}" is forbidden: ${problem}`
      : `${qualified(r)} is forbidden: ${problem}`,
    about(r, name, causes ? { causes } : {}),
  );

export const badRequest = (message: string): StatusError =>
  new StatusError(400, "BadRequest", message);

export const methodNotSupported = (r: ResourceName, action: string): StatusError =>
  new StatusError(
    405,
    "MethodNotAllowed",
    `${action} is not supported on resources of kind "${qualified(r)}"`,
    about(r, ""),
  );

/** k8s: NewGenericServerResponse for an unknown path. */
export const unknownPath = (): StatusError =>
  new StatusError(404, "NotFound", "the server could not find the requested resource", {});

export const tooManyRequests = (message: string, retryAfterSeconds: number): StatusError =>
  new StatusError(429, "TooManyRequests", message, { retryAfterSeconds });

export const internalError = (message: string): StatusError =>
  new StatusError(500, "InternalError", `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });

/** An error that upstream never gave a reason. k8s: responsewriters/status.go ErrorToAPIStatus */
export const plainError = (message: string): StatusError => new StatusError(500, "", message);

export const unsupportedMediaType = (accepted: string[]): StatusError =>
  new StatusError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  );

export const notAcceptable = (accepted: string[]): StatusError =>
  new StatusError(
    406,
    "NotAcceptable",
    `only the following media types are accepted: ${accepted.join(", ")}`,
  );

/** k8s: handlers/response.go newNotAcceptableError */
export const notConvertible = (message: string): StatusError =>
  new StatusError(406, "NotAcceptable", message);

export const expired = (message: string, continueToken?: string): StatusError =>
  new StatusError(410, "Expired", message, undefined, continueToken);

export const tooLarge = (message: string): StatusError =>
  new StatusError(413, "RequestEntityTooLarge", `Request entity too large: ${message}`);

/** How the pages ask the service: as who they are (the cookie), or with a key alone. */

export class ApiError extends Error {
  override name = "ApiError";
  readonly status: number;
  /** The service asks first whether somebody is human: with this key a page asks Turnstile. */
  readonly turnstileSiteKey: string | undefined;
  /** Of a Status: which fields it is about. */
  readonly causes: readonly Cause[];
  constructor(status: number, message: string, more: Partial<ErrorParts> = {}) {
    super(message);
    this.status = status;
    this.turnstileSiteKey = more.turnstileSiteKey;
    this.causes = more.causes ?? [];
  }
}

export interface Cause {
  /** `spec.containers[0].image` */
  field: string;
  message: string;
}

type ErrorParts = Pick<ApiError, "turnstileSiteKey" | "causes">;

export interface Ask {
  method?: string;
  body?: unknown;
  /** The sandbox's key; without it the cookie says who asks. */
  key?: string | undefined;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

let cookies: RequestCredentials = "same-origin";

/** In a frame of another site nobody is known by a cookie: what the address carries is all there is. */
export function askWithoutCookies(): void {
  cookies = "omit";
}

/** Nobody answers: browsers tell it in words of their own. */
export function unreachable(error: unknown): never {
  throw error instanceof TypeError
    ? new Error("The service cannot be reached. Look after the connection, and try again.")
    : error;
}

/** Throws ApiError, with what the server says of it, and Error where nobody answers. */
export async function ask(path: string, how: Ask = {}): Promise<Response> {
  const { method = "GET", body, key, headers = {}, signal } = how;
  const response = await fetch(path, {
    method,
    credentials: key === undefined ? cookies : "omit",
    headers: {
      accept: "application/json",
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch(unreachable);
  if (!response.ok) throw await errorOf(response);
  return response;
}

export async function askJson<T>(path: string, how?: Ask): Promise<T> {
  return (await (await ask(path, how)).json()) as T;
}

async function errorOf(response: Response): Promise<ApiError> {
  return errorIn(response.status, await response.json().catch(() => ({})));
}

/** `body`: a Status, or a problem of the service. */
export function errorIn(status: number, body: unknown): ApiError {
  const { message, detail, turnstileSiteKey, details } = (body ?? {}) as {
    message?: string;
    detail?: string;
    turnstileSiteKey?: string;
    details?: { causes?: Partial<Cause>[] };
  };
  const causes = (details?.causes ?? []).flatMap(({ field, message: text }) =>
    field ? [{ field, message: text ?? "" }] : [],
  );
  return new ApiError(status, detail ?? message ?? `the server answered ${status}`, {
    turnstileSiteKey,
    causes,
  });
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

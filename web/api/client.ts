import { messageIn } from "./status-text.ts";

/** How the pages ask the service: as who they are (the cookie), or with a key alone. */

export class ApiError extends Error {
  override name = "ApiError";
  readonly status: number;
  /** The service asks first whether somebody is human: with this key a page asks Turnstile. */
  readonly turnstileSiteKey: string | undefined;
  constructor(status: number, message: string, turnstileSiteKey?: string) {
    super(message);
    this.status = status;
    this.turnstileSiteKey = turnstileSiteKey;
  }
}

export interface Ask {
  method?: string;
  body?: unknown;
  /** Instead of a body in JSON; `headers` say what it is. */
  text?: string;
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
function unreachable(error: unknown): never {
  throw error instanceof TypeError
    ? new Error("The service cannot be reached. Look after the connection, and try again.")
    : error;
}

/** Throws ApiError, with what the server says of it, and Error where nobody answers. */
export async function ask(path: string, how: Ask = {}): Promise<Response> {
  const { method = "GET", body, text, key, headers = {}, signal } = how;
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
    ...(text !== undefined && { body: text }),
    ...(signal && { signal }),
  }).catch(unreachable);
  if (!response.ok) throw await errorOf(response);
  return response;
}

export async function askJson<T>(path: string, how?: Ask): Promise<T> {
  return (await (await ask(path, how)).json()) as T;
}

interface Refusal {
  message?: string;
  detail?: string;
  turnstileSiteKey?: string;
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  const isYaml = response.headers.get("content-type")?.includes("yaml");
  const body = isYaml ? { message: messageIn(text) } : refusalIn(text);
  const message = body.detail ?? body.message ?? `the server answered ${response.status}`;
  return new ApiError(response.status, message, body.turnstileSiteKey);
}

function refusalIn(text: string): Refusal {
  try {
    return (JSON.parse(text) as Refusal | null) ?? {};
  } catch {
    return {};
  }
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

import type { Context } from "hono";
import * as v from "valibot";
import type { EdgeRequest } from "../durable-objects/edge-request.ts";
import { note, type Audit } from "./db/audit.ts";
import { insertPerson, type Person } from "./db/people.ts";
import type { Page } from "./db/database.ts";
import type { Env } from "./env.ts";
import { readBody } from "./body.ts";
import { EdgeError } from "./errors.ts";
import { pageLimitDefault, pageLimitMax } from "./limits.ts";
import { personOf, type Access, type Principal } from "./principal.ts";
import type { Action } from "./roles.ts";
import type { Scope } from "./scopes.ts";
import { newcomer, type Newcomer } from "./cookie-sessions.ts";

/** What a row of the route table is, and what its handler is given. */

export type EdgeContext = Context<{ Bindings: Env }>;

type AnySchema = v.GenericSchema;

export interface Answer {
  text: string;
  schema?: AnySchema;
  /** Media type; JSON where there is a schema. */
  type?: string;
}

export interface Row {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** As Hono writes it; `:id` is the sandbox's where an action is named. */
  path: string;
  /**
   * Who may: anyone, who is signed in by cookie or API token (`person`; an anonymous person is one), or who may do this with the
   * sandbox `:id`.
   */
  who: "anyone" | "person" | Action;
  /** Which scope an API token needs; absent: none will do. */
  scope?: Scope;
  /** What it does, as an imperative: the summary in the API's document. */
  title: string;
  body?: AnySchema;
  /** Of a body that may be larger than others. */
  bodyBytesMax?: number;
  /**
   * Everything below is the Kubernetes API: all methods come here, whichever the document names, and failures are answered as a
   * Status.
   */
  kube?: true;
  /** The body is no JSON: the handler reads it. */
  raw?: { type: string; bytesMax: number };
  query?: Record<string, string>;
  /**
   * Path of what it makes, whose last part is the id that it answers; absent: below its own. Read again, it is what a GET of that
   * path answers, or its entry in what a GET of the path above does.
   */
  makes?: string;
  answers: Record<number, Answer>;
  handle: (call: Call) => Promise<Response> | Response;
}

/** Goes on after the answer; what fails there nobody is told. */
export const laterOf =
  (c: EdgeContext) =>
  (work: Promise<unknown>): void =>
    c.executionCtx.waitUntil(work.catch(() => {}));

/** One request, as its handler sees it. */
export class Call<Body = unknown> {
  readonly c: EdgeContext;
  readonly principal: Principal;
  /** Where the row names an action. */
  readonly access: Access;
  /** Parsed by the row's schema. */
  readonly body: Body;
  readonly now: number;
  readonly #params: Record<string, string> | undefined;
  #cookie: string | undefined;
  #made: Person | undefined;
  #answered: { response: Response; text: string } | undefined;

  constructor(
    c: EdgeContext,
    principal: Principal,
    access: Access | undefined,
    body: Body,
    now: number,
    params?: Record<string, string>,
  ) {
    this.c = c;
    this.principal = principal;
    this.access = access as Access;
    this.body = body;
    this.now = now;
    this.#params = params;
  }

  get env(): Env {
    return this.c.env;
  }
  get request(): Request {
    return this.c.req.raw;
  }
  get origin(): string {
    return new URL(this.c.req.url).origin;
  }
  get person(): Person | undefined {
    return this.#made ?? personOf(this.principal);
  }

  /** Empty where the path has no such part. */
  param(name: string): string {
    return this.#params?.[name] ?? this.c.req.param(name) ?? "";
  }

  /** After the answer. */
  later(work: Promise<unknown>): void {
    this.c.executionCtx.waitUntil(
      work.catch((error: unknown) =>
        console.error({ event: "work after an answer failed", error: String(error) }),
      ),
    );
  }

  /** Who asks, made now where nobody does: the answer brings their cookie. Whoever shows a key stays who they are: nobody. */
  async somebody(): Promise<Person | undefined> {
    const made = await this.newcomer();
    if (made) await insertPerson(this.env.DB, made.person, made.session);
    return this.person;
  }

  /** Where nobody asks: who they are from now on, for the caller to write down. */
  async newcomer(): Promise<Newcomer | undefined> {
    if (this.principal.by !== "nobody" || this.#made) return undefined;
    const made = await newcomer(this.request, this.now);
    this.#made = made.person;
    this.#cookie = made.cookie;
    return made;
  }

  json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
    const text = JSON.stringify(value);
    const response = new Response(text, {
      status,
      headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
    });
    this.#answered = { response, text };
    return this.sent(response);
  }

  /** The JSON of an answer that this call made. */
  textOf(response: Response): string | undefined {
    return this.#answered?.response === response ? this.#answered.text : undefined;
  }

  nothing(): Response {
    return this.sent(new Response(null, { status: 204 }));
  }

  /** With the cookie of who was made. */
  sent(response: Response): Response {
    if (this.#cookie !== undefined) response.headers.append("set-cookie", this.#cookie);
    return response;
  }

  /** Written down for those who own it. */
  audit(action: string, subject: string, more: Partial<Audit> = {}): void {
    const sandboxId = this.access?.sandbox.id ?? null;
    const userId = this.person?.id ?? null;
    this.later(note(this.env.DB, { at: this.now, userId, sandboxId, action, subject, ...more }));
  }

  /** What the object is told of a request to the sandbox. */
  get edge(): EdgeRequest {
    const { grant, user } = this.access;
    return { grant, user, publicPath: new URL(this.request.url).pathname };
  }

  /** A whole number in the query; undefined where it is not there. */
  number(name: string, min: number, max: number): number | undefined {
    const said = this.c.req.query(name);
    if (said === undefined) return undefined;
    const value = /^\d{1,16}$/.test(said) ? Number(said) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new EdgeError(400, `${name} must be a whole number from ${min} to ${max}`, name);
  }

  /** `?limit=` and `?cursor=` of a list. */
  page(): Page {
    const said = this.c.req.query("limit");
    const limit = said === undefined ? pageLimitDefault : Number(said);
    if (!Number.isInteger(limit) || limit < 1 || limit > pageLimitMax) {
      throw new EdgeError(400, `limit must be a whole number from 1 to ${pageLimitMax}`, "limit");
    }
    const cursor = this.c.req.query("cursor");
    if (cursor === undefined) return { limit };
    const [, at, id] = /^(\d{1,16})\.([A-Za-z0-9_-]{1,64})$/.exec(cursor) ?? [];
    if (at === undefined || id === undefined) {
      throw new EdgeError(400, "cursor is none that a list has answered", "cursor");
    }
    return { limit, after: { at: Number(at), id } };
  }
}

/** A page of a list, and where the next one begins: none when this was the last. */
export function paged<T>(
  name: string,
  found: readonly T[],
  { limit }: Page,
  placeOf: (item: T) => { createdAt: number; id: string },
  show: (item: T) => unknown,
): Record<string, unknown> {
  const last = found.length === limit ? found.at(-1) : undefined;
  const place = last && placeOf(last);
  return {
    [name]: found.map(show),
    ...(place && { nextCursor: `${place.createdAt}.${place.id}` }),
  };
}

/** A body's bytes; throws 413 where they are too many. */
export async function readWhole(request: Request, bytesMax: number): Promise<Uint8Array> {
  const bytes = await readBody(request, bytesMax, () => {
    throw new EdgeError(413, `the body is larger than ${bytesMax} bytes`);
  });
  return bytes ?? new Uint8Array();
}

/** The value as the schema makes it, or the first thing that is wrong with it as a 400. */
export function checked<S extends AnySchema>(schema: S, value: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value, { abortPipeEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const field = v.getDotPath(issue) ?? undefined;
  if (issue.type === "strict_object" && issue.expected === "never") {
    throw new EdgeError(400, `unknown field "${field}"${knownFields(schema)}`, field);
  }
  const missing = issue.received === "undefined" && field !== undefined;
  const message = missing ? `${field} is missing` : `${field ?? "the body"}: ${issue.message}`;
  throw new EdgeError(400, issue.message.startsWith(`${field} `) ? issue.message : message, field);
}

function knownFields(schema: AnySchema): string {
  const { entries } = schema as { entries?: Record<string, unknown> };
  return entries ? `; known are ${Object.keys(entries).join(", ")}` : "";
}

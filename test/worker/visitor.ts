import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { app } from "../../worker/app.ts";

/** A browser with its cookies, for the tests of this folder. */
export class Visitor {
  readonly cookies = new Map<string, string>();
  readonly origin: string;
  readonly #variables: Record<string, unknown>;

  constructor(variables: Record<string, unknown> = {}, origin = "https://podyard.test") {
    this.#variables = variables;
    this.origin = origin;
  }

  /** As a page of ours asks; a redirect is not followed. */
  async ask(
    path: string,
    init: RequestInit & { headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const url = new URL(path, this.origin);
    const headers = new Headers({
      "cf-connecting-ip": "192.0.2.7",
      ...(init.method && init.method !== "GET" && { origin: this.origin }),
      ...init.headers,
    });
    const cookie = [...this.cookies].map((pair) => pair.join("=")).join("; ");
    if (cookie !== "") headers.set("cookie", cookie);
    const request = new Request(url, { ...init, headers, redirect: "manual" });
    const context = createExecutionContext();
    const response = await app.fetch(request, { ...env, ...this.#variables }, context);
    await waitOnExecutionContext(context);
    for (const said of response.headers.getSetCookie()) this.#keep(said);
    return response;
  }

  post(path: string, body: unknown = {}, method = "POST"): Promise<Response> {
    return this.ask(path, { method, body: JSON.stringify(body) });
  }

  async read<T = Record<string, unknown>>(path: string): Promise<T> {
    return (await (await this.ask(path)).json()) as T;
  }

  /** The session's secret. */
  get session(): string | undefined {
    return this.cookies.get("__Host-podyard") ?? this.cookies.get("podyard");
  }

  #keep(said: string): void {
    const [pair = "", ...attributes] = said.split(";").map((part) => part.trim());
    const at = pair.indexOf("=");
    if (attributes.includes("Max-Age=0")) this.cookies.delete(pair.slice(0, at));
    else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

/** A Durable Object that does nothing, behind a Worker that does nothing: what the platform itself costs. */
import { DurableObject } from "cloudflare:workers";

export class SandboxObject extends DurableObject {
  override async fetch(): Promise<Response> {
    return new Response("ok");
  }
}

interface Env {
  SANDBOX: { getByName(name: string): { fetch(request: Request): Promise<Response> } };
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (new URL(request.url).pathname === "/healthz") return new Response("ok");
    return env.SANDBOX.getByName("one").fetch(request);
  },
};

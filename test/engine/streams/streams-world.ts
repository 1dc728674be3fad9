/** Sessions and logs for tests: what the object's adapter does, without sockets. */
import { expect } from "vitest";
import type {
  ApiResponse,
  CommandSession,
  ForwardSession,
  SessionStatus,
} from "../../../durable-objects/engine/ports/request.ts";
import { World } from "../../helpers/world.ts";

export const upgrade = { headers: { upgrade: "websocket" } };
const decoder = new TextDecoder();
const encoder = new TextEncoder();

export const pods = "/api/v1/namespaces/default/pods";

export const pod = (
  name: string,
  script: string,
  more: object = {},
  spec: object = {},
): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    restartPolicy: "Never",
    ...spec,
    containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script], ...more }],
  },
});

/** The session of an exec or attach that was let in. */
export function commandOf(reply: ApiResponse): CommandSession {
  if (reply.type === "session" && reply.kind !== "portforward") return reply.session;
  throw new Error(JSON.stringify(reply));
}

/** The session of a port-forward that was let in. */
export function forwardOf(reply: ApiResponse): ForwardSession {
  if (reply.type === "session" && reply.kind === "portforward") return reply.session;
  throw new Error(JSON.stringify(reply));
}

export class SessionWorld extends World {
  /** Opens an exec or attach; `query` as in the URL. */
  open(name: string, kind: "exec" | "attach", query: string): OpenSession {
    const reply = this.raw("GET", `${pods}/${name}/${kind}?${query}`, undefined, upgrade);
    return new OpenSession(this, commandOf(reply));
  }

  exec(name: string, script: string, query = "stdout=true&stderr=true"): OpenSession {
    const command = ["sh", "-c", script].map((word) => `command=${encodeURIComponent(word)}`);
    return this.open(name, "exec", `${command.join("&")}&${query}`);
  }

  forward(name: string): ForwardSession {
    const reply = this.raw("GET", `${pods}/${name}/portforward`, undefined, upgrade);
    return forwardOf(reply);
  }

  /** The message of what must be refused, after its code. */
  refusal(url: string, options: object = {}): string {
    const { status, body } = this.request("GET", url, undefined, options);
    expect(status).toBeGreaterThanOrEqual(400);
    return `${status} ${body.reason}: ${body.message}`;
  }
}

export class OpenSession {
  stdout = "";
  stderr = "";
  status: SessionStatus | undefined;
  readonly world: SessionWorld;
  readonly session: CommandSession;

  constructor(world: SessionWorld, session: CommandSession) {
    this.world = world;
    this.session = session;
  }

  private act<T>(body: () => T): T {
    return this.world.engine.session(this.world.now, body);
  }

  /** Takes what came; returns what is new on stdout. */
  read(): string {
    const { sessions } = this.world.engine;
    const before = this.stdout.length;
    while (!this.status && sessions.hasNews(this.session)) {
      const news = this.act(() => sessions.read(this.session));
      this.stdout += decoder.decode(news.stdout);
      this.stderr += decoder.decode(news.stderr);
      this.status = news.status;
    }
    return this.stdout.slice(before);
  }

  write(text: string): string {
    this.act(() => this.world.engine.sessions.write(this.session, encoder.encode(text)));
    return this.read();
  }

  closeInput(): string {
    this.act(() => this.world.engine.sessions.closeInput(this.session));
    return this.read();
  }

  resize(cols: number, rows: number): void {
    this.act(() => this.world.engine.sessions.resize(this.session, cols, rows));
  }

  end(): void {
    this.act(() => this.world.engine.sessions.end(this.session));
  }

  /** Exit code as clients read it. */
  get code(): number | undefined {
    if (!this.status) return undefined;
    return this.status.status === "Success" ? 0 : Number(this.status.details?.causes?.[0]?.message);
  }
}

import { DurableObject } from "cloudflare:workers";
import { Alarm, backoffMs } from "./alarm.ts";
import { opensPreview, previewToken, type Birth, type SandboxEnv } from "./birth.ts";
import { internalError } from "./engine/api/status.ts";
import { Engine } from "./engine/index.ts";
import type { ApiRequest, ApiResponse } from "./engine/ports.ts";
import {
  apiRequestOf,
  describe,
  gone,
  isLog,
  noPreview,
  numberOf,
  refusal,
  responseOf,
  resumesWatch,
  tooManyStreams,
} from "./http.ts";
import { SessionSockets } from "./session-sockets.ts";
import { Sockets } from "./sockets.ts";
import { sqlOf } from "./sql.ts";
import { bridgeHeader, previewHeader } from "./stream-head.ts";

/**
 * One sandbox: a request, a due moment or a socket's end becomes an engine turn; then the streams get their
 * news and the alarm is armed, in one place. Everything worth keeping is in storage before an answer leaves.
 */
export class SandboxObject extends DurableObject<SandboxEnv> {
  private readonly sockets = new Sockets(this.ctx);
  private readonly sessions = new SessionSockets(() => this.wake());
  private readonly clockAlarm = new Alarm(this.ctx.storage);
  private loaded: Engine | undefined;
  private birth: Birth | undefined = this.ctx.storage.kv.get<Birth>("birth");
  private lookedAtMs = 0;
  private alarmFailures = 0;

  /** Makes the cluster; again with the same birth it changes nothing. */
  async create(birth: Birth): Promise<void> {
    if (!this.birth) {
      this.ctx.storage.kv.put("birth", birth);
      this.birth = birth;
    }
    this.turn((engine, now) => engine.look(now));
    await this.settled;
  }

  /** Opens what the sandbox's Services serve to browsers, and nothing else. */
  previewToken(): string {
    return previewToken(this.ctx.storage.kv);
  }

  /** Ends the sandbox and empties its storage. */
  async destroy(): Promise<void> {
    this.sockets.closeAll();
    this.sessions.closeAll("the sandbox was deleted");
    this.loaded = undefined;
    this.birth = undefined;
    await this.ctx.storage.deleteAll();
    this.clockAlarm.fired();
  }

  override async fetch(request: Request): Promise<Response> {
    const now = Date.now();
    if (!this.birth || this.birth.expiresAtMs <= now) return refusal(gone());
    const shown = request.headers.get(previewHeader);
    if (shown !== null && !opensPreview(this.ctx.storage.kv, shown)) return refusal(noPreview());
    const asked = await apiRequestOf(request);
    try {
      return await this.turn((engine, at) => {
        if (!resumesWatch(asked)) this.look(engine, at);
        return this.answer(engine.handle(asked, at), engine, asked);
      });
    } catch (error) {
      console.error({ event: "turn failed", sandbox: this.birth?.id, error: describe(error) });
      return refusal(internalError(String(error)));
    }
  }

  /** Never throws: the platform would drop the alarm after a few retries. */
  override async alarm(): Promise<void> {
    this.clockAlarm.fired();
    if (!this.birth) return;
    if (this.birth.expiresAtMs <= Date.now()) return this.destroy();
    try {
      this.turn((engine, now) => {
        if (this.sockets.looks(now) || this.sessions.looks(now)) engine.look(now);
        engine.run(now);
      });
      this.alarmFailures = 0;
    } catch (error) {
      console.error({ event: "alarm failed", sandbox: this.birth.id, error: describe(error) });
    }
    await this.settled;
  }

  /** The streams' other end is the Worker, which never speaks. */
  override webSocketMessage(): void {}

  override webSocketClose(socket: WebSocket, code: number): void {
    this.sockets.close(socket, code);
  }

  override webSocketError(socket: WebSocket): void {
    this.sockets.close(socket, 1011);
  }

  /** The arming of the alarm by the last turn. */
  private settled: Promise<void> = Promise.resolve();

  private turn<T>(work: (engine: Engine, nowMs: number) => T): T {
    const now = Date.now();
    try {
      const engine = this.engine(now);
      const result = work(engine, now);
      this.sessions.pump(engine, now);
      this.sockets.fanOut(engine, now);
      this.arm(now, engine.nextDueMs(now));
      this.report(engine);
      return result;
    } catch (error) {
      // What is in memory may be torn; storage is whole. The next turn starts from there.
      this.loaded = undefined;
      this.alarmFailures += 1;
      this.arm(now, now + backoffMs(this.alarmFailures));
      throw error;
    }
  }

  private engine(now: number): Engine {
    if (!this.loaded) {
      this.loaded = this.load(now);
      this.sessions.endOrphans(this.loaded, now);
    }
    return this.loaded;
  }

  private load(now: number): Engine {
    const { name, nodes, seed } = this.birth as Birth;
    const limits = {
      objectsMax: numberOf(this.env.OBJECTS_MAX),
      stateBytesMax: numberOf(this.env.STATE_BYTES_MAX),
    };
    return new Engine(sqlOf(this.ctx.storage), { name, nodes, seed, nowMs: now, limits });
  }

  /** The only place that decides when the object wakes: the engine's next due moment, or the sandbox's end. */
  private arm(now: number, dueMs: number | undefined): void {
    if (!this.birth) return;
    const due = Math.min(dueMs ?? Infinity, this.birth.expiresAtMs);
    // Never this very millisecond: a running alarm may be of it, and setting what runs is no change.
    this.settled = this.clockAlarm.arm(Math.max(due, now + 1));
    this.ctx.waitUntil(this.settled);
  }

  /** Faults of reconcilers: the engine backs off and goes on, and the operator should know. */
  private report(engine: Engine): void {
    for (const { work, error } of engine.faults.splice(0)) {
      console.error({ event: "reconcile failed", work, error: describe(error) });
    }
  }

  private look(engine: Engine, now: number): void {
    this.lookedAtMs = now;
    engine.look(now);
  }

  /** A session has bytes to move, or has lost its client. */
  private wake(): void {
    if (!this.birth) return;
    try {
      this.turn((engine, now) => engine.run(now));
    } catch (error) {
      console.error({ event: "session failed", sandbox: this.birth.id, error: describe(error) });
    }
  }

  private answer(
    response: ApiResponse,
    engine: Engine,
    { path, headers }: ApiRequest,
  ): Response | Promise<Response> {
    const offered = headers["sec-websocket-protocol"];
    const now = Date.now();
    if (response.type === "session") return this.sessions.start(response, offered, engine, now);
    if (response.type === "proxied") return this.sessions.proxies.wait(response as never);
    if (response.type === "reply") {
      const log = headers.upgrade !== undefined && response.status === 200 && isLog(path);
      return log ? this.sessions.startLog(response, offered, now) : responseOf(response);
    }
    if (headers[bridgeHeader] === undefined) {
      return refusal(internalError("a stream was asked for that the Worker does not end"));
    }
    if (this.sockets.size >= (numberOf(this.env.STREAMS_MAX) ?? 64)) {
      return refusal(tooManyStreams());
    }
    return this.sockets.open(response, engine, this.lookedAtMs);
  }
}

import { DurableObject } from "cloudflare:workers";
import { Alarm, backoffMs, nextTurnMs } from "./alarm.ts";
import { answerOf } from "./answer.ts";
import {
  bornIn,
  limitsOf,
  toRead,
  type Birth,
  type Born,
  type NewSandbox,
  type Sandbox,
  type SandboxEnv,
  type Source,
} from "./birth.ts";
import { diskFull, saysDiskFull } from "./disk.ts";
import { expired, internalError, type StatusError } from "./engine/machinery/status.ts";
import { Engine } from "./engine/index.ts";
import type { Timeline, TimelineOptions } from "./engine/past/timeline.ts";
import type { Undone, UndoOptions } from "./engine/past/undo.ts";
import type { ApiRequest } from "./engine/ports/request.ts";
import { Clients } from "./clients.ts";
import { accountRole, Cuts, type Cutting, type Grant } from "./grant.ts";
import { apiRequestOf, readEdge, type EdgeRequest } from "./edge-request.ts";
import {
  asksServer,
  describe,
  gone,
  isUnauthorized,
  noPreview,
  numberOf,
  refusal,
  responseOf,
  reportFaults,
  resumesWatch,
  tooManyProxied,
  unauthorized,
} from "./responses.ts";
import {
  answerTo,
  artefactOf,
  refusedWith,
  timelineOf,
  undoIn,
  withHash,
  type MomentOptions,
  type Refused,
  type SnapshotBytes,
} from "./past.ts";
import { OwnKinds } from "./own-kinds.ts";
import { opensPreview, previewToken } from "./preview-token.ts";
import { sqlOf } from "./sql.ts";
import { identityOf, keepTokenSecret, Tokens } from "./token-secret.ts";
import { Watchdog } from "./watchdog.ts";

/**
 * One sandbox: a request, a due moment or a socket's end becomes an engine turn; then the streams get their
 * news and the alarm is armed, in one place. Everything worth keeping is in storage before an answer leaves.
 */
export class SandboxObject extends DurableObject<SandboxEnv> {
  private readonly cuts = new Cuts(this.ctx.storage.kv);
  private readonly clients = new Clients(
    this.ctx,
    this.cuts,
    () => this.loaded,
    () => this.wake(),
    (ms) => this.rest(ms),
  );
  private readonly clockAlarm = new Alarm(this.ctx.storage, () => this.wake());
  private readonly tokens = new Tokens(this.ctx.storage.kv);
  private readonly kinds = new OwnKinds(this.ctx.storage.kv, this.env.DB);
  private loaded: Engine | undefined;
  private birth: Sandbox | undefined = this.ctx.storage.kv.get<Sandbox>("birth");
  private readonly limits = limitsOf(this.env);
  private lookedAtMs = 0;
  private alarmFailures = 0;

  /** Makes the cluster, or leaves nothing behind; again with the same birth it changes nothing. */
  async create({ from, ...birth }: NewSandbox): Promise<Born> {
    const isNew = !this.birth;
    try {
      const born = isNew ? this.bear(birth, from) : ({ born: true } as const);
      if (!born.born) return born;
      // What is new has no alarm: its first is written in one commit with it.
      if (isNew) this.clockAlarm.fired();
      else await this.open();
      if (this.loaded) this.turn((engine, now) => engine.look(now));
      // It is born when it is first asked something: until then nothing of it is due.
      else this.arm(Date.now(), undefined);
      await Promise.all([this.settled, this.kinds.told]);
      return this.kinds.own ? { ...born, ownKinds: true } : born;
    } catch (error) {
      if (isNew) await this.destroy();
      throw error;
    }
  }

  /**
   * Empties the sandbox and makes it again: what it had open ends, and nothing of its own (tokens, previews) opens it any
   * more; whose access was withdrawn stays out. Where the source is refused all stays as it is.
   */
  async reset(grant: Grant, { from, ...birth }: NewSandbox): Promise<Born> {
    // A start that is under way would bring the old cluster back.
    while (this.opening) await this.opening.catch(() => {});
    const refused = this.refusalOf(grant);
    if (refused) return { born: false, ...refusedWith(refused) };
    if (this.birth?.id !== birth.id) return { born: false, reason: "there is no such sandbox" };
    const born = this.bear(birth, from);
    if (!born.born) return born;
    const over = expired("the sandbox was reset");
    this.clients.closeAll(over.message, over);
    await this.open();
    this.turn((engine, now) => engine.look(now));
    await Promise.all([this.settled, this.kinds.told]);
    return born;
  }

  private bear(birth: Birth, from: Source | undefined): Born {
    const made = bornIn(this.ctx.storage, birth, from, this.limits, Date.now());
    if ("born" in made) return made;
    [this.loaded, this.birth] = [made.engine, made.sandbox];
    return { born: true };
  }

  /** Opens what the sandbox's Services serve to browsers, and nothing else, as long as the key that reads it lives. */
  async previewToken(grant: Grant, keyId: string): Promise<{ token: string } | Refused> {
    const refused = this.refusalOf(grant);
    if (refused) return refusedWith(refused);
    return { token: await previewToken(this.ctx.storage.kv, this.birth?.id ?? "", keyId) };
  }

  /** Who did what, when, to what: a page of the log in words. */
  timeline(grant: Grant, options: TimelineOptions = {}): Promise<Timeline | Refused> {
    return this.asked(grant, (engine, now) => timelineOf(engine, options, now));
  }

  /** Takes back what persons did since a revision; the timeline names who asked. Whether they may, the Worker knows. */
  undo(grant: Grant, options: UndoOptions): Promise<Undone | Refused> {
    return this.asked(grant, (engine, now) => undoIn(engine, options, now));
  }

  /** The cluster as an artefact, as it is or at the end of the turn that wrote a revision. */
  async snapshotBytes(grant: Grant, options: MomentOptions = {}): Promise<SnapshotBytes | Refused> {
    return withHash(await this.asked(grant, (engine, now) => artefactOf(engine, options, now)));
  }

  /** Why the grant opens nothing at this moment; undefined: it does. */
  private refusalOf(grant: Grant): StatusError | undefined {
    const now = Date.now();
    if (!this.birth || this.birth.expiresAtMs <= now) return gone();
    return this.cuts.allow(grant, now) ? undefined : unauthorized();
  }

  /** A turn for what somebody asks through the Worker, which counts as a look. While it opens, what lets them in may end. */
  private async asked<T>(
    grant: Grant,
    work: (engine: Engine, nowMs: number) => T,
  ): Promise<T | Refused> {
    const before = this.refusalOf(grant);
    if (before) return refusedWith(before);
    await this.open();
    const refused = this.refusalOf(grant);
    if (refused || !this.loaded) return refusedWith(refused ?? gone());
    try {
      return this.turn((engine, now) => {
        this.look(engine, now);
        return work(engine, now);
      });
    } catch (error) {
      if (!saysDiskFull(error)) throw error;
      return refusedWith(diskFull());
    }
  }

  /** A grant has ended, or its role is another: what it opened before ends now, and late verdicts open nothing. */
  cut(grantId: string, { role, knewTokens = false }: Cutting = {}): void {
    const now = Date.now();
    if (!this.birth) return;
    this.cuts.add(grantId, role, now);
    if (knewTokens) this.tokens.renew();
    this.clients.presence.forget(grantId);
    this.closeEnded(now, knewTokens);
    if (this.loaded) this.wake();
  }

  /** Its end is put off; never brought nearer. The alarm of its former end arms the next one. */
  extend(expiresAtMs: number): void {
    if (!this.birth || expiresAtMs <= this.birth.expiresAtMs) return;
    this.birth = { ...this.birth, expiresAtMs };
    this.ctx.storage.kv.put("birth", this.birth);
  }

  /** Ends the sandbox and empties its storage. */
  async destroy(): Promise<void> {
    this.clients.closeAll("the sandbox was deleted");
    this.loaded = this.birth = undefined;
    // An alarm that is being armed would outlive what follows.
    await this.settled.catch(() => {});
    await this.ctx.storage.deleteAll();
    this.cuts.forget();
    this.clockAlarm.fired();
  }

  override async fetch(request: Request): Promise<Response> {
    if (!this.birth || this.birth.expiresAtMs <= Date.now()) return refusal(gone());
    const edge = readEdge(request.headers);
    if (!edge) return refusal(unauthorized());
    const { grant, preview } = edge;
    if (preview && !(await opensPreview(this.ctx.storage.kv, this.birth.id, preview.token)))
      return refusal(noPreview());
    const asked = await apiRequestOf(request, edge);
    // Only now: while the body came, the sandbox or what let the request in may have ended.
    const now = Date.now();
    const refused = this.refusalOf(grant) ?? this.tokens.refusalOf(asked, this.birth.id);
    if (refused) return refusal(refused);
    edge.grant = this.clients.presence.seen(edge, asked.headers["user-agent"], now);
    if (edge.presence) return this.clients.presence.answer(edge.presence, edge.grant, now);
    if (edge.readOnly) return this.readStored(asked, edge, now);
    try {
      await this.open();
      const late = this.refusalOf(grant);
      if (late) return refusal(late);
      const answer = await this.turn((engine, at) => {
        const looks = !resumesWatch(asked);
        if (looks && asked.user) this.look(engine, at);
        const other = this.clients.ownAnswer(edge, asked, engine, at);
        if (other) return other;
        if (this.clients.sessions.proxies.full && asksServer(asked))
          return refusal(tooManyProxied());
        const response = answerTo(engine, asked, edge, at);
        // A token that is good no more keeps no cluster's time going.
        if (looks && !asked.user && !isUnauthorized(response)) this.look(engine, at);
        const parts = { engine, clients: this.clients, lookedAtMs: this.lookedAtMs };
        const streamsMax = numberOf(this.env.STREAMS_MAX) ?? 64;
        return answerOf(response, asked, edge, { ...parts, streamsMax });
      });
      return await this.kinds.saidOn(answer);
    } catch (error) {
      console.error({ event: "turn failed", sandbox: this.birth?.id, error: describe(error) });
      if (saysDiskFull(error)) return this.readStored(asked, edge, now);
      return refusal(internalError(String(error)));
    }
  }

  /** There is no room to write: answered by an engine of its own, of which nothing is kept. */
  private readStored(asked: ApiRequest, edge: EdgeRequest, now: number): Response {
    if (!/^(GET|HEAD)$/.test(asked.method)) return refusal(diskFull());
    const engine = this.load(now, toRead(sqlOf(this.ctx.storage)));
    const response = answerTo(engine, asked, edge, now);
    const isRead = response.type === "reply" || response.type === "pieces";
    return isRead ? responseOf(response) : refusal(diskFull());
  }

  /** Never throws: the platform would drop the alarm after a few retries. */
  override async alarm(): Promise<void> {
    this.clockAlarm.fired();
    if (!this.birth) return;
    if (this.birth.expiresAtMs <= Date.now()) return this.destroy();
    try {
      await this.open();
      this.runDue();
      this.alarmFailures = 0;
    } catch (error) {
      console.error({ event: "alarm failed", sandbox: this.birth.id, error: describe(error) });
    }
    await this.settled;
  }

  /** A terminal's screen or a session speaks. The other end of watches is the Worker, which never does. */
  override async webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): Promise<void> {
    if (!this.clients.hears(socket)) return;
    try {
      await this.open();
      if (this.clients.sessions.hear(socket, message)) return;
      this.turn((engine, now) => {
        this.look(engine, now);
        this.clients.terminals.hear(socket, message, engine, now);
      });
    } catch (error) {
      console.error({ event: "turn failed", sandbox: this.birth?.id, error: describe(error) });
      this.clients.terminals.close(socket, 1011, "the sandbox could not take it");
    }
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.clients.closed(socket, code);
  }

  override webSocketError(socket: WebSocket): void {
    this.webSocketClose(socket, 1011);
  }

  /** The arming of the alarm by the last turn. */
  private settled: Promise<void> = Promise.resolve();

  private turn<T>(work: (engine: Engine, nowMs: number) => T): T {
    const now = Date.now();
    try {
      if (this.clients.endsAtMs() <= now) this.closeEnded(now);
      const engine = this.loaded;
      if (!engine || !this.birth) throw new Error("the sandbox is not open");
      this.tokens.signAnew(engine, this.birth.id, now);
      const result = work(engine, now);
      this.clients.serve(engine, now);
      this.kinds.see(engine, this.birth.id);
      this.arm(now, nextTurnMs(engine, now, this.clients));
      reportFaults(engine);
      return result;
    } catch (error) {
      this.failed(now);
      throw error;
    }
  }

  /** What is in memory may be torn; storage is whole. The next turn starts from there, the alarm after a rest. */
  private failed(now: number): void {
    this.loaded = undefined;
    this.alarmFailures += 1;
    this.arm(now, now + backoffMs(this.alarmFailures));
  }

  private opening: Promise<void> | undefined;

  /** Before every turn: the cluster is in memory, and what a start begins with is done. */
  private async open(): Promise<void> {
    while (!this.loaded && this.birth) {
      this.opening ??= this.begin().finally(() => (this.opening = undefined));
      await this.opening;
    }
  }

  private async begin(): Promise<void> {
    const now = Date.now();
    const { id } = this.birth as Sandbox;
    try {
      keepTokenSecret(this.ctx.storage.kv);
      const engine = this.load(now);
      const endOrphans = () => this.clients.sessions.endOrphans(engine, now);
      await new Watchdog(this.ctx.storage, id).start(engine, now, endOrphans);
      if (this.birth) this.loaded = engine;
    } catch (error) {
      this.failed(now);
      throw error;
    }
  }

  private load(now: number, sql = sqlOf(this.ctx.storage)): Engine {
    const birth = this.birth as Sandbox;
    const identity = identityOf(this.ctx.storage.kv, birth.id);
    return new Engine(sql, { ...birth, nowMs: now, limits: this.limits, identity });
  }

  /** `accounts`: what tokens of service accounts opened ends too. */
  private closeEnded(now: number, accounts = false): void {
    const allowed = (grant: Grant): boolean =>
      this.cuts.allow(grant, now) && !(accounts && grant.role === accountRole);
    this.clients.closeUnless(allowed, this.loaded, now);
  }

  /** The only place that decides when the object wakes: the next due moment of engine or grants, or the sandbox's end. */
  private arm(now: number, dueMs: number | undefined): void {
    if (!this.birth) return;
    const due = Math.min(dueMs ?? Infinity, this.birth.expiresAtMs, this.clients.endsAtMs());
    // Never this very millisecond: a running alarm may be of it, and setting what runs is no change.
    this.settled = this.clockAlarm.arm(now, Math.max(due, now + 1));
    this.ctx.waitUntil(this.settled);
  }

  private look(engine: Engine, now: number): void {
    this.lookedAtMs = now;
    engine.look(now, this.clients.looks(now));
  }

  /** Everything due by now; an open stream counts as a user's activity. */
  private runDue(): void {
    this.turn((engine, now) => {
      if (this.clients.looks(now)) engine.look(now, true);
      engine.run(now);
    });
  }

  /** A moment that is waited for in memory has come; or a session has bytes to move, or has lost its client. */
  private wake(): void {
    void this.tryRunDue();
  }

  private rest(ms: number): void {
    const done = this.ctx.blockConcurrencyWhile(() => new Promise((go) => setTimeout(go, ms)));
    this.ctx.waitUntil(done);
  }

  private async tryRunDue(): Promise<void> {
    if (!this.birth) return;
    try {
      if (!this.loaded) await this.open();
      this.runDue();
    } catch (error) {
      console.error({ event: "turn failed", sandbox: this.birth.id, error: describe(error) });
    }
  }
}

import { badRequest, StatusError } from "../engine/machinery/status.ts";
import type { Engine } from "../engine/index.ts";
import type { CommandSession, SessionStatus } from "../engine/ports/request.ts";
import type { RunRequest } from "../edge-request.ts";
import type { Grant } from "../grant.ts";
import { refusal, unauthorized } from "../responses.ts";
import { runOutputBytesMax, runsMax, stepBytesMax } from "../limits.ts";

/** What became of it. `exitCode` 124: it took too long. */
export interface Ran {
  stdout: string;
  stderr: string;
  exitCode: number;
}

interface Running {
  session: CommandSession;
  grant: Grant;
  /** Input that its command has not taken yet. */
  input: Uint8Array;
  inputEnded: boolean;
  stdout: Uint8Array[];
  stderr: Uint8Array[];
  bytes: number;
  timer: ReturnType<typeof setTimeout>;
  resolve(response: Response): void;
}

const answer = (ran: Ran): Response =>
  Response.json(ran, { headers: { "cache-control": "no-store" } });

/** Lines that run on nodes while somebody waits for their end. */
export class Runs {
  private readonly running = new Set<Running>();
  /** Those whose time is over: ended in the next turn. */
  private readonly late = new Set<Running>();
  private readonly wake: () => void;

  /** `wake` runs a turn. */
  constructor(wake: () => void) {
    this.wake = wake;
  }

  start(
    asked: RunRequest,
    engine: Engine,
    nowMs: number,
    grant: Grant,
  ): Response | Promise<Response> {
    if (this.running.size >= runsMax) {
      const text = `a sandbox runs at most ${runsMax} lines at a time`;
      return refusal(new StatusError(429, "TooManyRequests", text, { retryAfterSeconds: 1 }));
    }
    const input = new TextEncoder().encode(asked.stdin ?? "");
    const command = ["bash", "-c", asked.command];
    const request = { command, tty: false, stdin: true };
    const session = engine.session(nowMs, () => engine.onMachine(asked.node, request));
    if ("reason" in session) return refusal(badRequest(session.reason));
    return new Promise((resolve) => {
      const running: Running = {
        session,
        grant,
        input,
        inputEnded: false,
        stdout: [],
        stderr: [],
        bytes: 0,
        resolve,
        timer: setTimeout(() => {
          this.late.add(running);
          this.wake();
        }, asked.timeoutMs),
      };
      this.running.add(running);
      this.step(running, engine, nowMs);
    });
  }

  /** Part of each turn. */
  pump(engine: Engine, nowMs: number): void {
    for (const running of this.running) this.step(running, engine, nowMs);
  }

  private step(running: Running, engine: Engine, nowMs: number): void {
    const { session } = running;
    const { sessions } = engine;
    if (this.late.has(running)) {
      this.end(running, engine, nowMs);
      return this.finish(running, 124, "timed out; does the cluster's time stand still?\n");
    }
    for (;;) {
      this.feed(running, engine, nowMs);
      if (!sessions.hasNews(session)) return;
      const news = engine.session(nowMs, () => sessions.read(session));
      running.stdout.push(news.stdout);
      running.stderr.push(news.stderr);
      running.bytes += news.stdout.length + news.stderr.length;
      if (news.status) return this.finish(running, exitCodeOf(news.status));
      if (running.bytes > runOutputBytesMax) {
        this.end(running, engine, nowMs);
        return this.finish(running, 137, `printed more than ${runOutputBytesMax} bytes: killed\n`);
      }
      if (news.stdout.length + news.stderr.length === 0) return;
    }
  }

  /** Input as far as its command takes it, and the input's end. */
  private feed(running: Running, engine: Engine, nowMs: number): void {
    const { session } = running;
    const { sessions } = engine;
    while (running.input.length > 0 && sessions.inputCapacityBytes(session) > 0) {
      const piece = running.input.subarray(
        0,
        Math.min(stepBytesMax, sessions.inputCapacityBytes(session)),
      );
      running.input = running.input.subarray(piece.length);
      engine.session(nowMs, () => sessions.write(session, piece));
    }
    if (running.input.length > 0 || running.inputEnded) return;
    running.inputEnded = true;
    engine.session(nowMs, () => sessions.closeInput(session));
  }

  /** Refuses those who may not ask any more. */
  closeUnless(allowed: (grant: Grant) => boolean, engine: Engine | undefined, nowMs: number): void {
    for (const running of this.running) {
      if (allowed(running.grant)) continue;
      if (engine) this.end(running, engine, nowMs);
      this.running.delete(running);
      clearTimeout(running.timer);
      running.resolve(refusal(unauthorized()));
    }
  }

  /** Wall ms at which the first of the askers' grants ends. */
  endsAtMs(): number {
    let first = Infinity;
    for (const { grant } of this.running) first = Math.min(first, grant.expiresAtMs);
    return first;
  }

  private end({ session }: Running, engine: Engine, nowMs: number): void {
    engine.session(nowMs, () => engine.sessions.end(session));
  }

  private finish(running: Running, exitCode: number, said = ""): void {
    this.running.delete(running);
    this.late.delete(running);
    clearTimeout(running.timer);
    const { stdout, stderr } = running;
    running.resolve(answer({ stdout: textOf(stdout), stderr: textOf(stderr) + said, exitCode }));
  }
}

function textOf(pieces: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
}

function exitCodeOf({ status, details }: SessionStatus): number {
  return status === "Success" ? 0 : Number(details?.causes?.[0]?.message ?? 1);
}

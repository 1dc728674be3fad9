import { DurableObject } from "cloudflare:workers";
import type { Born, NewSandbox, SandboxEnv } from "./birth.ts";
import type { Timeline, TimelineOptions } from "./engine/past/timeline.ts";
import type { Undone, UndoOptions } from "./engine/past/undo.ts";
import type { Cutting, Grant } from "./grant.ts";
import type { MomentOptions, Refused, SnapshotBytes } from "./past.ts";
import type { SandboxObject as Sandbox } from "./sandbox.ts";

/**
 * What the platform knows of a sandbox: loads the module with the engine in it, which a Worker that only answers at the edge never
 * evaluates, before anything reaches the object, and hands everything on.
 */
export class SandboxObject extends DurableObject<SandboxEnv> {
  private sandbox!: Sandbox;

  constructor(ctx: DurableObjectState, env: SandboxEnv) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      const module = await import("./sandbox.ts");
      this.sandbox = new module.SandboxObject(ctx, env);
    });
  }

  create(birth: NewSandbox): Promise<Born> {
    return this.sandbox.create(birth);
  }

  reset(grant: Grant, birth: NewSandbox): Promise<Born> {
    return this.sandbox.reset(grant, birth);
  }

  previewToken(grant: Grant, keyId: string): Promise<{ token: string } | Refused> {
    return this.sandbox.previewToken(grant, keyId);
  }

  timeline(grant: Grant, options?: TimelineOptions): Promise<Timeline | Refused> {
    return this.sandbox.timeline(grant, options);
  }

  undo(grant: Grant, options: UndoOptions): Promise<Undone | Refused> {
    return this.sandbox.undo(grant, options);
  }

  snapshotBytes(grant: Grant, options?: MomentOptions): Promise<SnapshotBytes | Refused> {
    return this.sandbox.snapshotBytes(grant, options);
  }

  cut(grantId: string, cutting?: Cutting): void {
    this.sandbox.cut(grantId, cutting);
  }

  extend(expiresAtMs: number): void {
    this.sandbox.extend(expiresAtMs);
  }

  destroy(): Promise<void> {
    return this.sandbox.destroy();
  }

  override fetch(request: Request): Promise<Response> {
    return this.sandbox.fetch(request);
  }

  override alarm(): Promise<void> {
    return this.sandbox.alarm();
  }

  override webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): Promise<void> {
    return this.sandbox.webSocketMessage(socket, message);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.sandbox.webSocketClose(socket, code);
  }

  override webSocketError(socket: WebSocket): void {
    this.sandbox.webSocketError(socket);
  }
}

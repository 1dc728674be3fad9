/**
 * A snapshot that is looked at and does not go on: the Kubernetes API of that moment, answered from the artefact itself,
 * without a sandbox. Time stands, nothing that is due happens, and nothing can be written.
 */
import { timelineOf, type Timeline, type TimelineOptions } from "../past/timeline.ts";
import type { ApiContext } from "../api/context.ts";
import { failure, handle } from "../api/handle.ts";
import { requestInfo } from "../api/request/request-info.ts";
import { sandboxOwner } from "../api/users.ts";
import { createComponents } from "../components/wiring.ts";
import { assert } from "../core/assert.ts";
import { openSnapshotsBytesMax, openSnapshotBytesPerByte } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import { MemorySql } from "../core/memory-sql.ts";
import { storeSnapshot, type Snapshot } from "../core/snapshot.ts";
import { StatusError } from "../machinery/status.ts";
import type { ApiRequest, ApiResponse, Reply } from "../ports/request.ts";
import { openArtefact } from "./artefact.ts";
import { baseOf } from "./take-and-restore.ts";

/** What it signs with opens nothing: no sandbox has this id. */
const nobody = { id: "snapshot", secret: "none" };

/** Not a read of what is stored, whatever the method: something would run, or be asked. */
const runs = new Set(["attach", "exec", "portforward", "proxy"]);

const readOnly = (): StatusError =>
  new StatusError(
    405,
    "MethodNotAllowed",
    "a snapshot is read-only and stands still: fork it, and the fork is a cluster of your own that goes on from here",
  );

/** One frozen moment. */
export class ReadOnlyCluster {
  readonly revision: number;
  /** Virtual ms of that moment. */
  readonly nowMs: number;
  /** Its past, as far as the snapshot goes back; what a timeline is made of. */
  readonly log: Log;
  readonly #context: ApiContext;
  readonly #components: ReadonlySet<string>;

  constructor(snapshot: Snapshot) {
    const { nowMs } = snapshot.clock;
    this.revision = snapshot.revision;
    this.nowMs = nowMs;
    const base = baseOf(snapshot.birth);
    const sql = new MemorySql();
    storeSnapshot(sql, snapshot, base, nowMs);
    const components = createComponents(sql, { nowMs, identity: nobody });
    const { now, dirty } = components.log.hydrate(base);
    components.definitions.load();
    components.queue.rebuild(dirty);
    components.now.ms = now;
    components.now.wallMs = now;
    this.log = components.log;
    this.#context = components.context;
    this.#components = components.work.components;
  }

  /** Who did what, when, to what, as far as its past goes along. */
  timeline(options: TimelineOptions): Timeline {
    return timelineOf(this.log, this.#components, options);
  }

  /**
   * Answers GET and HEAD as the cluster would have at that moment; all else is refused with 405. A watch gets what it is owed
   * at once, in JSON, and ends; so does a followed log. `user`: as in a cluster, the owner where none is named.
   */
  answer(request: ApiRequest): Reply {
    const asked = { ...request, user: request.user ?? sandboxOwner };
    try {
      return this.#read(asked);
    } catch (error) {
      if (error instanceof StatusError) return failure(error, request.headers["accept"]);
      throw error;
    }
  }

  #read(request: ApiRequest): Reply {
    if (!/^(GET|HEAD)$/.test(request.method)) throw readOnly();
    const { isResource, subresource, verb } = requestInfo(request);
    if (isResource && runs.has(subresource)) throw readOnly();
    return replyOf(this.#unwritten(verb === "watch" ? inJson(request) : request));
  }

  /** What the handling of a read may write on its way is taken back: all who look see the same. */
  #unwritten(request: ApiRequest): ApiResponse {
    const over = new Error("nothing of it stays");
    let answer: ApiResponse | undefined;
    try {
      this.#context.store.transaction(() => {
        answer = handle(this.#context, request);
        throw over;
      });
    } catch (error) {
      if (error !== over) throw error;
    }
    return answer as ApiResponse;
  }
}

/** Lines of a watch are JSON, and here nobody makes protobuf of them. */
function inJson(request: ApiRequest): ApiRequest {
  const kinds = (request.headers["accept"] ?? "").split(",");
  const accept = kinds.filter((kind) => !kind.includes("protobuf")).join(",");
  return { ...request, headers: { ...request.headers, accept: accept || "application/json" } };
}

const lineOf = (line: string): string => (line.endsWith("\n") ? line : `${line}\n`);

function replyOf(answer: ApiResponse): Reply {
  if (answer.type === "reply") return answer;
  if (answer.type === "watch") {
    const { headers, lines } = answer;
    return { type: "reply", status: 200, headers, body: lines.map(lineOf).join("") };
  }
  assert(answer.type === "follow", "a read");
  return { type: "reply", status: 200, headers: answer.headers, body: answer.text };
}

export type OpenedReadOnly = { cluster: ReadOnlyCluster; bytes: number } | { reason: string };

/** The moment in an artefact, or in a sentence why it cannot be opened. `bytes`: about what it takes in memory. */
export function openReadOnly(artefact: Uint8Array): OpenedReadOnly {
  const opened = openArtefact(artefact);
  if ("reason" in opened) return opened;
  const cluster = new ReadOnlyCluster(opened.snapshot);
  return { cluster, bytes: opened.contentBytes * openSnapshotBytesPerByte };
}

/** Opened snapshots by the SHA-256 of their artefacts, as many as fit; those least lately asked for go first. */
export class ReadOnlyClusters {
  readonly #bytesMax: number;
  /** In the order in which they were last asked for. */
  readonly #known = new Map<string, { cluster: ReadOnlyCluster; bytes: number }>();
  #bytes = 0;

  constructor(bytesMax = openSnapshotsBytesMax) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(sha256: string): ReadOnlyCluster | undefined {
    const found = this.#known.get(sha256);
    if (!found) return undefined;
    this.#known.delete(sha256);
    this.#known.set(sha256, found);
    return found.cluster;
  }

  /** Opens it, and keeps it where it fits at all. */
  open(sha256: string, artefact: Uint8Array): { cluster: ReadOnlyCluster } | { reason: string } {
    const known = this.get(sha256);
    if (known) return { cluster: known };
    const opened = openReadOnly(artefact);
    if ("reason" in opened) return opened;
    if (opened.bytes > this.#bytesMax) return opened;
    this.#known.set(sha256, opened);
    this.#bytes += opened.bytes;
    for (const [oldest, { bytes }] of this.#known) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#known.delete(oldest);
      this.#bytes -= bytes;
    }
    return opened;
  }
}

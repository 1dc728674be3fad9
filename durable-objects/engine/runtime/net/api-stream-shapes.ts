/**
 * What a program reads of the API server that has no end of its own: a watch, a followed log. A request with
 * `HttpRequest.stream` gets its first bytes as its body and the handle of the rest; the program waits for that handle as for
 * any answer of the network. It is woken by revisions of the watched resource, by output of the followed container, or by the
 * end of the stream, and by nothing else.
 */
import type {
  ApiOwed,
  ApiRequest,
  ApiResponse,
  CommandSession,
  ForwardSession,
  LogFollow,
  Subscription,
} from "../../ports/request.ts";
import type { KubeletPage, KubeletReply, KubeletRequest } from "../../ports/kubelet.ts";
import type { HttpRequest, HttpResponse } from "../kernel/state.ts";
import type { Source } from "./stream.ts";

/** Records of open ones: keys are `aN`. */
export const apiStreamTable = "api-streams";

export interface ApiStream {
  from: Source;
  /** Where it stands. */
  at: Subscription | LogFollow | CommandSession;
  /** Of a session (exec, attach): what goes to it, and what came of it and was not read yet. */
  toSession?: SessionInput;
  output?: SessionFrame[];
  /** The program has more to send than there is room for. */
  full?: true;
  /** Plural name of what is watched. */
  plural?: string;
  /** There is something to read. */
  news?: true;
}

/** What a client sends to a session: bytes, the end of its input, the size of its terminal. */
export interface SessionInput {
  bytes?: string;
  end?: true;
  size?: { cols: number; rows: number };
}

/** What a session says: bytes of a channel (1 output, 2 errors), or its end. */
export type SessionFrame = [1 | 2, string] | [3, SessionEnd];

/** An exit code, or why it could not be started. */
export type SessionEnd = { code: number } | { message: string };

/** The API server, as the runtime has it (kernel/types.ts RuntimeContext). */
export interface ApiServer {
  /** Optional. The API server as Pods reach it; its watches end by virtual time. */
  apiServer?(request: ApiRequest): ApiResponse;
  /** Optional. See ports/controller.ts Client. */
  kubelet?(node: string, request: KubeletRequest): KubeletReply | undefined;
  /** Optional. See ports/controller.ts Client. */
  component?(name: string, request: KubeletRequest): KubeletPage | undefined;
  /** Optional. See ports/controller.ts Client. */
  pollApi?(open: Subscription | LogFollow, fresh: boolean): ApiOwed;
}

/** What came of a stream, as bytes; once it has ended its handle is gone. */
export interface ApiNews {
  bytes: string;
  ended: boolean;
}

/** The part of the network's port (kernel/types.ts Network) that leads to the API server; `C`: RuntimeContext. */
export interface ApiAccess<C> {
  /**
   * Optional. The answer to a request that only reads from the API server, at once; undefined: it has to be sent with
   * `Network.request` like any other. Nothing is written by it, so a program may ask in the middle of its step.
   */
  readApi?(
    context: C,
    podKey: string,
    request: Omit<HttpRequest, "clientIp">,
  ): HttpResponse | { refused: true } | undefined;
  /** Optional. What came of a stream since it was last asked; undefined: nothing yet. */
  receiveApi?(context: C, handle: string): ApiNews | undefined;
  /** Optional. What a session said since it was last asked; undefined: nothing yet. With its end its handle is gone. */
  receiveSession?(context: C, handle: string): SessionFrame[] | undefined;
  /** Optional. Sends to a session. */
  sendSession?(context: C, handle: string, input: SessionInput): void;
  /**
   * Optional. How many bytes a session takes now; none: the program is woken by the session's handle when there is room.
   */
  sessionRoom?(context: C, handle: string): number;
  /** Optional. Opens a connection of a port-forward: the network's stream, or the kubelet's text. */
  forward?(
    context: C,
    podKey: string,
    session: ForwardSession,
    port: number,
  ): { stream: string } | { error: string };
  /** Optional. Nobody reads a stream any more. */
  closeApi?(context: C, handle: string): void;
}

export const isApiStream = (handle: string): boolean => handle.startsWith("a");

/** The revision after which the slowest watch of a program's goes on; infinite where there is none. */
export function oldestWatched(store: {
  record(table: string, key: string): unknown;
  recordKeys(table: string): Iterable<string>;
}): number {
  let oldest = Infinity;
  for (const key of store.recordKeys(apiStreamTable)) {
    const { at } = store.record(apiStreamTable, key) as ApiStream;
    if ("rv" in at) oldest = Math.min(oldest, at.rv);
  }
  return oldest;
}

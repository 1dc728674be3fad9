/** Sessions of exec and attach as kubectl drives them: its terminal or pipes on one side, the API's session on the other. */
import type { SessionEnd, SessionFrame, SessionInput } from "../runtime/net/api-stream-shapes.ts";
import type { Sys } from "../runtime/kernel/types.ts";
import type { ApiCall } from "./client.ts";
import { Exit, Failure } from "./errors.ts";
import type { PodObject } from "./pods.ts";
import type { Kubectl } from "./command.ts";
import { ask, at, type Outcome, type Work } from "./work.ts";

/** Where a session stands: plain JSON, to be handed to a continuation. */
export interface SessionPlace {
  stream: string;
  stdin: boolean;
  tty: boolean;
  /** Its input has ended. */
  ended?: true;
  /** Size of the terminal as it was told last. */
  size?: { cols: number; rows: number };
  /** What is said at its end. */
  farewell?: string;
}

interface Step {
  frames: SessionFrame[];
  ended?: true;
  size?: { cols: number; rows: number };
}

/** Sends to a session. */
export const sendTo = (sys: Sys, handle: string, input: SessionInput): void =>
  sys.kernel.context.network?.sendSession?.(sys.kernel.context, handle, input);

const roomIn = (sys: Sys, handle: string): number =>
  sys.kernel.context.network?.sessionRoom?.(sys.kernel.context, handle) ?? 0;

/** What comes next; what is typed meanwhile goes on its way. */
const step = (place: SessionPlace): Work<Step> =>
  ask<Step>({
    perform(sys, kept) {
      const { stream, stdin, tty } = place;
      const terminal = tty ? sys.terminal(0) : undefined;
      // Keys that signal are the other side's.
      if (terminal) Object.assign(terminal, { raw: true, noSignals: true });
      const size = sizeOf(terminal);
      const known = (kept["size"] ?? place.size) as Step["size"];
      if (size && (size.cols !== known?.cols || size.rows !== known.rows)) {
        sendTo(sys, stream, { size });
        kept["size"] = size;
      }
      const frames = sys.kernel.context.network?.receiveSession?.(sys.kernel.context, stream);
      const state = (): Omit<Step, "frames"> => ({
        ...(kept["ended"] ? { ended: true as const } : {}),
        ...(kept["size"] ? { size: kept["size"] as NonNullable<Step["size"]> } : {}),
      });
      if (frames) return { answer: { frames, ...state() } };
      if (!stdin || place.ended) return { wait: { answer: stream } };
      while (!kept["ended"]) {
        const room = roomIn(sys, stream);
        if (room <= 0) break;
        const data = sys.read(0, room);
        if (data === undefined) return { wait: { answer: stream, readable: [0] } };
        if (data === "") {
          kept["ended"] = true;
          sendTo(sys, stream, { end: true });
        } else sendTo(sys, stream, { bytes: data });
      }
      return { wait: { answer: stream } };
    },
  });

const sizeOf = (
  terminal: { cols?: number; rows?: number } | undefined,
): { cols: number; rows: number } | undefined =>
  terminal && { cols: terminal.cols ?? 80, rows: terminal.rows ?? 24 };

/** Begins a session in a container of a Pod; its handle. */
export function* openSession(
  k: Kubectl,
  pod: PodObject,
  subresource: "exec" | "attach",
  query: NonNullable<ApiCall["query"]>,
): Work<string> {
  const { name, namespace } = pod.metadata ?? {};
  const client = yield* k.client();
  const answer = yield* client.ok({
    path: `/api/v1/namespaces/${namespace}/pods/${name}/${subresource}`,
    query,
    stream: true,
    upgrade: true,
  });
  return answer.stream ?? "";
}

/** What a session with a container is asked for. */
export const sessionQuery = (
  container: string,
  { stdin, tty }: { stdin: boolean; tty: boolean },
): [name: string, value: string | true | undefined][] => [
  ["container", container],
  ["stdin", stdin || undefined],
  ["stdout", true],
  ["stderr", !tty || undefined],
  ["tty", tty || undefined],
];

/** Whether standard input is a terminal, which is raw from here on. */
export const rawTerminal = (): Work<boolean> => at((sys) => sys.terminal(0) !== undefined);

const cooked = (): Work<null> =>
  at((sys) => {
    const terminal = sys.terminal(0);
    if (terminal) {
      delete terminal.raw;
      delete terminal.noSignals;
    }
    return null;
  });

/** A step of a session; the continuation named `session` of a command. */
export function* runSession(k: Kubectl, place: SessionPlace): Work<Outcome> {
  const { frames, ended, size } = yield* step(place);
  for (const frame of frames) {
    const [channel, data] = frame;
    if (channel === 3) {
      if (place.tty) yield* cooked();
      return finish(k, place, data as SessionEnd);
    }
    // The terminal at this end writes its own carriage returns.
    const text = place.tty ? (data as string).replaceAll("\r\n", "\n") : (data as string);
    k.pending.push([channel, text]);
  }
  return k.continueAs("session", {
    ...place,
    ...(ended ? { ended } : {}),
    ...(size ? { size } : {}),
  } satisfies SessionPlace);
}

/** What a session's end means; throws where it was no success. */
export function endOf(end: SessionEnd): 0 {
  if ("message" in end) throw new Failure(end.message);
  if (end.code !== 0) throw new Exit(end.code, `command terminated with exit code ${end.code}`);
  return 0;
}

function finish(k: Kubectl, place: SessionPlace, end: SessionEnd): Outcome {
  endOf(end);
  if (place.farewell) k.out(`${place.farewell}\n`);
  return 0;
}

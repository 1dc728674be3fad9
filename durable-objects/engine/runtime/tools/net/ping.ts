/** ping and traceroute. */
import { isOwn, lookUp } from "../../net/socket.ts";
import { noNetwork } from "../../net/no-network.ts";
import type { Program } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { duration } from "../durations.ts";
import { options } from "../options.ts";
import { steps, type Io } from "../tool.ts";

interface PingState {
  host: string;
  ip?: string;
  lost?: number;
  count: number;
  everyMs: number;
  waitMs: number;
  quiet: boolean;
  /** Sent so far, and when the next goes or the last is given up. */
  sent: number;
  got: number;
  next: number;
  times: [least: number, sum: number, most: number];
  exitCode?: number;
  output?: [number, string][];
}

function summary(state: PingState): string {
  const lost = state.sent ? Math.floor(((state.sent - state.got) * 100) / state.sent) : 0;
  const [least, sum, most] = state.times;
  const ms = (value: number): string => value.toFixed(3);
  const trip = state.got
    ? `round-trip min/avg/max = ${ms(least)}/${ms(sum / state.got)}/${ms(most)} ms\n`
    : "";
  return `\n--- ${state.host} ping statistics ---\n${state.sent} packets transmitted, ${state.got} packets received, ${lost}% packet loss\n${trip}`;
}

function pingStep(io: Io, state: PingState): Step {
  const { sys } = io;
  if (state.ip === undefined) {
    const ips = lookUp(sys, state.host);
    if (ips === "timeout" && sys.now < (state.lost ??= sys.now + 10_000))
      return { wait: { untilMs: state.lost } };
    if (typeof ips === "string") return io.fail(`bad address '${state.host}'`);
    state.ip = ips[0]!;
    io.out(`PING ${state.host} (${state.ip}): 56 data bytes\n`);
    if (!sys.container.capable("NET_RAW") && sys.who.uid !== 0)
      io.fail("permission denied (are you root?)");
    state.next = sys.now;
  }
  if (sys.now < state.next) return { wait: { untilMs: state.next } };
  if (state.sent >= state.count) {
    io.out(summary(state));
    state.exitCode = state.got ? 0 : 1;
    return undefined;
  }
  const seq = state.sent++;
  const { context, key } = sys.kernel;
  const trip = isOwn(sys, state.ip)
    ? 0.05
    : (context.network ?? noNetwork).ping(context, key, state.ip);
  if (trip !== undefined) {
    const time = trip * (0.9 + sys.random() * 0.2);
    const [least, sum, most] = state.times;
    state.times = [state.got ? Math.min(least, time) : time, sum + time, Math.max(most, time)];
    state.got++;
    if (!state.quiet)
      io.out(
        `64 bytes from ${state.ip}: seq=${seq} ttl=${isOwn(sys, state.ip) ? 64 : 62} time=${time.toFixed(3)} ms\n`,
      );
  }
  const last = state.sent >= state.count;
  state.next = sys.now + (last ? (trip === undefined ? state.waitMs : 0) : state.everyMs);
  return undefined;
}

const ping = (name: string): Program<PingState> => ({
  ...steps<PingState>(name, {
    first: () => ({
      host: "",
      count: 1e9,
      everyMs: 1000,
      waitMs: 10_000,
      quiet: false,
      sent: 0,
      got: 0,
      next: 0,
      times: [0, 0, 0],
    }),
    begin(io, state) {
      const opts = options(io, "c:i:W:w:s:I:qt:A46n");
      state.host = opts.rest[0] ?? io.fail("no host");
      // Endless until it is interrupted; JSON knows no infinity.
      const number = (letter: string, otherwise: number): number => {
        const value = opts.value(letter);
        if (value === undefined) return otherwise;
        const ms = duration(value);
        return ms === undefined ? io.fail(`invalid number '${value}'`) : ms / 1000;
      };
      state.count = Math.min(number("c", 1e9), 1e9);
      state.everyMs = Math.max(10, number("i", 1) * 1000);
      state.waitMs = number("W", 10) * 1000;
      state.count = Math.min(state.count, Math.ceil(number("w", 1e9)));
      state.quiet = opts.has("q");
    },
    step: (_, io, state) => pingStep(io, state),
  }),
  // Interrupted, it still says what it has seen.
  handles: (state, signal) => signal === 2 && state.exitCode === undefined,
  signal(_sys, state) {
    state.output = [...(state.output ?? []), [1, summary(state)]];
    state.exitCode = state.got ? 0 : 1;
    return undefined;
  },
});

export const pingTools: Program[] = [ping("ping"), ping("ping6")];

/** agnhost net: the two ends of a connection that its server half-closes. k8s: test/images/agnhost/net */
import { Errno } from "../../runtime/errno.ts";
import { accept, connect, shutdown } from "../../runtime/net/socket.ts";
import type { Step } from "../../runtime/kernel/calls.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import {
  answer,
  flagOf,
  goListen,
  goLog,
  goNotFound,
  portOf,
  targetOf,
} from "../serving/small-server.ts";
import { dialErrorText } from "../serving/sockets.ts";

interface NetState {
  exitCode?: number;
  /** What a runner says, printed when it has ended. */
  said: string;
  /** Listening descriptor, and that of the connection. */
  listener?: number;
  connection?: number;
  /** What comes after the half-close ends then. */
  dueMs?: number;
}

interface Runner {
  begin(sys: Sys, state: NetState): void;
  step(sys: Sys, state: NetState): Step;
}

type Options = Record<string, unknown>;

function optionsOf(sys: Sys): Options | undefined {
  try {
    return JSON.parse(flagOf(sys, "options") || "{}") as Options;
  } catch {
    return undefined;
  }
}

const seconds = (sys: Sys, name: string): number => Number(optionsOf(sys)?.[name] ?? 0);
const address = (sys: Sys, name: string): string => String(optionsOf(sys)?.[name] ?? "");

function say(state: NetState, text: string): void {
  state.said += `# closewait: ${text}\n`;
}

/** The end of a runner: what it said goes out. */
function over(sys: Sys, state: NetState, problem?: string): Step {
  if (problem !== undefined) goLog(sys, `Error: ${problem}`);
  sys.write(1, `output:\n\n${state.said}`);
  return { exit: problem === undefined ? 0 : 1 };
}

function linger(sys: Sys, state: NetState): Step {
  state.dueMs ??= sys.now + seconds(sys, "PostFinTimeoutSeconds") * 1000;
  if (sys.now < state.dueMs) return { wait: { untilMs: state.dueMs } };
  say(state, "Done");
  return over(sys, state);
}

const server: Runner = {
  begin(sys, state) {
    const at = address(sys, "LocalAddr");
    try {
      state.listener = sys.listen(portOf(at), "t");
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return;
    }
    say(state, `Server listening on ${at}`);
  },
  step(sys, state) {
    const { listener } = state;
    if (listener === undefined)
      return over(
        sys,
        state,
        `listen tcp ${address(sys, "LocalAddr")}: bind: address already in use`,
      );
    if (state.connection === undefined) {
      const taken = accept(sys, listener);
      if (!taken) return { wait: { readable: [listener] } };
      state.connection = taken.fd;
      say(state, "Client connected");
      shutdown(sys, taken.fd);
      say(state, `Server sent FIN, waiting ${seconds(sys, "PostFinTimeoutSeconds")} seconds`);
    }
    return linger(sys, state);
  },
};

const client: Runner = {
  begin: () => undefined,
  step(sys, state) {
    if (state.dueMs !== undefined) return linger(sys, state);
    const to = address(sys, "RemoteAddr");
    if (state.connection === undefined) {
      const connected = connect(sys, to.slice(0, to.lastIndexOf(":")), portOf(to));
      if ("wait" in connected) return { wait: connected.wait };
      if ("error" in connected) {
        const why = dialErrorText[connected.error].toLowerCase();
        return over(sys, state, `dial tcp ${to}: connect: ${why}`);
      }
      state.connection = connected.fd;
      say(state, "Connected to server");
    }
    const data = sys.read(state.connection);
    if (data === undefined) return { wait: { readable: [state.connection] } };
    if (data !== "") return over(sys, state, "Got data but expected EOF");
    const wait = seconds(sys, "PostFinTimeoutSeconds");
    say(state, `Server has half-closed the connection, waiting ${wait} seconds`);
    if (optionsOf(sys)?.["LeakConnection"] === true)
      say(state, "Leaking client connection (assigning to global variable)");
    return linger(sys, state);
  },
};

const runners = new Map<string, Runner>([
  ["nat-closewait-client", client],
  ["nat-closewait-server", server],
]);

const runnerOf = (sys: Sys): Runner | undefined => runners.get(flagOf(sys, "runner") ?? "");

function begin(sys: Sys, state: NetState): number | undefined {
  const serve = flagOf(sys, "serve");
  if (serve) {
    goLog(sys, `Running server on ${serve}`);
    return goListen(sys, portOf(serve)) ? undefined : 1;
  }
  if (!flagOf(sys, "runner")) {
    goLog(sys, "Must set either --runner or --serve, see --help");
    return 1;
  }
  const runner = runnerOf(sys);
  const options = optionsOf(sys);
  if (!runner || !options) {
    const problem = runner ? "Invalid options JSON" : "Invalid runner, see --help";
    goLog(sys, `Error: ${problem}`);
    sys.write(1, "output:\n\n");
    return 1;
  }
  const told = Object.entries(options).map(([name, value]) => `${name}:${String(value)}`);
  goLog(sys, `Options: &{${told.join(" ")}}`);
  runner.begin(sys, state);
  return undefined;
}

export const closeWait: Program<NetState> = {
  name: "agnhost:net",
  storedNames: {
    fields: { exitCode: "x", said: "s", listener: "l", connection: "c", dueMs: "t" },
  },
  start(sys) {
    const state: NetState = { said: "" };
    const code = begin(sys, state);
    return code === undefined ? state : { ...state, exitCode: code };
  },
  step(sys, state) {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    return runnerOf(sys)?.step(sys, state) ?? { wait: {} };
  },
  // Runners on request are not simulated: they would block their answer.
  http: (_sys, _state, request) => ({
    response: targetOf(request).path.startsWith("/run/")
      ? answer("this sandbox runs no runners on request\n", undefined, 501)
      : goNotFound(),
  }),
  memoryBytes: () => 12_000_000,
};

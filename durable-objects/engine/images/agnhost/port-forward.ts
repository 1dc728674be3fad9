/** agnhost port-forward-tester: sends chunks to its one client, and looks at what that sent. k8s: test/images/agnhost/port-forward-tester */
import { accept, shutdown } from "../../runtime/net/socket.ts";
import { Errno } from "../../runtime/errno.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import type { Step } from "../../runtime/kernel/calls.ts";
import { goQuote } from "../../machinery/field.ts";

interface TesterState {
  exitCode?: number;
  /** Listening descriptor, and the client's. */
  listener?: number;
  connection?: number;
  /** What the client sent so far; undefined: it was looked at. */
  got?: string;
  /** Chunks sent; when the next one, or the end, is due. */
  sent: number;
  dueMs?: number;
  ending?: true;
}

/** Between closing the way out and closing all. */
const closeMs = 500;

const say = (sys: Sys, text: string): void => void sys.write(1, `${text}\n`);

function fail(sys: Sys, text: string, code: number): Step {
  say(sys, text);
  return { exit: code };
}

function listen(sys: Sys, state: TesterState): number | undefined {
  const address = sys.env.BIND_ADDRESS || "localhost";
  const local = address === "localhost" || address.startsWith("127.");
  try {
    state.listener = sys.listen(
      Number(sys.env.BIND_PORT),
      "t",
      local ? { address: "127.0.0.1" } : {},
    );
    return undefined;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const why = error.code === "EACCES" ? "permission denied" : "address already in use";
    const at = `${local ? "127.0.0.1" : address}:${sys.env.BIND_PORT}`;
    say(sys, `Error listening: listen tcp ${at}: bind: ${why}`);
    return 1;
  }
}

/** One read, as Go's Read: what is there, and the end of it. */
function hear(sys: Sys, state: TesterState, c: number): Step | "heard" {
  const wanted = sys.env.EXPECTED_CLIENT_DATA ?? "";
  if (wanted === "" || state.got === undefined) return "heard";
  const data = sys.read(c);
  if (data === undefined) return { wait: { readable: [c] } };
  const bytes = data.slice(0, wanted.length);
  if (bytes.length !== wanted.length) {
    const why = data === "" ? "EOF" : "<nil>";
    return fail(
      sys,
      `Expected to read ${wanted.length} bytes from client, but got ${bytes.length} instead. err=${why}`,
      2,
    );
  }
  if (bytes !== wanted)
    return fail(sys, `Expect to read ${goQuote(wanted)}, but got ${goQuote(bytes)}. err=<nil>`, 3);
  say(sys, "Received expected client data");
  delete state.got;
  return "heard";
}

function talk(sys: Sys, state: TesterState, c: number): Step {
  const heard = hear(sys, state, c);
  if (heard !== "heard") return heard;
  if (state.dueMs !== undefined && sys.now < state.dueMs) return { wait: { untilMs: state.dueMs } };
  const [chunks, size, interval] = ["CHUNKS", "CHUNK_SIZE", "CHUNK_INTERVAL"].map((name) =>
    Number(sys.env[name]),
  ) as [number, number, number];
  if (state.ending) {
    sys.close(c);
    say(sys, "Done");
    return { exit: 0 };
  }
  if (state.sent < chunks) {
    sys.write(c, "x".repeat(size));
    state.sent++;
    state.dueMs = sys.now + (state.sent < chunks ? interval : 0);
    return undefined;
  }
  say(sys, "Shutting down connection");
  shutdown(sys, c);
  state.ending = true;
  state.dueMs = sys.now + closeMs;
  return { wait: { untilMs: state.dueMs } };
}

export const portForwardTester: Program<TesterState> = {
  name: "agnhost:port-forward-tester",
  storedNames: { fields: { exitCode: "x", listener: "l", connection: "c", dueMs: "t" } },
  start(sys) {
    const state: TesterState = { got: "", sent: 0 };
    const code = listen(sys, state);
    return code === undefined ? state : { ...state, exitCode: code };
  },
  step(sys, state) {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    if (state.connection === undefined) {
      const taken = accept(sys, state.listener as number);
      if (!taken) return { wait: { readable: [state.listener as number] } };
      state.connection = taken.fd;
      say(sys, "Accepted client connection");
    }
    return talk(sys, state, state.connection);
  },
  memoryBytes: () => 6_000_000,
};

/** istio's tcp-echo-server: sends each line back behind a prefix. Arguments: ports, comma separated, and the prefix. */
import { echoLineBytesMax, echoPortsMax } from "../core/limits.ts";
import { Errno } from "../runtime/errno.ts";
import type { Program } from "../runtime/kernel/types.ts";
import { accept } from "../runtime/net/socket.ts";
import { writeAll } from "./serving/sockets.ts";

interface State {
  /** Listening descriptors. */
  listeners: number[];
  /** Connections: descriptor, and the beginning of a line whose end has not come. */
  connections: [fd: number, text: string][];
  /** It could not listen. */
  bad?: true;
}

export const tcpEcho: Program<State> = {
  name: "tcp-echo",
  storedNames: { fields: { listeners: "l", connections: "c" } },
  start(sys) {
    const [ports = "9000", prefix = "hello"] = sys.argv.slice(1);
    const state: State = { listeners: [], connections: [] };
    for (const word of ports.split(",").slice(0, echoPortsMax)) {
      const port = Number(word);
      try {
        if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Errno("EINVAL");
        state.listeners.push(sys.listen(port, "t"));
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        sys.complain(`listen tcp :${word}: ${error.message}\n`);
        return { ...state, bad: true };
      }
      sys.write(1, `listening on [::]:${port}, prefix: ${prefix}\n`);
    }
    return state;
  },
  step(sys, state) {
    if (state.bad) return { exit: 1 };
    for (const listener of state.listeners)
      for (let taken = accept(sys, listener); taken; taken = accept(sys, listener))
        state.connections.push([taken.fd, ""]);
    const prefix = sys.argv[2] ?? "hello";
    state.connections = state.connections.filter((connection) => {
      const [fd] = connection;
      const data = sys.read(fd);
      if (data === undefined) return true;
      const lines = (connection[1] + data).split("\n");
      connection[1] = lines.pop() ?? "";
      const answer = lines.map((line) => `${prefix} ${line}\n`).join("");
      const taken = answer === "" || writeAll(sys, fd, answer);
      if (data !== "" && taken && connection[1].length <= echoLineBytesMax) return true;
      sys.close(fd);
      return false;
    });
    return { wait: { readable: [...state.listeners, ...state.connections.map(([fd]) => fd)] } };
  },
  handles: (_state, signal) => signal === 15 || signal === 2,
  signal: () => ({ exit: 0 }),
  memoryBytes: () => 5_000_000,
};

/** Logs, exec, attach, port-forward and proxies: where the API meets containers and the network. */
import type { PodStreams } from "./api/context.ts";
import { StatusError } from "./api/status.ts";
import type { Client, Reader } from "./controllers/define.ts";
import type { LogFollow } from "./ports.ts";

export interface Streams extends PodStreams {
  pollLog(follow: LogFollow): { text: string; follow: LogFollow; ended: boolean };
  sessions: Record<string, never>;
}

const notYet = (what: string): StatusError =>
  new StatusError(501, "NotImplemented", `${what} is not served by this sandbox yet`, {});

export function createStreams(client: Client, reader: Reader): Streams {
  void client;
  void reader;
  return {
    log: () => {
      throw notYet("pods/log");
    },
    exec: () => {
      throw notYet("pods/exec");
    },
    portForward: () => {
      throw notYet("pods/portforward");
    },
    proxy: () => {
      throw notYet("proxy");
    },
    pollLog: (follow) => ({ text: "", follow, ended: true }),
    sessions: {},
  };
}

/** Planted faults in what containers keep: processes, logs, files, requests under way, ports. */
import { Store } from "../../../durable-objects/engine/core/store.ts";
import { Sessions } from "../../../durable-objects/engine/streams/sessions.ts";
import { nodePorts } from "../../../durable-objects/engine/scheduler/plugins/node-ports.ts";
import { every, indexLoses, patch, type Mutant } from "./mutant.ts";
import type { Any } from "../simulation.ts";

/** A record comes back from disk as something else; undefined: not at all. */
const comesBack = (table: string, change: (value: Any) => unknown): (() => void) =>
  patch(
    Store.prototype,
    "loadRecord",
    (was) =>
      function (this: Store, of: string, key: string, value: Any) {
        was.call(this, of, key, of === table && value !== undefined ? change(value) : value);
      },
  );

/** Every n-th change of a table's records is not written. */
const notWritten = (table: string, n: number): (() => void) => {
  const now = every(n);
  return patch(
    Store.prototype,
    "takePending",
    (was) =>
      function (this: Store) {
        const pending = was.call(this);
        const records = pending.records.filter((r: Any) => r.table !== table || !now());
        return { ...pending, records };
      },
  );
};

export const containerMutants: readonly Mutant[] = [
  {
    name: "a process's last step is not stored",
    by: "lost memory and late alarms change no byte of what is printed",
    plant: () => notWritten("runtime", 5),
  },
  {
    name: "a log line is not stored",
    by: "losing memory changes nothing",
    plant: () => notWritten("logs", 3),
  },
  {
    name: "a written file is not stored",
    by: "losing memory changes nothing",
    plant: () => notWritten("trees", 2),
  },
  {
    name: "a request under way is lost with memory",
    by: "lost memory and late alarms change no byte of what is printed",
    plant: () => comesBack("network", () => undefined),
  },
  {
    name: "sessions are lost with memory",
    by: "lost memory and late alarms change no byte of what is printed",
    plant: () => comesBack("runtime", (pod) => ({ ...pod, se: {} })),
  },
  {
    name: "output is told again after losing memory",
    by: "lost memory and late alarms change no byte of what is printed",
    plant: () => {
      const told = new Map<string, Any>();
      return patch(
        Sessions.prototype,
        "read",
        (was) =>
          function (this: Sessions, session: Any) {
            const news = was.call(this, session);
            const before = told.get(session.id);
            told.set(session.id, { by: this, stdout: news.stdout });
            const again = before && before.by !== this && news.stdout.length === 0;
            return again ? { ...news, stdout: before.stdout } : news;
          },
      );
    },
  },
  {
    name: "a cluster IP is given twice",
    by: "addresses and ports are unique",
    plant: () => indexLoses("service.ip"),
  },
  {
    name: "a node port is given twice",
    by: "addresses and ports are unique",
    plant: () => indexLoses("service.nodePort"),
  },
  {
    name: "a host port is given twice",
    by: "addresses and ports are unique",
    plant: () => patch(nodePorts as Any, "filter", () => () => undefined),
  },
];

/** What faults may not change. */
import { parted, saysTheSame } from "../contents.ts";
import type { Invariant } from "./seen.ts";

export const faultInvariants: Invariant[] = [
  {
    name: "time goes on",
    when: "alarm",
    check: (_sim, { count }) => (count >= 10 ? `${count} alarms at one moment` : undefined),
  },
  {
    name: "the cluster does not run away",
    when: "alarm",
    check: (sim) => {
      const { objectCount } = sim.world.engine.store;
      return objectCount < 5_000 ? undefined : `${objectCount} objects`;
    },
  },
  {
    name: "no reconciler throws",
    when: "fault",
    check: (_sim, { work, error }) => {
      const { stack, message } = error as Error;
      return `${work}: ${stack ?? message}`;
    },
  },
  {
    name: "what fails leaves nothing behind",
    when: "failure",
    check: (_sim, { clean, error }) => (clean ? undefined : String(error)),
  },
  {
    name: "losing memory changes nothing",
    when: "lost memory",
    check: (_sim, { before, after }) => {
      const differs = parted(before, after, saysTheSame);
      if (!differs) return undefined;
      const [was, is] = differs.map((line) => line?.join(" ") ?? "(end)");
      return `${was}\n    became ${is}`;
    },
  },
  {
    name: "lost memory and late alarms leave no trace in the log",
    when: "calm",
    check: (_sim, { hashes: [one, other] }) => (one === other ? undefined : "other revisions"),
  },
  {
    name: "lost memory and late alarms change no byte of what is printed",
    when: "calm",
    check: (_sim, { heard: [one, other] }) => {
      const differs = parted(one, other);
      return differs && parting(differs[0] ?? "(end)", differs[1] ?? "(end)");
    },
  },
];

/** Where two texts part, and a little around it. */
function parting(one: string, other: string): string {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const around = (text: string): string => text.slice(Math.max(0, at - 150), at + 150);
  return `${one.slice(0, 100)} ...\n    ${around(one)}\n    instead of ${around(other)}`;
}

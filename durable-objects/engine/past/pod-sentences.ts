/** What the timeline says of Pods. */
import type { ContainerStatus, Pod } from "../kinds/pod/types.ts";
import { nameOf, type Rule, type Step } from "./step.ts";

const statuses = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
  ...(status?.ephemeralContainerStatuses ?? []),
];

/** The first container of which there is something to say. */
function ofContainers(
  { before, after }: Step,
  say: (now: ContainerStatus, was: ContainerStatus | undefined) => string | undefined,
): string | undefined {
  const were = new Map(statuses(before as Pod).map((status) => [status.name, status]));
  for (const now of statuses(after as Pod)) {
    const text = say(now, were.get(now.name));
    if (text !== undefined) return `container ${now.name} of ${nameOf(after)} ${text}`;
  }
  return undefined;
}

const said = (who: string, text: string | undefined): string | undefined =>
  text === undefined ? undefined : `${who}: ${text}`;

const ready = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;

export const podRules: Rule[] = [
  {
    of: /^pods$/,
    on: "update",
    say({ who, before, after }) {
      const [was, is] = [(before as Pod).spec.nodeName, (after as Pod).spec.nodeName];
      return was === is ? undefined : `${who} put ${nameOf(after)} onto ${is}`;
    },
  },
  {
    of: /^pods$/,
    on: "update",
    say({ who, before, after }) {
      const { deletionTimestamp, deletionGracePeriodSeconds } = after.metadata;
      if (!deletionTimestamp || before.metadata.deletionTimestamp) return undefined;
      return `${who} began to delete ${nameOf(after)}, which has ${deletionGracePeriodSeconds ?? 0} s to end`;
    },
  },
  {
    of: /^pods$/,
    on: "update",
    say: (step) =>
      said(
        step.who,
        ofContainers(step, (now, was) =>
          now.restartCount > (was?.restartCount ?? 0)
            ? `restarted (${now.restartCount})`
            : undefined,
        ),
      ),
  },
  {
    of: /^pods$/,
    on: "update",
    say: (step) =>
      said(
        step.who,
        ofContainers(step, ({ state }, was) => {
          const ended = state?.terminated;
          if (!ended || was?.state?.terminated) return undefined;
          return `ended with exit code ${ended.exitCode} (${ended.reason})`;
        }),
      ),
  },
  {
    of: /^pods$/,
    on: "update",
    say: (step) =>
      said(
        step.who,
        ofContainers(step, ({ state }, was) =>
          state?.running && !was?.state?.running ? "started" : undefined,
        ),
      ),
  },
  {
    of: /^pods$/,
    on: "update",
    say: (step) =>
      said(
        step.who,
        ofContainers(step, ({ state }, was) => {
          const reason = state?.waiting?.reason;
          if (!reason || reason === was?.state?.waiting?.reason) return undefined;
          return `waits (${reason})`;
        }),
      ),
  },
  {
    of: /^pods$/,
    on: "update",
    say({ who, before, after }) {
      const now = ready(after as Pod);
      if (now === ready(before as Pod)) return undefined;
      return `${who}: ${nameOf(after)} is ${now ? "ready" : "not ready any more"}`;
    },
  },
  {
    of: /^pods$/,
    on: "update",
    say({ who, before, after }) {
      const [was, is] = [(before as Pod).status?.phase, (after as Pod).status?.phase];
      return was === is ? undefined : `${who}: ${nameOf(after)} is ${is}`;
    },
  },
  {
    of: /^pods$/,
    on: "update",
    say({ who, before, after }) {
      const [was, is] = [(before as Pod).status?.podIP, (after as Pod).status?.podIP];
      if (was === is || is === undefined) return undefined;
      return `${who} gave ${nameOf(after)} the address ${is}`;
    },
  },
  {
    of: /^pods$/,
    on: "update",
    say({ who, before, after }) {
      const [was, is] = [before, after].map(({ metadata }) => metadata.deletionGracePeriodSeconds);
      return was === is || is !== 0 ? undefined : `${who}: ${nameOf(after)} has ended`;
    },
  },
];

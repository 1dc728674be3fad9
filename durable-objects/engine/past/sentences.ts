/** A revision in one plain English sentence: a table of rules, of which the first that has something to say counts. */
import type { KubeObject } from "../core/object.ts";
import type { Change } from "../core/object.ts";
import type { ConfigMap } from "../kinds/config-map.ts";
import type { Event } from "../kinds/event.ts";
import type { Namespace } from "../kinds/namespace.ts";
import type { Node } from "../kinds/node.ts";
import type { Clock } from "../kinds/podyard/clock.ts";
import { sentenceCharsMax, sentencePathsMax } from "../core/limits.ts";
import { changedKeys, changedPaths } from "./differences.ts";
import { batchRules } from "./batch-sentences.ts";
import { gatewayRules } from "./gateway-sentences.ts";
import { podRules } from "./pod-sentences.ts";
import { nameOf, type Rule, type Step } from "./step.ts";
import { workloadRules } from "./workload-sentences.ts";

/** What one caused, of which both states are known where there were two. */
export interface Told {
  op: Change["op"];
  resource: string;
  object: KubeObject;
  before: KubeObject | undefined;
  /** Subject of the sentence. */
  who: string;
}

const eventRules: Rule[] = [
  {
    of: /^events$/,
    on: "create",
    say: ({ after }) => eventText(after as Event),
  },
  {
    of: /^events$/,
    on: "update",
    say: ({ after }) => eventText(after as Event),
  },
];

function eventText({ involvedObject: about, reason, message, count, series }: Event): string {
  const times = series?.count ?? count ?? 1;
  const again = times > 1 ? ` (${times} times)` : "";
  return `Event: ${reason} of ${about?.kind} ${about?.name}: ${message}${again}`;
}

const clusterRules: Rule[] = [
  {
    of: /^clocks\./,
    on: "update",
    say({ who, before, after }) {
      const [old, now] = [(before as Clock).spec ?? {}, (after as Clock).spec ?? {}];
      if (now.paused !== old.paused)
        return `${who} ${now.paused ? "stopped" : "started"} the clock`;
      if (now.speed !== old.speed) return `${who} set the clock's speed to ${now.speed ?? 1}`;
      if (now.advanceTo !== old.advanceTo) return `${who} moved the clock to ${now.advanceTo}`;
      return now.steps === old.steps ? undefined : `${who} asked the clock for another step`;
    },
  },
  {
    of: /^nodes$/,
    on: "update",
    say({ who, before, after }) {
      const [old, now] = [(before as Node).spec ?? {}, (after as Node).spec ?? {}];
      if (now.unschedulable === old.unschedulable) return undefined;
      return `${who} ${now.unschedulable ? "cordoned" : "uncordoned"} ${nameOf(after)}`;
    },
  },
  {
    of: /^nodes$/,
    on: "update",
    say({ who, before, after }) {
      const ready = ({ status }: Node): string =>
        status?.conditions?.find(({ type }) => type === "Ready")?.status ?? "Unknown";
      const now = ready(after as Node);
      if (now === ready(before as Node)) return undefined;
      return `${who} found ${nameOf(after)} ${now === "True" ? "ready" : `not ready (${now})`}`;
    },
  },
  {
    of: /^namespaces$/,
    on: "update",
    say({ who, before, after }) {
      const terminating = ({ status }: Namespace): boolean => status?.phase === "Terminating";
      if (!terminating(after as Namespace) || terminating(before as Namespace)) return undefined;
      return `${who} began to delete ${nameOf(after)} and everything in it`;
    },
  },
  {
    of: /^(configmaps|secrets)$/,
    on: "update",
    say({ who, before, after }) {
      const keys = changedKeys((before as ConfigMap).data, (after as ConfigMap).data);
      if (keys.length === 0) return undefined;
      const named = keys.slice(0, sentencePathsMax).join(", ");
      return `${who} changed ${keys.length > 1 ? "the keys" : "the key"} ${named} of ${nameOf(after)}`;
    },
  },
  {
    of: /^(persistentvolumeclaims|persistentvolumes)$/,
    on: "update",
    say({ who, before, after }) {
      const phase = (object: object): string | undefined =>
        (object as { status?: { phase?: string } }).status?.phase;
      const now = phase(after);
      return now === phase(before) ? undefined : `${who} saw ${nameOf(after)} become ${now}`;
    },
  },
];

/** Of any kind, when no other rule has spoken. */
const commonRules: Rule[] = [
  {
    of: /./,
    on: "update",
    say({ who, before, after }) {
      if (before.metadata.deletionTimestamp || !after.metadata.deletionTimestamp) return undefined;
      const waits = after.metadata.finalizers?.length
        ? `, which waits for ${after.metadata.finalizers.join(", ")}`
        : "";
      return `${who} began to delete ${nameOf(after)}${waits}`;
    },
  },
  {
    of: /./,
    on: "update",
    say({ who, before, after }) {
      for (const [field, word] of [
        ["labels", "label"],
        ["annotations", "annotation"],
      ] as const) {
        const keys = changedKeys(before.metadata[field], after.metadata[field]);
        const others = changedPaths(before, after, 2).filter((p) => p !== `metadata.${field}`);
        if (keys.length === 0 || others.length > 0) continue;
        const named = keys.slice(0, sentencePathsMax).join(", ");
        return `${who} changed the ${word}${keys.length > 1 ? "s" : ""} ${named} of ${nameOf(after)}`;
      }
      return undefined;
    },
  },
  {
    of: /./,
    on: "update",
    say({ who, before, after }) {
      const paths = changedPaths(before, after, sentencePathsMax);
      if (paths.length === 0) return `${who} wrote ${nameOf(after)} again`;
      return `${who} updated ${paths.join(", ")} of ${nameOf(after)}`;
    },
  },
];

const rules: readonly Rule[] = [
  ...eventRules,
  ...podRules,
  ...batchRules,
  ...gatewayRules,
  ...workloadRules,
  ...clusterRules,
  ...commonRules,
];

/** At most `sentenceCharsMax` long; names of fields, never what Secrets hold. */
export function sentenceOf(told: Told): string {
  const text = spoken(told) ?? plain(told);
  return text.length > sentenceCharsMax ? `${text.slice(0, sentenceCharsMax - 1)}…` : text;
}

function spoken({ op, resource, object, before, who }: Told): string | undefined {
  // A step needs what was there before, where there was something.
  if (op === "update" && !before) return undefined;
  const step: Step = { who, before: before ?? object, after: object };
  for (const { of, on, say } of rules) {
    if (!of.test(resource) || (on !== undefined && on !== op)) continue;
    const text = say(step);
    if (text !== undefined) return text;
  }
  return undefined;
}

const verbs = { create: "created", update: "updated", delete: "deleted" } as const;

const plain = ({ op, who, object }: Told): string => `${who} ${verbs[op]} ${nameOf(object)}`;

/** What clients must be told: answers, watches, lists. */
import { parted } from "../contents.ts";
import { difference, type State } from "../history.ts";
import type { Invariant } from "./seen.ts";
import { namespace, ready } from "../operations/targets.ts";
import type { Any, Simulation } from "../simulation.ts";

/** A text is a complaint already. */
function unlike(about: string, told: State | string, expected: State): string | undefined {
  const complaint = typeof told === "string" ? told : difference(told, expected);
  return complaint && `${about}: ${complaint}`;
}

/** Webhooks that nobody answers, and must; whoever comes late for an answer. */
const isOfWebhooks = (text: string): boolean =>
  /failed calling webhook |conversion webhook for |the request was forgotten/.test(text);

/** A request that waited for webhooks is a step of the engine's when it goes on: a fault planted in it is told to its client. */
const isPlanted = ({ planted }: Simulation, text: string): boolean =>
  planted !== "" && text.includes(`Internal error occurred: ${planted}`);

export const clientInvariants: Invariant[] = [
  {
    name: "no 5xx",
    when: "answer",
    check: (sim, { request, status, text }) =>
      status >= 500 && !isOfWebhooks(text) && !isPlanted(sim, text)
        ? `${request}: ${status} ${text}`
        : undefined,
  },
  {
    name: "a refused request changes nothing",
    when: "answer",
    check: (_sim, { request, status, text, kept }) =>
      status >= 400 && kept ? `${request}: ${text}` : undefined,
  },
  {
    name: "an eviction never breaks a PodDisruptionBudget",
    when: "eviction",
    check: (sim, { pod, budgets }) => {
      // An eviction goes by the budget's status, which stands still with the controllers.
      if (sim.all("clocks.podyard.dev").some((clock) => clock.spec?.paused)) return undefined;
      for (const { metadata, spec } of budgets) {
        const labels = Object.entries(spec.selector?.matchLabels ?? {});
        const covers = (p: Any): boolean => labels.every(([k, v]) => p.metadata.labels?.[k] === v);
        if (!covers(pod) || typeof spec.minAvailable !== "number") continue;
        const healthy = sim.all("pods", namespace).filter((p) => covers(p) && ready(p)).length;
        if (healthy < spec.minAvailable) {
          return `${pod.metadata.name} evicted: ${healthy} healthy of ${spec.minAvailable} (${metadata.name})`;
        }
      }
      return undefined;
    },
  },
  {
    name: "the second writer loses",
    when: "late write",
    check: (_sim, { url, status, text }) =>
      status === 409 ? undefined : `${url}: ${status} ${text.slice(0, 200)}`,
  },
  {
    name: "a watch tells each revision once, in order",
    when: "event",
    check: (_sim, { watch, type, key, rv, after, known }) => {
      const fresh = after === 0 ? type === "ADDED" : rv > after;
      return fresh && (type === "ADDED") === !known
        ? undefined
        : `${watch}: ${type} ${key} at ${rv} after ${after}`;
    },
  },
  {
    name: "a watch replays to the same state",
    when: "watch",
    check: (_sim, { watch, told, expected }) => unlike(watch, told, expected),
  },
  {
    name: "a watch replays from any revision",
    when: "replay",
    check: (_sim, { watch, told, expected }) => {
      const differs = parted(expected, told);
      if (!differs) return undefined;
      const [right, wrong] = differs;
      return `${watch}: ${wrong ?? "(end)"} instead of ${right ?? "(end)"}`;
    },
  },
  {
    name: "a list shows one revision, whole",
    when: "list",
    check: (_sim, { list, told, expected }) => unlike(list, told, expected),
  },
  {
    name: "only what the log has forgotten is gone",
    when: "expiry",
    check: (_sim, { request, excused }) => (excused ? undefined : request),
  },
];

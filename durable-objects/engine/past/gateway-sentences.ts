/** What the timeline says of Gateways and their routes. */
import type { Condition } from "kubernetes-types/meta/v1";
import { list } from "../kinds/gateway/lists.ts";
import type { Gateway, HTTPRoute } from "../kinds/gateway/types.ts";
import { nameOf, type Rule } from "./step.ts";

const conditionOf = (
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined => list(conditions).find((one) => one.type === type);

const addressOf = ({ status }: Gateway): string | undefined => list(status?.addresses)[0]?.value;

export const gatewayRules: Rule[] = [
  {
    of: /^gateways\.gateway\.networking\.k8s\.io$/,
    on: "update",
    say({ who, before, after }) {
      const [was, is] = [before, after].map((one) => addressOf(one as Gateway));
      if (was === is) return undefined;
      return is === undefined
        ? `${who} took the address ${was} from ${nameOf(after)}`
        : `${who} gave ${nameOf(after)} the address ${is}`;
    },
  },
  {
    of: /^(gateways|listenersets)\.gateway\.networking\.k8s\.io$/,
    on: "update",
    say({ who, before, after }) {
      const [was, is] = [before, after].map((one) =>
        conditionOf((one as Gateway).status?.conditions, "Programmed"),
      );
      if (!is || was?.status === is.status) return undefined;
      return is.status === "True"
        ? `${who} found ${nameOf(after)} programmed`
        : `${who} found ${nameOf(after)} not programmed: ${is.message}`;
    },
  },
  {
    of: /^httproutes\.gateway\.networking\.k8s\.io$/,
    on: "update",
    say({ who, before, after }) {
      for (const { parentRef, conditions } of list((after as HTTPRoute).status?.parents)) {
        const old = list((before as HTTPRoute).status?.parents).find(
          (one) =>
            one.parentRef.name === parentRef.name &&
            one.parentRef.namespace === parentRef.namespace &&
            one.parentRef.sectionName === parentRef.sectionName,
        );
        const parent = `${parentRef.kind ?? "Gateway"} ${parentRef.name}`;
        for (const [type, well, ill] of [
          ["Accepted", `accepted ${nameOf(after)} on`, `did not accept ${nameOf(after)} on`],
          [
            "ResolvedRefs",
            `found what ${nameOf(after)} refers to, for`,
            `did not find what ${nameOf(after)} refers to, for`,
          ],
        ] as const) {
          const is = conditionOf(conditions, type);
          if (!is || is.status === conditionOf(old?.conditions, type)?.status) continue;
          if (is.status === "True" && type === "ResolvedRefs" && !old) continue;
          return is.status === "True"
            ? `${who} ${well} ${parent}`
            : `${who} ${ill} ${parent}: ${is.message}`;
        }
      }
      return undefined;
    },
  },
];

/** What must hold of custom resources and of what defines them. */
import { first, id, isTrue } from "../invariants/pods.ts";
import type { Invariant } from "../invariants/seen.ts";
import type { Any } from "../simulation.ts";
import { customId, definitionId } from "./customs.ts";
import { logged } from "./theme.ts";

/** `one` is of v1, `other` of v2. */
function saysElse(one: Any, other: Any): string | undefined {
  const { uid, resourceVersion } = one.metadata;
  // It was written in between.
  if (other.metadata.uid !== uid || other.metadata.resourceVersion !== resourceVersion)
    return undefined;
  return one.hostPort === `${other.host}:${other.port}`
    ? undefined
    : `${id(one)}: ${one.hostPort} in v1, ${other.host} and ${other.port} in v2`;
}

export const customInvariants: Invariant[] = [
  {
    name: "a custom object says the same in each version",
    when: "versions",
    check: (_sim, { one, other }) => saysElse(one, other),
  },
  {
    name: "what is defined is served, and what is not leaves nothing",
    when: "settled",
    check: (sim) => {
      const definition = sim.all(definitionId).find(({ metadata }) => metadata.name === customId);
      if (definition)
        return isTrue(definition, "Established") && isTrue(definition, "NamesAccepted")
          ? undefined
          : `${id(definition)} is not served: ${JSON.stringify(definition.status?.conditions)}`;
      return first(
        logged(sim, customId),
        (object) => `${id(object)} is left of what is not defined`,
      );
    },
  },
];

import type * as flowcontrol from "kubernetes-types/flowcontrol/v1";
import {
  child,
  forbiddenField,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { semanticEqual } from "../../machinery/metadata.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import type { Stored } from "../stored.ts";
import { mandatoryLevels } from "./bootstrap.ts";
import { checkConditionTypes } from "./flow-schema.ts";
import { schemaNamed } from "../../schema/types.ts";

export type PriorityLevelConfiguration = Stored<flowcontrol.PriorityLevelConfiguration>;
type Spec = flowcontrol.PriorityLevelConfigurationSpec;

/** k8s: pkg/apis/flowcontrol/validation priorityLevelConfigurationQueuingMaxQueues */
const queuesMax = 10_000_000;
/** k8s: apiserver/pkg/util/shufflesharding MaxHashBits */
const hashBitsMax = 60;
const preserveZero = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";

/** k8s: pkg/apis/flowcontrol/validation ValidatePriorityLevelConfiguration */
function validate(level: PriorityLevelConfiguration): FieldError[] {
  const { name, annotations } = level.metadata;
  const errors: FieldError[] = [];
  if (annotations?.[preserveZero] !== undefined) {
    const detail = `annotation '${preserveZero}' is forbidden`;
    errors.push(forbiddenField("metadata.annotations", detail));
  }
  const spec = level.spec ?? ({} as Spec);
  errors.push(...checkSpec(name, spec), ...checkFixed(name, spec));
  return [...errors, ...checkConditionTypes(level.status?.conditions)];
}

/** Of the exempt one only its share may be another. */
function checkFixed(name: string, spec: Spec): FieldError[] {
  const fixed = mandatoryLevels[name]?.spec;
  if (!fixed) return [];
  if (name === "exempt") {
    if (semanticEqual({ ...spec, exempt: fixed.exempt }, fixed)) return [];
    const detail = "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value";
    return [invalid("spec", spec, detail)];
  }
  if (semanticEqual(spec, fixed)) return [];
  return [invalid("spec", spec, `spec of '${name}' must equal the fixed value`)];
}

function checkSpec(name: string, spec: Spec): FieldError[] {
  const { type = "", limited, exempt } = spec;
  const errors: FieldError[] = [];
  if ((name === "exempt") !== (type === "Exempt")) {
    const detail = "must be 'Exempt' if and only if `name` is 'exempt'";
    errors.push(invalid("spec.type", type, detail));
  }
  if (type === "Exempt") {
    if (limited)
      errors.push(forbiddenField("spec.limited", "must be nil if the type is not Limited"));
    return exempt ? [...errors, ...checkShares("spec.exempt", exempt)] : errors;
  }
  if (type !== "Limited")
    return [...errors, notSupported("spec.type", type, ["Exempt", "Limited"])];
  if (exempt) errors.push(forbiddenField("spec.exempt", "must be nil if the type is Limited"));
  if (!limited)
    return [...errors, required("spec.limited", "must not be empty when type is Limited")];
  return [...errors, ...checkLimited("spec.limited", limited)];
}

function checkCount(path: string, shares: number | undefined): FieldError[] {
  if ((shares ?? 0) >= 0) return [];
  return [invalid(path, shares, "must be a non-negative integer")];
}

function checkPercent(path: string, percent: number | undefined): FieldError[] {
  if (percent === undefined || (percent >= 0 && percent <= 100)) return [];
  return [invalid(path, percent, "must be between 0 and 100, inclusive")];
}

const checkShares = (
  path: string,
  shares: flowcontrol.ExemptPriorityLevelConfiguration,
): FieldError[] => [
  ...checkCount(child(path, "nominalConcurrencyShares"), shares.nominalConcurrencyShares),
  ...checkPercent(child(path, "lendablePercent"), shares.lendablePercent),
];

function checkLimited(
  path: string,
  limited: flowcontrol.LimitedPriorityLevelConfiguration,
): FieldError[] {
  const { borrowingLimitPercent } = limited;
  const errors = [
    ...checkCount(child(path, "nominalConcurrencyShares"), limited.nominalConcurrencyShares),
    ...checkResponse(child(path, "limitResponse"), limited.limitResponse),
    ...checkPercent(child(path, "lendablePercent"), limited.lendablePercent),
  ];
  if (borrowingLimitPercent !== undefined && borrowingLimitPercent < 0) {
    const detail = "if specified, must be a non-negative integer";
    errors.push(invalid(child(path, "borrowingLimitPercent"), borrowingLimitPercent, detail));
  }
  return errors;
}

function checkResponse(
  path: string,
  response: flowcontrol.LimitResponse | undefined,
): FieldError[] {
  const { type = "", queuing } = response ?? {};
  const queuingPath = child(path, "queuing");
  if (type === "Reject") {
    const detail = "must be nil if limited.limitResponse.type is not Limited";
    return queuing ? [forbiddenField(queuingPath, detail)] : [];
  }
  if (type !== "Queue") return [notSupported(child(path, "type"), type, ["Queue", "Reject"])];
  if (queuing) return checkQueuing(queuingPath, queuing);
  const detail = "must not be empty if limited.limitResponse.type is Limited";
  return [required(queuingPath, detail)];
}

function checkQueuing(path: string, queuing: flowcontrol.QueuingConfiguration): FieldError[] {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  const errors: FieldError[] = [];
  const refuse = (field: string, value: number, detail: string): unknown =>
    errors.push(invalid(child(path, field), value, detail));
  if (queueLengthLimit <= 0) refuse("queueLengthLimit", queueLengthLimit, "must be positive");
  if (queues <= 0) refuse("queues", queues, "must be positive");
  else if (queues > queuesMax) refuse("queues", queues, `must not be greater than ${queuesMax}`);
  if (handSize <= 0) refuse("handSize", handSize, "must be positive");
  else if (handSize > queues)
    refuse("handSize", handSize, `should not be greater than queues (${queues})`);
  else if (Math.ceil(Math.log2(queues) * handSize) > hashBitsMax)
    refuse(
      "handSize",
      handSize,
      `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${hashBitsMax}`,
    );
  return errors;
}

/** k8s: pkg/apis/flowcontrol/v1/defaults.go */
function applyDefaults(level: PriorityLevelConfiguration): PriorityLevelConfiguration {
  const { limited, exempt } = level.spec ?? {};
  if (!limited && !exempt) return level;
  const spec = { ...level.spec } as Spec;
  if (exempt) spec.exempt = { nominalConcurrencyShares: 0, lendablePercent: 0, ...exempt };
  if (limited) {
    const { limitResponse } = limited;
    const queuing = limitResponse?.queuing;
    spec.limited = { nominalConcurrencyShares: 30, lendablePercent: 0, ...limited };
    if (queuing)
      spec.limited.limitResponse = {
        ...limitResponse,
        queuing: {
          queues: queuing.queues || 64,
          handSize: queuing.handSize || 8,
          queueLengthLimit: queuing.queueLengthLimit || 50,
        },
      };
  }
  return { ...level, spec };
}

export const PriorityLevelConfiguration: Kind<PriorityLevelConfiguration> = {
  resource: "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
  apiVersion: "flowcontrol.apiserver.k8s.io/v1",
  kind: "PriorityLevelConfiguration",
  schema: schemaNamed("flowcontrol/v1.PriorityLevelConfiguration"),
  namespaced: false,
  applyDefaults,
  prepareForCreate: (level) => ({ ...level, status: {} }),
  validateCreate: validate,
  validateUpdate: validate,
  validateStatusUpdate: ({ status }) => checkConditionTypes(status?.conditions),
  table: {
    columns: [
      nameColumn,
      column("Type", "Exempt, or limited."),
      column("NominalConcurrencyShares", "Its share of what the server does at once."),
      column("Queues", "How many queues there are."),
      column("HandSize", "How many queues a flow has."),
      column("QueueLengthLimit", "How many may wait in one."),
      ageColumn,
    ],
    cells: (level, now) => {
      const { type = "", limited } = level.spec ?? {};
      const { queues, handSize, queueLengthLimit } = limited?.limitResponse?.queuing ?? {};
      return [
        level.metadata.name,
        type,
        limited ? (limited.nominalConcurrencyShares ?? 0) : "<none>",
        queues ?? "<none>",
        handSize ?? "<none>",
        queueLengthLimit ?? "<none>",
        age(level, now),
      ];
    },
  },
};

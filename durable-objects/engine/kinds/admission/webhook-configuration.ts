/** Both sorts of webhook configurations. k8s: pkg/apis/admissionregistration/validation ValidateValidatingWebhookConfiguration */
import { equal } from "../../core/equal.ts";
import type { KubeObject } from "../../core/object.ts";
import {
  at,
  child,
  duplicate,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { validateLabelSelector } from "../../machinery/metadata.ts";
import { fullyQualifiedName } from "../../machinery/names.ts";
import type { LabelSelector } from "../../machinery/selectors.ts";
import { schemaNamed } from "../../schema/types.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { reviewVersionErrors, validateClient, type WebhookClientConfig } from "./client-config.ts";
import { checkMatchConditions } from "./expressions.ts";
import { checkNamedRule } from "./match-resources.ts";
import { groupVersion, resourceOf, type MatchCondition, type ResourceRule } from "./shape.ts";

export interface Webhook {
  name: string;
  clientConfig: WebhookClientConfig;
  rules?: ResourceRule[];
  failurePolicy?: string;
  matchPolicy?: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  sideEffects?: string;
  timeoutSeconds?: number;
  admissionReviewVersions?: string[];
  matchConditions?: MatchCondition[];
  /** Of mutating ones only. */
  reinvocationPolicy?: string;
}

export interface WebhookConfiguration extends KubeObject {
  webhooks?: Webhook[];
}

const failurePolicies = ["Fail", "Ignore"];
const matchPolicies = ["Equivalent", "Exact"];
const noSideEffects = ["None", "NoneOnDryRun"];
const sideEffectClasses = ["None", "NoneOnDryRun", "Some", "Unknown"];
const reinvocationPolicies = ["IfNeeded", "Never"];
/** k8s: validateValidatingWebhook */
const timeoutSecondsMax = 30;

/** k8s: pkg/apis/admissionregistration/v1/defaults.go SetDefaults_ValidatingWebhook, SetDefaults_MutatingWebhook */
function defaulted(hook: Webhook, mutating: boolean): Webhook {
  const { clientConfig = {}, rules } = hook;
  const { service } = clientConfig;
  return {
    ...hook,
    clientConfig: service
      ? { ...clientConfig, service: { ...service, port: service.port ?? 443 } }
      : clientConfig,
    ...(rules ? { rules: rules.map((rule) => ({ ...rule, scope: rule.scope ?? "*" })) } : {}),
    failurePolicy: hook.failurePolicy ?? "Fail",
    matchPolicy: hook.matchPolicy ?? "Equivalent",
    namespaceSelector: hook.namespaceSelector ?? {},
    objectSelector: hook.objectSelector ?? {},
    timeoutSeconds: hook.timeoutSeconds ?? 10,
    ...(mutating ? { reinvocationPolicy: hook.reinvocationPolicy ?? "Never" } : {}),
  };
}

/** What an update may leave as bad as it was. */
interface Lenience {
  conditions: boolean;
  sideEffects: boolean;
  versions: boolean;
  names: boolean;
  selectors: boolean;
}

const strict: Lenience = {
  conditions: false,
  sideEffects: false,
  versions: false,
  names: false,
  selectors: false,
};

const selectorErrors = (hook: Webhook, path: string): FieldError[] => [
  ...validateLabelSelector(hook.namespaceSelector, child(path, "namespaceSelector")),
  ...validateLabelSelector(hook.objectSelector, child(path, "objectSelector")),
];

function lenience(now: readonly Webhook[], old: readonly Webhook[]): Lenience {
  return {
    conditions:
      now.length === old.length &&
      now.every((hook, i) => equal(hook.matchConditions ?? [], old[i]?.matchConditions ?? [])),
    sideEffects: old.some(({ sideEffects = "" }) => !noSideEffects.includes(sideEffects)),
    versions: old.some(({ admissionReviewVersions: versions = [] }) => {
      return versions.length > 0 && !versions.some((one) => one === "v1" || one === "v1beta1");
    }),
    names: new Set(old.map(({ name }) => name)).size < old.length,
    selectors: old.some((hook) => selectorErrors(hook, "").length > 0),
  };
}

function checkEnums(path: string, hook: Webhook, mutating: boolean, may: Lenience): FieldError[] {
  const errors: FieldError[] = [];
  const one = (field: string, value: string | undefined, of: string[]): void => {
    if (value !== undefined && !of.includes(value))
      errors.push(notSupported(child(path, field), value, of));
  };
  one("failurePolicy", hook.failurePolicy, failurePolicies);
  one("matchPolicy", hook.matchPolicy, matchPolicies);
  const allowed = may.sideEffects ? sideEffectClasses : noSideEffects;
  if (hook.sideEffects === undefined) {
    const detail = `must specify one of ${allowed.join(", ")}`;
    errors.push(required(child(path, "sideEffects"), detail));
  }
  one("sideEffects", hook.sideEffects, allowed);
  const { timeoutSeconds: seconds = 10 } = hook;
  if (seconds > timeoutSecondsMax || seconds < 1) {
    const detail = "the timeout value must be between 1 and 30 seconds";
    errors.push(invalid(child(path, "timeoutSeconds"), seconds, detail));
  }
  if (!may.selectors) errors.push(...selectorErrors(hook, path));
  if (mutating) one("reinvocationPolicy", hook.reinvocationPolicy, reinvocationPolicies);
  return errors;
}

function checkWebhook(path: string, hook: Webhook, mutating: boolean, may: Lenience): FieldError[] {
  const { admissionReviewVersions: versions = [] } = hook;
  const errors = [...fullyQualifiedName(child(path, "name"), hook.name ?? "")];
  (hook.rules ?? []).forEach((rule, i) => {
    errors.push(...checkNamedRule(at(child(path, "rules"), i), rule));
  });
  errors.push(...checkEnums(path, hook, mutating, may));
  errors.push(...validateClient(hook.clientConfig ?? {}, child(path, "clientConfig")));
  if (!may.conditions) {
    const place = child(path, "matchConditions");
    errors.push(...checkMatchConditions(place, hook.matchConditions ?? [], false));
  }
  const place = child(path, "admissionReviewVersions");
  if (versions.length === 0) errors.push(required(place, "must specify one of v1, v1beta1"));
  else errors.push(...reviewVersionErrors(versions, place, !may.versions));
  return errors;
}

function validate(
  configuration: WebhookConfiguration,
  mutating: boolean,
  old?: WebhookConfiguration,
): FieldError[] {
  const { webhooks = [] } = configuration;
  const may = old ? lenience(webhooks, old.webhooks ?? []) : strict;
  const names = new Set<string>();
  return webhooks.flatMap((hook, i) => {
    const path = at("webhooks", i);
    const errors = checkWebhook(path, hook, mutating, may);
    if (!may.names && hook.name) {
      if (names.has(hook.name)) errors.push(duplicate(child(path, "name"), hook.name));
      names.add(hook.name);
    }
    return errors;
  });
}

function kindOf(sort: "Validating" | "Mutating"): Kind<WebhookConfiguration> {
  const mutating = sort === "Mutating";
  return {
    resource: resourceOf(`${sort.toLowerCase()}webhookconfigurations`),
    apiVersion: groupVersion,
    kind: `${sort}WebhookConfiguration`,
    schema: schemaNamed(`admissionregistration/v1.${sort}WebhookConfiguration`),
    namespaced: false,
    allowUnconditionalUpdate: false,
    // k8s: pkg/registry/admissionregistration strategy.go: it grows with the webhooks, as a spec would
    applyDefaults: (object) =>
      object.webhooks
        ? { ...object, webhooks: object.webhooks.map((hook) => defaulted(hook, mutating)) }
        : object,
    validateCreate: (object) => validate(object, mutating),
    validateUpdate: (object, old) => validate(object, mutating, old),
    table: {
      columns: [
        nameColumn,
        column("Webhooks", "Webhooks indicates the number of webhooks registered.", "integer"),
        ageColumn,
      ],
      cells: (object, now) => [
        object.metadata.name,
        object.webhooks?.length ?? 0,
        age(object, now),
      ],
    },
  };
}

export const ValidatingWebhookConfiguration = kindOf("Validating");
export const MutatingWebhookConfiguration = kindOf("Mutating");

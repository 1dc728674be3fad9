/** Which webhooks are about a write. k8s: apiserver/pkg/admission/plugin/webhook/generic/webhook.go, configuration */
import type { KubeObject, ResourceId } from "../../../core/object.ts";
import { resourceOf } from "../../../kinds/admission/shape.ts";
import type { Policy } from "../../../kinds/admission/shape.ts";
import type {
  Webhook,
  WebhookConfiguration,
} from "../../../kinds/admission/webhook-configuration.ts";
import { forbidden } from "../../../machinery/status.ts";
import { labelSelector } from "../../../machinery/selectors.ts";
import type { Reader } from "../../../ports/controller.ts";
import type { Resource } from "../../discovery/registry.ts";
import type { HookCall } from "../../webhooks/calls.ts";
import { requestOf, type Attributes } from "../policies/attributes.ts";
import { compilePolicy, type CompiledPolicy } from "../policies/compiled.ts";
import { Subject } from "../policies/evaluation.ts";
import { conditionsHold } from "../policies/bindings.ts";
import { matchesNamespace, matchesObject, matchesRule } from "../policies/matching.ts";
import { CallFailed } from "./response.ts";
import { failedCall, noDryRun } from "./refusal.ts";

export type Sort = "validating" | "mutating";

const configurations: Readonly<Record<Sort, ResourceId>> = {
  validating: resourceOf("validatingwebhookconfigurations"),
  mutating: resourceOf("mutatingwebhookconfigurations"),
};

/** Those that decide about writes are not decided about. k8s: predicates/rules IsExemptAdmissionConfigurationResource */
const exempt: ReadonlySet<ResourceId> = new Set([
  configurations.validating,
  configurations.mutating,
  ...["policies", "policybindings"].flatMap((plural) => [
    resourceOf(`validatingadmission${plural}`),
    resourceOf(`mutatingadmission${plural}`),
  ]),
]);

/** Whether anybody could have to be asked: all that a write costs where there are no webhooks. */
export const hasWebhooks = (sort: Sort, resource: ResourceId, reader: Reader): boolean =>
  reader.count(configurations[sort]) > 0 && !exempt.has(resource);

/** A webhook that is to be asked, with the write as the version that it is about. */
export interface Invocation {
  hook: Webhook;
  /** Told apart from all others. */
  id: string;
  of: Attributes;
}

/** An object of a custom resource in another of its versions. */
function inVersion(of: Attributes, found: Resource): Attributes {
  const { custom } = found.hooks;
  const seen = (one: KubeObject | undefined): KubeObject | undefined =>
    one && custom ? custom.read(one) : one;
  return { ...of, object: seen(of.object), old: seen(of.old) };
}

/** The write as a rule of the webhook has it, the version that was asked for before others. k8s: ShouldCallHook */
function matched({ rules = [], matchPolicy }: Webhook, of: Attributes): Attributes | undefined {
  if (rules.some((rule) => matchesRule(rule, of))) return of;
  if (matchPolicy !== "Equivalent") return undefined;
  const { resources } = of.context.reader;
  for (const rule of rules) {
    for (const version of rule.apiVersions ?? []) {
      if (version === of.version || version === "*") continue;
      if (!matchesRule(rule, { ...of, version })) continue;
      const own = resources.stored(of.admission.resource);
      const found = resources.ofKind(
        of.group ? `${of.group}/${version}` : version,
        own?.kind ?? "",
      );
      if (found?.id === own?.id && found) return inVersion(of, found as Resource);
    }
  }
  return undefined;
}

const compiled = new WeakMap<Webhook, CompiledPolicy>();

/** Whether its conditions hold; throws 403 where that could not be found out. */
function holds(hook: Webhook, of: Attributes): boolean {
  const { matchConditions = [], failurePolicy = "Fail" } = hook;
  if (matchConditions.length === 0) return true;
  const spec = { matchConditions, failurePolicy };
  let known = compiled.get(hook);
  if (!known) compiled.set(hook, (known = compilePolicy(spec)));
  const policy = { metadata: { name: hook.name }, spec } as unknown as Policy;
  const result = conditionsHold(new Subject(of), { policy }, known);
  if (typeof result === "boolean") return result;
  throw forbidden({ group: of.group, plural: of.resource }, of.name, result);
}

/** The webhook with what it is told, or nothing where the write is none of its business. */
export function invocationOf(hook: Webhook, id: string, of: Attributes): Invocation | undefined {
  if (!matchesNamespace(labelSelector(hook.namespaceSelector ?? {}), of)) return undefined;
  if (!matchesObject(labelSelector(hook.objectSelector ?? {}), of)) return undefined;
  const as = matched(hook, of);
  return as && holds(hook, as) ? { hook, id, of: as } : undefined;
}

/** All webhooks of one sort, by the names of their configurations. */
export function* webhooksOf(sort: Sort, reader: Reader): Generator<[hook: Webhook, id: string]> {
  for (const { metadata, webhooks = [] } of reader.list<WebhookConfiguration>(configurations[sort]))
    for (const [i, hook] of webhooks.entries()) yield [hook, `${metadata.name}/${hook.name}/${i}`];
}

/** The version of the review that both sides know. */
export const versionOf = ({
  admissionReviewVersions: versions = [],
}: Webhook): string | undefined =>
  versions.find((version) => version === "v1" || version === "v1beta1");

/** Throws what a client hears where it cannot be called at all. k8s: CreateAdmissionObjects */
export function callOf({ hook, of }: Invocation): HookCall {
  const { admission } = of;
  if (admission.dryRun && hook.sideEffects !== "None" && hook.sideEffects !== "NoneOnDryRun")
    throw noDryRun(hook.name);
  const version = versionOf(hook);
  if (version === undefined)
    throw new CallFailed(
      "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)",
    );
  const matchedAs = { group: of.group, version: of.version, plural: of.resource };
  const request = {
    ...requestOf(of, { ...matchedAs, kind: of.kind.kind }),
    object: of.object ?? null,
    oldObject: of.old ?? null,
  };
  return {
    client: hook.clientConfig,
    timeoutSeconds: hook.timeoutSeconds ?? 10,
    review: { apiVersion: `admission.k8s.io/${version}`, kind: "AdmissionReview", request },
  };
}

/** What becomes of a failed call; nothing where the webhook's policy is to ignore it. */
export function callFailure(hook: Webhook, error: unknown): Error | undefined {
  if (!(error instanceof CallFailed)) return error as Error;
  return hook.failurePolicy === "Ignore" ? undefined : failedCall(hook.name, error.message);
}

/** A Pod's claims out of templates. k8s: pkg/controller/resourceclaim/controller.go handleClaim */
import {
  claimNameOf,
  claimStatusesOf,
  notForPod,
  type PodClaim,
} from "../../kinds/pod/resource-claims.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import type { ResourceClaim, ResourceClaimTemplate } from "../../kinds/resource/shape.ts";
import { StatusError } from "../../machinery/status.ts";
import type { Client } from "../../ports/controller.ts";

const claims = "resourceclaims.resource.k8s.io";
const annotation = "resource.kubernetes.io/pod-claim-name";
/** k8s: with a hyphen and five characters it is a name of 63. */
const baseLength = 57;

/** None of its containers runs or ever will. k8s: isPodDone */
export const isDone = ({ metadata, spec, status }: Pod): boolean =>
  status?.phase === "Succeeded" ||
  status?.phase === "Failed" ||
  (metadata.deletionTimestamp !== undefined && !spec.nodeName);

/** Makes what is missing and notes it in the Pod's status; what fails is told. */
export function makeClaims(pod: Pod, client: Client): "failed" | undefined {
  const made = new Map<string, string>();
  let failed = false;
  for (const one of pod.spec.resourceClaims ?? []) {
    try {
      const name = makeClaim(pod, one, client);
      if (name !== undefined) made.set(one.name, name);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      const message = `PodResourceClaim ${one.name}: ${error.message}`;
      client.event(pod, "Warning", "FailedResourceClaimCreation", message, {
        component: "resource_claim",
      });
      failed = true;
      break;
    }
  }
  if (failed) return "failed";
  if (made.size > 0) note(pod, made, client);
  return undefined;
}

function note(pod: Pod, made: ReadonlyMap<string, string>, client: Client): void {
  const { namespace = "", name } = pod.metadata;
  client.modify<Pod>(
    "pods",
    namespace,
    name,
    (current) => {
      const others = claimStatusesOf(current).filter((one) => !made.has(one.name));
      const own = [...made].map(([claim, resourceClaimName]) => ({
        name: claim,
        resourceClaimName,
      }));
      const status = { ...current.status, resourceClaimStatuses: [...others, ...own] };
      return { ...current, status } as Pod;
    },
    "status",
  );
}

/** The name of a claim that was made, or found, for the Pod; undefined: it is noted already, or none is needed. */
function makeClaim(pod: Pod, one: PodClaim, client: Client): string | undefined {
  const namespace = pod.metadata.namespace ?? "";
  const named = claimNameOf(pod, one);
  if ("name" in named) {
    if (named.name === undefined) return undefined;
    const claim = client.get<ResourceClaim>(claims, namespace, named.name);
    if (claim && !(named.own && notForPod(pod, claim) !== undefined)) return undefined;
  }
  const templateName = one.resourceClaimTemplateName;
  if (templateName === undefined) return undefined;
  const known = client
    .byIndex<ResourceClaim>("controller", pod.metadata.uid ?? "")
    .find(({ metadata }) => metadata.annotations?.[annotation] === one.name);
  if (known) return known.metadata.name;
  const template = client.get<ResourceClaimTemplate>(
    "resourceclaimtemplates.resource.k8s.io",
    namespace,
    templateName,
  );
  if (!template) {
    const text = `resource claim template "${templateName}": resourceclaimtemplate.resource.k8s.io "${templateName}" not found`;
    throw new StatusError(404, "NotFound", text);
  }
  return client.create<ResourceClaim>(claims, claimOf(pod, one, template)).metadata.name;
}

function claimOf(pod: Pod, one: PodClaim, { spec }: ResourceClaimTemplate): object {
  const { metadata } = pod;
  const whole = `${metadata.name}-${one.name}-`;
  const cut = (text: string): string =>
    text.slice(0, Math.floor((text.length * baseLength) / whole.length));
  const generateName = whole.length > baseLength ? `${cut(metadata.name)}-${cut(one.name)}` : whole;
  const owner = {
    apiVersion: "v1",
    kind: "Pod",
    name: metadata.name,
    uid: metadata.uid ?? "",
    controller: true,
    blockOwnerDeletion: true,
  };
  return {
    apiVersion: "resource.k8s.io/v1",
    kind: "ResourceClaim",
    metadata: {
      generateName,
      namespace: metadata.namespace,
      ...(spec?.metadata?.labels ? { labels: spec.metadata.labels } : {}),
      annotations: { ...spec?.metadata?.annotations, [annotation]: one.name },
      ownerReferences: [owner],
    },
    spec: spec?.spec ?? {},
  };
}

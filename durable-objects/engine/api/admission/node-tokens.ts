/** For which tokens of service accounts a node may ask. k8s: plugin/pkg/admission/noderestriction admitServiceAccount */
import type { CSIDriver } from "../../kinds/storage/csi-driver.ts";
import type { Pod, Volume } from "../../kinds/pod/types.ts";
import type { PersistentVolume } from "../../kinds/storage/persistent-volume.ts";
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import { goQuote } from "../../machinery/field.ts";
import { forbidden, notFound } from "../../machinery/status.ts";
import { authorize } from "../auth/authorization.ts";
import { nodeOf } from "../auth/node-authorizer.ts";
import type { Call } from "../context.ts";

interface Asked {
  audiences?: string[];
  boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string };
}

/** Throws 403 where the asker is a node, and the token is none of a Pod on it, or for an audience that the Pod does not use. */
export function checkNodeToken(call: Call, asked: Asked): void {
  const node = nodeOf(call.user);
  if (node === undefined) return;
  const problem = problemOf(call, node, asked);
  if (problem === undefined) return;
  throw forbidden({ group: "", plural: "serviceaccounts" }, call.info.name, problem);
}

function problemOf(call: Call, node: string, asked: Asked): string | undefined {
  if (node === "") return `could not determine node from user ${goQuote(call.user.name)}`;
  const { kind, apiVersion, name, uid } = asked.boundObjectRef ?? {};
  if (kind !== "Pod" || apiVersion !== "v1" || !name)
    return "node requested token not bound to a pod";
  if (!uid) return "node requested token with a pod binding without a uid";
  const pod = call.context.store.get("pods", call.info.namespace, name) as Pod | undefined;
  if (!pod) throw notFound({ group: "", plural: "pods" }, name);
  if (uid !== pod.metadata.uid)
    return `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  if (pod.spec.nodeName !== node)
    return "node requested token bound to a pod scheduled on a different node";
  const [audience = "", ...others] = asked.audiences ?? [];
  if (others.length > 0) return "node may only request 0 or 1 audiences";
  if (uses(call, pod, audience) || mayName(call, audience)) return undefined;
  return `audience ${goQuote(audience)} not found in pod spec volume, ${call.user.name} is not authorized to request tokens for this audience`;
}

/** k8s: podReferencesAudience */
function uses(call: Call, pod: Pod, audience: string): boolean {
  return (pod.spec.volumes ?? []).some((volume) => {
    const sources = volume.projected?.sources ?? [];
    const projected = sources.some(
      ({ serviceAccountToken: token }) => token && (token.audience ?? "") === audience,
    );
    return projected || driverAsks(call, driverOf(call, pod, volume), audience);
  });
}

function driverAsks(call: Call, name: string | undefined, audience: string): boolean {
  if (!name) return false;
  const driver = call.context.store.get("csidrivers.storage.k8s.io", "", name);
  const requests = (driver as CSIDriver | undefined)?.spec?.tokenRequests ?? [];
  return requests.some((request) => (request.audience ?? "") === audience);
}

function driverOf(call: Call, pod: Pod, volume: Volume): string | undefined {
  if (volume.csi) return volume.csi.driver;
  const claim = volume.ephemeral
    ? `${pod.metadata.name}-${volume.name}`
    : volume.persistentVolumeClaim?.claimName;
  if (!claim) return undefined;
  const { store } = call.context;
  const claimed = store.get("persistentvolumeclaims", pod.metadata.namespace ?? "", claim);
  const bound = (claimed as PersistentVolumeClaim | undefined)?.spec?.volumeName;
  const held = bound ? store.get("persistentvolumes", "", bound) : undefined;
  return (held as PersistentVolume | undefined)?.spec?.csi?.driver;
}

function mayName(call: Call, audience: string): boolean {
  const { context, info, user } = call;
  const verb = "request-serviceaccounts-token-audience";
  const { name, namespace } = info;
  const attributes = { verb, group: "", resource: audience, subresource: "", name, namespace };
  return authorize(user, { ...attributes, path: "" }, context.authority ?? context.reader).allowed;
}

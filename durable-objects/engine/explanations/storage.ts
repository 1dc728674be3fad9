/** Claims that have no volume, and Pods that wait for theirs. */
import type { KubeObject } from "../core/object.ts";
import type { PersistentVolume } from "../kinds/storage/persistent-volume.ts";
import type { PersistentVolumeClaim } from "../kinds/storage/persistent-volume-claim.ts";
import { selectedNode, simulated } from "../kinds/storage/volume-binding.ts";
import type { StorageClass } from "../scheduler/types.ts";
import type { Pod } from "../kinds/pod/types.ts";
import { claimNames } from "../scheduler/framework.ts";
import { isPending } from "../scheduler/cache.ts";
import { volumeReaches } from "../scheduler/plugins/volume-claims.ts";
import type { Node } from "../kinds/node.ts";
import {
  about,
  inNamespace,
  listed,
  mend,
  nameOf,
  near,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";
import { verdictsOf } from "./verdicts.ts";

const claims = "persistentvolumeclaims";
const classes = "storageclasses.storage.k8s.io";
const controller = "persistentvolume-controller";

function pendingClaim(scope: Scope, claim: PersistentVolumeClaim): Found | undefined {
  const { client } = scope;
  if (claim.status?.phase !== "Pending" || claim.metadata.deletionTimestamp) return undefined;
  const name = claim.spec?.storageClassName;
  const size = String(claim.spec?.resources?.requests?.["storage"] ?? "");
  const known = client.list<StorageClass>(classes).map(({ metadata }) => metadata.name);
  const found = name ? client.get<StorageClass>(classes, "", name) : undefined;
  const ofClaim = about(claim, `asks for ${size} of class ${name || "none"}`, {
    field: "spec.storageClassName",
  });
  if (name && !found) {
    const other = near(name, known)[0] ?? known[0];
    return {
      sentence: `${nameOf(claim)} wants ${size} of the StorageClass ${name}, and there is none of that name (there is ${listed(known) || "none at all"}), nor a free volume of it.`,
      evidence: [ofClaim],
      mend: [
        mend(
          `Create the class, or make the claim anew with ${other ?? "another"}`,
          `kubectl get storageclass`,
        ),
      ],
      decidedBy: controller,
      reason: `no StorageClass ${name}`,
    };
  }
  if (found?.volumeBindingMode === "WaitForFirstConsumer" && !nodeOf(claim)) {
    return waiting(scope, claim, found, size);
  }
  if (found?.provisioner && found.provisioner !== "kubernetes.io/no-provisioner") {
    return provisioning(scope, claim, found, size);
  }
  return byHand(scope, claim, size, ofClaim);
}

/** Where the scheduler wants the volume to be. */
const nodeOf = ({ metadata }: KubeObject): string | undefined =>
  metadata.annotations?.[selectedNode];

/** The component that a class names is to make the volume. */
function provisioning(
  { client }: Scope,
  claim: PersistentVolumeClaim,
  found: StorageClass,
  size: string,
): Found {
  const { name } = found.metadata;
  const provisioner = found.provisioner ?? "";
  const node = nodeOf(claim);
  const ours = provisioner === simulated;
  const other = client.list<StorageClass>(classes).find((one) => one.provisioner === simulated)
    ?.metadata.name;
  const nobody = ours
    ? ""
    : `, and none of that name runs in this cluster${other ? ` (StorageClass ${other} has one that does, ${simulated})` : ""}`;
  const target = `pvc ${claim.metadata.name}${inNamespace(claim)}`;
  return {
    sentence: `${nameOf(claim)} waits for the provisioner ${provisioner} of StorageClass ${name} to make a volume of ${size}${node ? ` for ${node}` : ""}${nobody}.`,
    evidence: [
      about(claim, `asks for ${size} of class ${name}`, { field: "spec.storageClassName" }),
      about(found, `provisioner ${provisioner}`, { field: "provisioner" }),
      about(claim, "waits for a volume", { event: "ExternalProvisioning" }),
    ],
    mend:
      ours || !other
        ? [mend("See what it says", `kubectl describe ${target}`)]
        : [
            mend(
              `Make the claim anew with the class ${other}`,
              `kubectl get ${target} -o json | jq 'del(.spec.volumeName,.metadata.annotations) | .spec.storageClassName="${other}"' | kubectl replace --force -f -`,
            ),
            mend("Or run that provisioner", `kubectl describe ${target}`),
          ],
    decidedBy: provisioner,
    reason: "provisioning",
  };
}

/** Nobody makes a volume for it: one must be there. */
function byHand(
  scope: Scope,
  claim: PersistentVolumeClaim,
  size: string,
  ofClaim: Found["evidence"][number],
): Found {
  const { client } = scope;
  const name = claim.spec?.storageClassName;
  const free = client
    .list<PersistentVolume>("persistentvolumes")
    .filter(({ metadata }) => scope.mayRead("persistentvolumes", "", metadata.name))
    .filter((pv) => !pv.spec?.claimRef && (pv.spec?.storageClassName ?? "") === (name ?? ""));
  const texts = free.map(
    (pv) =>
      `${pv.metadata.name} (${pv.spec?.capacity?.["storage"] ?? "?"}, ${pv.spec?.accessModes?.join(",") ?? ""})`,
  );
  return {
    sentence: `${nameOf(claim)} needs a volume of ${size}, ${claim.spec?.accessModes?.join(",") ?? ""}, made by hand, since ${name ? `StorageClass ${name} provisions none` : "it names no class"}: ${texts.length ? `the free ones do not fit: ${listed(texts)}` : "0 are free"}.`,
    evidence: [ofClaim, ...free.map((pv) => about(pv, `${pv.metadata.name} does not fit`))],
    mend: [
      mend(
        "Create such a PersistentVolume, or name a class that makes them",
        "kubectl get pv,storageclass",
      ),
    ],
    decidedBy: controller,
    reason: "no volume",
  };
}

function waiting(
  scope: Scope,
  claim: PersistentVolumeClaim,
  found: StorageClass,
  size: string,
): Found | undefined {
  const users = scope.client
    .list<Pod>("pods", claim.metadata.namespace)
    .filter((pod) => claimNames(pod).some((used) => used.claim === claim.metadata.name))
    .filter(({ metadata }) => scope.mayRead("pods", metadata.namespace ?? "", metadata.name));
  const evidence = [
    about(found, `volumeBindingMode is WaitForFirstConsumer`, { field: "volumeBindingMode" }),
    ...users.map((pod) => about(pod, `${nameOf(pod)} uses it`)),
  ];
  const name = found.metadata.name;
  if (users.length > 0) {
    return {
      sentence: `${nameOf(claim)} gets its volume of ${size} once ${listed(users.map(nameOf))} has a node: StorageClass ${name} waits for its first consumer.`,
      evidence,
      mend: [
        mend(
          "See why that Pod has none",
          `kubectl why pod/${users[0]?.metadata.name ?? ""}${inNamespace(claim)}`,
        ),
      ],
      decidedBy: controller,
      reason: "waits for its consumer",
    };
  }
  return {
    sentence: `${nameOf(claim)} gets its volume of ${size} when a Pod uses it, and 0 Pods do: StorageClass ${name} has WaitForFirstConsumer.`,
    evidence,
    mend: [
      mend("Create a Pod that mounts it", `kubectl explain pod.spec.volumes.persistentVolumeClaim`),
    ],
    decidedBy: controller,
    reason: "waits for its consumer",
  };
}

/** A Pod that the scheduler holds back for its claims. */
function podWaits(scope: Scope, pod: Pod): Found | undefined {
  if (!isPending(pod) || claimNames(pod).length === 0) return undefined;
  const { client } = scope;
  const namespace = pod.metadata.namespace ?? "";
  for (const [i, { claim: name }] of claimNames(pod).entries()) {
    const claim = client.get<PersistentVolumeClaim>(claims, namespace, name);
    if (!claim) return missing(scope, pod, name, i);
  }
  const { upfront, nodes } = verdictsOf(client, pod);
  if (upfront) {
    for (const { claim: name } of claimNames(pod)) {
      const claim = client.get<PersistentVolumeClaim>(claims, namespace, name);
      const why = claim && scope.ask(claims, claim);
      if (!why) continue;
      return {
        ...why,
        sentence: `${nameOf(pod)} waits for its claim ${name}. ${why.sentence}`,
        evidence: [
          about(pod, upfront.rejection.reasons.join(", "), { event: "FailedScheduling" }),
          ...why.evidence,
        ],
        reason: `claim ${name}`,
      };
    }
    return undefined;
  }
  for (const { claim: name } of claimNames(pod)) {
    const claim = client.get<PersistentVolumeClaim>(claims, namespace, name);
    const why =
      claim?.status?.phase === "Pending" && nodeOf(claim) ? scope.ask(claims, claim) : undefined;
    if (why)
      return { ...why, sentence: `${nameOf(pod)} waits for its claim ${name}. ${why.sentence}` };
  }
  if (nodes.some(({ plugin }) => plugin === undefined)) return undefined;
  return elsewhere(scope, pod, nodes);
}

function missing({ client, mayRead }: Scope, pod: Pod, name: string, index: number): Found {
  const namespace = pod.metadata.namespace ?? "";
  const known = client
    .list(claims, namespace)
    .map(({ metadata }) => metadata.name)
    .filter((other) => mayRead(claims, namespace, other));
  const others = near(name, known);
  return {
    sentence: `${nameOf(pod)} mounts the claim ${name}, and there is none of that name in ${namespace}${others.length ? ` (there is ${listed(others)})` : ""}.`,
    evidence: [
      about(pod, `persistentvolumeclaim ${name} not found`, { field: `spec.volumes[${index}]` }),
    ],
    mend: [mend("Create the claim, or mount another", `kubectl get pvc${inNamespace(pod)}`)],
    decidedBy: "kube-scheduler",
    reason: `claim ${name} missing`,
  };
}

/** Its volume can be used from some node alone, and that one does not take it. */
function elsewhere(
  { client }: Scope,
  pod: Pod,
  nodes: ReturnType<typeof verdictsOf>["nodes"],
): Found | undefined {
  const namespace = pod.metadata.namespace ?? "";
  const volumes = claimNames(pod).flatMap(({ claim }) => {
    const bound = client.get<PersistentVolumeClaim>(claims, namespace, claim)?.spec?.volumeName;
    const pv = bound ? client.get<PersistentVolume>("persistentvolumes", "", bound) : undefined;
    return pv ? [{ claim, pv: pv as PersistentVolume & KubeObject }] : [];
  });
  const held = volumes.find(({ pv }) => pv.spec?.nodeAffinity?.required);
  if (!held) return undefined;
  const reach = nodes.filter(({ node }) =>
    volumeReaches(held.pv as never, node.node as Node as never),
  );
  if (reach.length === nodes.length) return undefined;
  const texts = reach.map(({ node, reasons }) => `${node.name}, and there: ${reasons.join(", ")}`);
  const [first] = reach;
  return {
    sentence: `${nameOf(pod)} uses volume ${held.pv.metadata.name} (claim ${held.claim}), which can be reached from ${reach.length} of ${nodes.length} nodes${texts.length ? `: ${listed(texts)}` : ", none"}.`,
    evidence: [
      about(held.pv, `node affinity of ${held.pv.metadata.name}`, {
        field: "spec.nodeAffinity.required",
      }),
      ...nodes.map(({ node, reasons }) => about(node.node, `${node.name}: ${reasons.join(", ")}`)),
    ],
    mend: [
      mend(
        "Make room on that node (uncordon, untaint), or make the claim anew elsewhere",
        first?.plugin === "NodeUnschedulable"
          ? `kubectl uncordon ${first.node.name}`
          : first
            ? `kubectl describe node ${first.node.name}`
            : `kubectl get pv ${held.pv.metadata.name} -o yaml`,
      ),
    ],
    decidedBy: "kube-scheduler",
    reason: "volume elsewhere",
  };
}

/** Rows about claims and volumes. */
export const storage: Situation[] = [
  { name: "claim without a volume", of: [claims], find: pendingClaim },
  { name: "waits for its claims", of: ["pods"], find: podWaits },
];

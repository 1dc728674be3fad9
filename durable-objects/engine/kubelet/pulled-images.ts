/**
 * Who may use an image that a node has already: everybody where it was pulled without an account, else whose imagePullSecrets hold
 * one that it was pulled with. k8s: pkg/kubelet/images/pullmanager, KubeletEnsureSecretPulledImages
 */
import type { Secret } from "../kinds/secret.ts";
import { credentialsIn, type SecretCredential } from "./pull-secrets.ts";
import type { Sync } from "./sync.ts";

export interface PresentImage {
  imageID: string;
  sizeBytes: number;
  sinceMs: number;
  /** The secrets that it was pulled with, `NAMESPACE/NAME/UID`. Absent: without any. */
  secrets?: string[];
}

/** What those secrets hold is read where they lie: a secret of other words is another account, and one that is gone opens nothing. */
function heldBy(sync: Sync, image: string, key: string): SecretCredential[] {
  const [namespace = "", name = "", uid] = key.split("/");
  const secret = sync.client.get("secrets", namespace, name) as Secret | undefined;
  return secret && secret.metadata.uid === uid ? credentialsIn(secret, image) : [];
}

/** k8s: image_pull_manager.go MustAttemptImagePull */
export function mayUse(
  sync: Sync,
  { secrets }: PresentImage,
  image: string,
  own: readonly SecretCredential[],
): boolean {
  if (!secrets || own.some(({ secret }) => secrets.includes(secret))) return true;
  if (own.length === 0) return false;
  const known = secrets.flatMap((key) => heldBy(sync, image, key));
  return own.some((one) =>
    known.some(({ username, password }) => one.username === username && one.password === password),
  );
}

/** The secret of a pull that goes well: the first of the Pod's that the registry takes. */
export const secretUsed = (
  { runtime, client, nodeName }: Sync,
  image: string,
  own: readonly SecretCredential[],
): string | undefined =>
  own.find((one) => "reference" in runtime.resolveImage(image, client, [one], nodeName))?.secret;

/** Of an image that was pulled once more. k8s: image_pull_manager.go pulledRecordMergeNewCreds */
export function pulledAgain(before: PresentImage, secret: string | undefined): PresentImage {
  const { secrets, ...rest } = before;
  if (secret === undefined || !secrets) return rest;
  return secrets.includes(secret) ? before : { ...rest, secrets: [...secrets, secret] };
}

/** Secrets of the old kind that hold a ServiceAccount's token for ever. k8s: pkg/controller/serviceaccount/tokens_controller.go */
import { isForeign, signLegacyToken, type SigningKey } from "../../api/auth/tokens.ts";
import { rootCertificate } from "../../bootstrap/root-certificate.ts";
import { objectKey, splitKey, type KubeObject } from "../../core/object.ts";
import { decodeUtf8, encodeUtf8 } from "../../core/utf8.ts";
import type { Secret } from "../../kinds/secret.ts";
import { fromBase64, toBase64 } from "../../machinery/base64.ts";
import type { Client, Controller } from "../../ports/controller.ts";

const type = "kubernetes.io/service-account-token";
const nameAnnotation = "kubernetes.io/service-account.name";
const uidAnnotation = "kubernetes.io/service-account.uid";

const encoded = (text: string): string => toBase64(encodeUtf8(text));

/** The Secret's token; a new one where it has none, or one of a key that is no longer the cluster's. */
function tokenFor(secret: Secret, account: KubeObject, key: SigningKey): string {
  const held = secret.data?.["token"];
  const stays = held !== undefined && !isForeign(decodeUtf8(fromBase64(held)), key);
  return stays ? held : encoded(signLegacyToken(key, account, secret.metadata.name));
}

/** The cluster signs with another key: each such Secret gets a token of that. What may not change holds a dead one. */
export function signSecretsAnew(client: Client, key: SigningKey): void {
  for (const secret of client.list<Secret>("secrets")) {
    if (secret.type !== type || secret.immutable) continue;
    const { namespace = "", name, annotations = {} } = secret.metadata;
    const account = client.get("serviceaccounts", namespace, annotations[nameAnnotation] ?? "");
    if (!account) continue;
    const token = tokenFor(secret, account, key);
    client.modify<Secret>("secrets", namespace, name, (current) => ({
      ...current,
      data: { ...current.data, token },
    }));
  }
}

export function createServiceAccountTokens(signingKey: SigningKey): Controller {
  return {
    name: "serviceaccounttoken",
    wakesOn: {
      secrets: (change) =>
        change.op !== "delete" && (change.object as Secret).type === type
          ? [objectKey(change.namespace, change.name)]
          : undefined,
      serviceaccounts: (change, reader) =>
        change.op === "update"
          ? undefined
          : reader
              .list<Secret>("secrets", change.namespace)
              .filter(
                (s) => s.type === type && s.metadata.annotations?.[nameAnnotation] === change.name,
              )
              .map((s) => objectKey(change.namespace, s.metadata.name)),
    },
    reconcile(key, client) {
      const { namespace, name } = splitKey(key);
      const secret = client.get<Secret>("secrets", namespace, name);
      if (!secret || secret.type !== type || secret.metadata.deletionTimestamp) return undefined;
      const annotations = secret.metadata.annotations ?? {};
      const account = client.get("serviceaccounts", namespace, annotations[nameAnnotation] ?? "");
      const uid = annotations[uidAnnotation];
      if (!account || (uid && uid !== account.metadata.uid)) {
        client.delete("secrets", namespace, name, { preconditions: { uid: secret.metadata.uid } });
        return undefined;
      }
      const wanted = { "ca.crt": encoded(rootCertificate), namespace: encoded(namespace) };
      const token = tokenFor(secret, account, signingKey);
      client.modify<Secret>("secrets", namespace, name, (current) => ({
        ...current,
        metadata: {
          ...current.metadata,
          annotations: { ...annotations, [uidAnnotation]: account.metadata.uid },
        },
        data: { ...current.data, ...wanted, token },
      }));
      return undefined;
    },
  };
}

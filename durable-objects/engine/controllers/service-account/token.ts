/** Secrets of the old kind that hold a ServiceAccount's token for ever. k8s: pkg/controller/serviceaccount/tokens_controller.go */
import { signLegacyToken, type SigningKey } from "../../api/auth/tokens.ts";
import { rootCertificate } from "../../bootstrap/certificate.ts";
import { objectKey, splitKey } from "../../core/object.ts";
import { encodeUtf8 } from "../../core/utf8.ts";
import type { Secret } from "../../kinds/secret.ts";
import { toBase64 } from "../../machinery/base64.ts";
import type { Controller } from "../../ports/controller.ts";

const type = "kubernetes.io/service-account-token";
const nameAnnotation = "kubernetes.io/service-account.name";
const uidAnnotation = "kubernetes.io/service-account.uid";

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
      const text = (value: string): string => toBase64(encodeUtf8(value));
      const wanted = { "ca.crt": text(rootCertificate), namespace: text(namespace) };
      const token = secret.data?.["token"] ?? text(signLegacyToken(signingKey, account, name));
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

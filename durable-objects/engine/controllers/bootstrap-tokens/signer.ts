/**
 * ConfigMap cluster-info is signed with every bootstrap token that may sign, so that who joins by one can believe it.
 * k8s: pkg/controller/bootstrap/bootstrapsigner.go, cluster-bootstrap/token/jws
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { encodeBase64Url } from "../../core/base64url.ts";
import { equal } from "../../core/equal.ts";
import { objectKey, splitKey } from "../../core/object.ts";
import { encodeUtf8 } from "../../core/utf8.ts";
import type { ConfigMap } from "../../kinds/config-map.ts";
import type { Secret } from "../../kinds/secret.ts";
import type { Controller, Due, Reader } from "../../ports/controller.ts";
import { concernsTokens, dataOf, hasExpired, isToken, tokenNamespace } from "./tokens.ts";

const place = { namespace: "kube-public", name: "cluster-info" };
const own = objectKey(place.namespace, place.name);
const prefix = "jws-kubeconfig-";

/** The token's two halves; undefined: it does not sign. k8s: validateSecretForSigning */
function signingToken(secret: Secret, nowMs: number): { id: string; secret: string } | undefined {
  const named = /^bootstrap-token-([a-z0-9]{6})$/.exec(secret.metadata.name)?.[1];
  const id = dataOf(secret, "token-id");
  const key = dataOf(secret, "token-secret");
  if (id === "" || id !== named || key === "" || hasExpired(secret, nowMs)) return undefined;
  return dataOf(secret, "usage-bootstrap-signing") === "true" ? { id, secret: key } : undefined;
}

/** A compact JWS without its content. */
function signature(content: string, { id, secret }: { id: string; secret: string }): string {
  const coded = (text: string): string => encodeBase64Url(encodeUtf8(text));
  const header = coded(JSON.stringify({ alg: "HS256", kid: id }));
  const signed = hmac(sha256, encodeUtf8(secret), encodeUtf8(`${header}.${coded(content)}`));
  return `${header}..${encodeBase64Url(signed)}`;
}

const tokensOf = (reader: Reader): readonly Secret[] =>
  reader.list<Secret>("secrets", tokenNamespace).filter(isToken);

export const bootstrapSignerController: Controller = {
  name: "bootstrapsigner",
  component: "bootstrap-signer",
  wakesOn: {
    secrets: (change) => (concernsTokens(change) ? [own] : undefined),
    configmaps: ({ op, namespace, name }) =>
      op !== "delete" && namespace === place.namespace && name === place.name ? [own] : undefined,
  },
  reconcile(key, client): Due {
    const { namespace, name } = splitKey(key);
    const map = client.get<ConfigMap>("configmaps", namespace, name);
    const content = map?.data?.["kubeconfig"];
    if (!map || content === undefined) return undefined;
    const kept = Object.entries(map.data ?? {}).filter(([entry]) => !entry.startsWith(prefix));
    const data = Object.fromEntries(kept);
    for (const secret of tokensOf(client)) {
      const token = signingToken(secret, client.now);
      if (token) data[`${prefix}${token.id}`] ??= signature(content, token);
    }
    if (!equal(data, map.data ?? {})) client.update<ConfigMap>("configmaps", { ...map, data });
    return undefined;
  },
};

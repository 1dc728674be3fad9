/** Bootstrap tokens go when their time is over. k8s: pkg/controller/bootstrap/tokencleaner.go */
import { objectKey, splitKey } from "../../core/object.ts";
import type { Secret } from "../../kinds/secret.ts";
import type { Controller } from "../../ports/controller.ts";
import { concernsTokens, expiryOf, isToken } from "./tokens.ts";

export const tokenCleanerController: Controller = {
  name: "tokencleaner",
  component: "token-cleaner",
  wakesOn: {
    secrets: (change) =>
      change.op !== "delete" && concernsTokens(change)
        ? [objectKey(change.namespace, change.name)]
        : undefined,
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const secret = client.get<Secret>("secrets", namespace, name);
    const expiry = secret && isToken(secret) ? expiryOf(secret) : undefined;
    if (!secret || expiry === undefined) return undefined;
    if (expiry > client.now) return expiry;
    const { uid, resourceVersion } = secret.metadata;
    client.delete("secrets", namespace, name, { preconditions: { uid, resourceVersion } });
    return undefined;
  },
};

import type * as core from "kubernetes-types/core/v1";
import { age, ageColumn, nameColumn } from "./columns.ts";
import type { Kind } from "./define.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type ServiceAccount = Stored<core.ServiceAccount>;

const mountableSecrets = "kubernetes.io/enforce-mountable-secrets";

/** Of references to secrets only the name stays. k8s: pkg/registry/core/serviceaccount cleanSecretReferences */
function cleanSecrets(account: ServiceAccount): ServiceAccount {
  if (!account.secrets) return account;
  return { ...account, secrets: account.secrets.map(({ name }) => ({ name })) };
}

export const ServiceAccount: Kind<ServiceAccount> = {
  resource: "serviceaccounts",
  apiVersion: "v1",
  kind: "ServiceAccount",
  schema: schemaNamed("core/v1.ServiceAccount"),
  namespaced: true,
  hasGeneration: false,
  prepareForCreate: cleanSecrets,
  prepareForUpdate: cleanSecrets,
  warnings(account, old) {
    const set = (a: ServiceAccount | undefined): boolean =>
      a?.metadata.annotations?.[mountableSecrets] !== undefined;
    return set(account) && !set(old)
      ? [
          `metadata.annotations[${mountableSecrets}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
        ]
      : [];
  },
  table: {
    columns: [nameColumn, ageColumn],
    cells: (account, now) => [account.metadata.name, age(account, now)],
  },
};

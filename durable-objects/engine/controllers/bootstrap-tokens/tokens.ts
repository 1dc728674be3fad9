/** Secrets that are bootstrap tokens. k8s: cluster-bootstrap/util/secrets, pkg/controller/bootstrap/util.go */
import { parseTime } from "../../core/clock.ts";
import { decodeUtf8 } from "../../core/utf8.ts";
import type { Change } from "../../core/object.ts";
import type { Secret } from "../../kinds/secret.ts";
import { fromBase64 } from "../../machinery/base64.ts";

export const tokenNamespace = "kube-system";

export const concernsTokens = ({ namespace, object }: Change): boolean =>
  namespace === tokenNamespace && isToken(object as Secret);

export const isToken = ({ type }: Secret): boolean => type === "bootstrap.kubernetes.io/token";

export const dataOf = ({ data }: Secret, key: string): string =>
  decodeUtf8(fromBase64(data?.[key] ?? ""));

/** Moment of its end, virtual ms; undefined: it has none. What cannot be read has ended. */
export function expiryOf(secret: Secret): number | undefined {
  const text = dataOf(secret, "expiration");
  if (text === "") return undefined;
  const at = parseTime(text);
  return Number.isNaN(at) ? -Infinity : at;
}

export const hasExpired = (secret: Secret, nowMs: number): boolean =>
  (expiryOf(secret) ?? Infinity) <= nowMs;

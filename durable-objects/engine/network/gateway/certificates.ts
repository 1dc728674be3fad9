/** Secrets of type kubernetes.io/tls, as far as a listener looks into them. Go: crypto/tls X509KeyPair */
import { fromBase64 } from "../../machinery/base64.ts";
import { readAll, tags } from "../../machinery/x509/der.ts";
import { decodePem } from "../../machinery/x509/pem.ts";
import { binaryOf } from "../../runtime/bytes.ts";
import type { Secret } from "../../kinds/secret.ts";

/** What was found once of a Secret, which never changes. */
const known = new WeakMap<Secret, string | undefined>();

/** What is wrong with certificate and key; undefined: nothing. */
export function certificateError(secret: Secret): string | undefined {
  if (!known.has(secret)) known.set(secret, problemOf(secret));
  return known.get(secret);
}

const problemOf = ({ data }: Secret): string | undefined =>
  blockProblem(data?.["tls.crt"], "tls.crt", /^CERTIFICATE$/) ??
  blockProblem(data?.["tls.key"], "tls.key", /PRIVATE KEY$/);

function blockProblem(data: string | undefined, key: string, type: RegExp): string | undefined {
  if (!data) return `it has no ${key}`;
  const text = binaryOf(fromBase64(data));
  let at = 0;
  for (let found = decodePem(text, at); found; found = decodePem(text, at)) {
    at = found.end;
    if (!type.test(found.block.type)) continue;
    const [value, ...rest] = readAll(found.block.bytes) ?? [];
    if (value?.tag === tags.sequence && rest.length === 0) return undefined;
    return `${key} is malformed`;
  }
  return `${key} has no PEM block of the type that it needs`;
}

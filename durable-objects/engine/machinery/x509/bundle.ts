/** Bundles of certificates that a client trusts. k8s: client-go/transport/transport.go rootCertPool, apiserver pkg/util/webhook ValidateCABundle */
import { fromBase64 } from "../base64.ts";
import { decodeUtf8 } from "../../core/utf8.ts";
import { readAll, tags } from "./der.ts";
import { decodePem } from "./pem.ts";

/** Why a bundle, in base64, cannot be used; undefined where it can, or is empty. */
export function bundleProblem(base64: string | undefined): string | undefined {
  const text = base64 ? decodeUtf8(fromBase64(base64)) : "";
  if (text === "") return undefined;
  let problem: string | undefined;
  for (let at = 0; at < text.length;) {
    const found = decodePem(text, at);
    if (!found) return told(problem ?? "unable to parse bytes as PEM block");
    at = found.end + 1;
    if (found.block.type !== "CERTIFICATE") continue;
    const [certificate, ...more] = readAll(found.block.bytes) ?? [];
    if (certificate?.tag === tags.sequence && more.length === 0) return undefined;
    problem ??= "failed to parse certificate: x509: malformed certificate";
  }
  return told(problem ?? "no valid certificate authority data seen");
}

const told = (problem: string): string => `unable to load root certificates: ${problem}`;

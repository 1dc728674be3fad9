/** openssl verify: whether a certificate leads to an authority. OpenSSL 3: apps/verify.c, crypto/x509/x509_vfy.c */
import { equalBytes } from "../../../core/equal.ts";
import { certificatesOf, type Certificate } from "../../../machinery/x509/certificate.ts";
import { signatureProblem } from "../../../machinery/x509/request.ts";
import { encodePem } from "../../../machinery/x509/pem.ts";
import type { Io } from "../tool.ts";
import { nameText, readCertificate } from "./certificate-text.ts";
import { fail, parse, read } from "./options.ts";

const verb = "verify";
const texts = {
  10: "certificate has expired",
  9: "certificate is not yet valid",
  18: "self-signed certificate",
  20: "unable to get local issuer certificate",
} as const;

interface Wrong {
  code: keyof typeof texts;
  depth: number;
  of: Certificate;
}

const signs = (parent: Certificate, child: Certificate): boolean =>
  equalBytes(parent.subject, child.issuer) &&
  signatureProblem({ ...child, publicKeyDer: parent.publicKeyDer }) === undefined;

/** k8s has none of this: the longest chain that OpenSSL follows is 100, ours are short. */
const depthMost = 10;

function wrongOf(
  leaf: Certificate,
  between: readonly Certificate[],
  roots: readonly Certificate[],
  now: number,
): Wrong | undefined {
  let of = leaf;
  for (let depth = 0; depth < depthMost; depth++) {
    if (now < of.notBefore) return { code: 9, depth, of };
    if (now > of.notAfter) return { code: 10, depth, of };
    const isRoot = roots.some(({ raw }) => equalBytes(raw, of.raw));
    if (isRoot) return undefined;
    if (equalBytes(of.subject, of.issuer)) return { code: 18, depth, of };
    const child: Certificate = of;
    const parent = [...roots, ...between].find((one) => signs(one, child));
    if (!parent) return { code: 20, depth, of };
    of = parent;
  }
  return { code: 20, depth: depthMost, of };
}

export function verify(io: Io): number {
  const { values, words } = parse(io, verb, io.args.slice(1), {
    valued: "CAfile trusted untrusted CApath purpose",
    plain: "verbose show_chain x509_strict",
    unknown: "Unknown option",
  });
  const trusted = values.get("CAfile") ?? values.get("trusted");
  const roots = trusted === undefined ? [] : certificatesOf(read(io, trusted, "CA certificate"));
  const untrusted = values.get("untrusted");
  const between =
    untrusted === undefined ? [] : certificatesOf(read(io, untrusted, "untrusted certificate"));
  let code = 0;
  for (const file of words) {
    const [leaf] = certificatesOf(read(io, file, "certificate file"));
    if (!leaf) fail(io, verb, `Could not find certificate file from ${file}`);
    const wrong = wrongOf(leaf, between, roots, io.sys.now);
    if (!wrong) {
      io.out(`${file}: OK\n`);
      continue;
    }
    code = 2;
    const shown = readCertificate(encodePem({ type: "CERTIFICATE", bytes: wrong.of.raw }));
    io.err(
      `${shown ? nameText(shown.subject) : ""}\nerror ${wrong.code} at ${wrong.depth} depth lookup: ${texts[wrong.code]}\nerror ${file}: verification failed\n`,
    );
  }
  return code;
}

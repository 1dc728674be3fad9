/** The certificate that curl shows of itself, by --cert and --key. curl: lib/vtls/openssl.c cert_stuff */
import { Errno } from "../../errno.ts";
import { pairProblem } from "../openssl/client-pair.ts";
import type { Options } from "../options.ts";
import type { Io } from "../tool.ts";

/** Nothing where none is asked for. A password behind a colon is not looked at. */
export function clientCertificate(
  io: Io,
  opts: Options,
): { clientCertificate?: string } | { problem: string } {
  const file = opts.value("E")?.split(":", 1)[0];
  if (file === undefined) return {};
  const certificate = readIfThere(io, file);
  if (certificate === undefined)
    return {
      problem: `could not load PEM client certificate from ${file}, OpenSSL error error:80000002:system library::No such file or directory, (no key found, wrong pass phrase, or wrong file format?)`,
    };
  const keyFile = opts.value("κ") ?? file;
  const key = readIfThere(io, keyFile);
  return key === undefined || pairProblem(certificate, key) !== undefined
    ? { problem: `unable to set private key file: '${keyFile}' type PEM` }
    : { clientCertificate: certificate };
}

function readIfThere(io: Io, file: string): string | undefined {
  try {
    return io.sys.readFile(file);
  } catch (error) {
    if (error instanceof Errno) return undefined;
    throw error;
  }
}

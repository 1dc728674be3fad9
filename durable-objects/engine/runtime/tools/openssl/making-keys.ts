/** Keys as the words of a command ask for them. RSA takes many steps, a curve's one. */
import { rsaKeyBitsMax } from "../../../core/limits.ts";
import type { Io } from "../tool.ts";
import { fail, type Options } from "./options.ts";
import { makeEcKey, privateKeyPem, type PrivateKey } from "./private-key.ts";
import { candidateCost, tryCandidate, type PrimeSearch } from "./rsa.ts";

/** OpenSSL 3: crypto/rsa RSA_FIPS1864_MIN_KEYGEN_KEYSIZE */
const rsaKeyBitsMin = 512;
const rsaKeyBitsDefault = 2_048;

const curves = ["prime256v1", "P-256", "secp256r1"];

/** The state of a key that is being made. */
export interface KeyMaking {
  search?: PrimeSearch;
  /** Once it is there, in PEM. */
  key?: string;
}

export function beginRsa(io: Io, verb: string, making: KeyMaking, bitsText?: string): void {
  const bits = bitsText ? Number(bitsText) : rsaKeyBitsDefault;
  if (!Number.isInteger(bits)) fail(io, verb, `Can't parse "${bitsText}" as a number`);
  if (bits < rsaKeyBitsMin) fail(io, verb, "Error generating RSA key: key size too small");
  if (bits > rsaKeyBitsMax)
    fail(io, verb, `Podyard's openssl makes RSA keys of at most ${rsaKeyBitsMax} bits`);
  making.search = { bits: bits - (bits % 2), primes: [] };
}

export function beginEc(io: Io, verb: string, making: KeyMaking, curve: string): void {
  if (!curves.includes(curve))
    fail(io, verb, `Podyard's openssl knows the curve prime256v1 only, not ${curve}`);
  const random = (): number => io.sys.random();
  making.key = privateKeyPem(makeEcKey(random));
}

/** `-newkey rsa:2048`, `-newkey ec -pkeyopt ec_paramgen_curve:prime256v1`. */
export function beginNewKey(io: Io, making: KeyMaking, what: string, options: Options): void {
  const [type = "", bits] = what.split(":");
  if (type === "rsa") beginRsa(io, "req", making, bits);
  else if (type === "ec") beginEc(io, "req", making, curveOf(options));
  else fail(io, "req", `Podyard's openssl makes keys of rsa and ec only, not ${type}`);
}

/** What a `-pkeyopt name:value` says; undefined: it is not given. */
export function keyOption(options: Options, name: string): string | undefined {
  const given = options.all.get("pkeyopt")?.findLast((one) => one.startsWith(`${name}:`));
  return given?.slice(name.length + 1);
}

export const curveOf = (options: Options): string =>
  keyOption(options, "ec_paramgen_curve") ?? "prime256v1";

/** One step of the search. Says how it goes where openssl does. */
export function searchOn(io: Io, making: KeyMaking, shown: boolean): void {
  const { search } = making;
  if (!search) return;
  io.sys.charge(candidateCost(search.bits));
  const { progress, key } = tryCandidate(search, () => io.sys.random());
  if (shown) io.err(progress);
  if (!key) return;
  const made: PrivateKey = { type: "rsa", rsa: key };
  making.key = privateKeyPem(made);
  delete making.search;
}

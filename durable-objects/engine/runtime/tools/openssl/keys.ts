/** openssl genrsa, genpkey, ecparam, rsa, ec, pkey: keys made and shown. OpenSSL 3: apps/{genrsa,genpkey,ecparam,rsa,pkey}.c */
import { inside, readAll } from "../../../machinery/x509/der.ts";
import { encodePem } from "../../../machinery/x509/pem.ts";
import type { Step } from "../../kernel/calls.ts";
import type { Io } from "../tool.ts";
import { block, digitsOf } from "./certificate-text.ts";
import { beginEc, beginRsa, curveOf, keyOption, searchOn, type KeyMaking } from "./making-keys.ts";
import { toBytes } from "./numbers.ts";
import { fail, parse, read, write, type Options, type Usage } from "./options.ts";
import {
  curveParametersPem,
  privateKeyPem,
  publicKeyDer,
  readPrivateKey,
  type PrivateKey,
} from "./private-key.ts";

const making: Readonly<Record<string, Usage>> = {
  genrsa: {
    valued: "out passout",
    plain: "F4 f4 traditional verbose quiet",
    unknown: "Unknown cipher",
  },
  genpkey: {
    valued: "out algorithm pkeyopt outform pass",
    plain: "text quiet",
    unknown: "Unknown cipher",
  },
  ecparam: {
    valued: "name out in",
    plain: "genkey noout text list_curves",
    unknown: "Unknown option",
  },
};

/** Verbs whose command may take many steps. */
export const makesKey = (verb: string): boolean => Object.hasOwn(making, verb);

const optionsOf = (io: Io): Options => {
  const verb = io.args[0] ?? "";
  return parse(io, verb, io.args.slice(1), making[verb] as Usage);
};

export function beginKey(io: Io, state: KeyMaking): void {
  const verb = io.args[0] ?? "";
  const options = optionsOf(io);
  const { values, words } = options;
  if (verb === "genrsa") return beginRsa(io, verb, state, words[0]);
  if (verb === "ecparam") {
    if (values.has("list_curves"))
      io.out("  prime256v1: X9.62/SECG curve over a 256 bit prime field\n");
    const name = values.get("name");
    return name === undefined ? undefined : beginEc(io, verb, state, name);
  }
  const algorithm = (values.get("algorithm") ?? "").toUpperCase();
  if (algorithm === "RSA") beginRsa(io, verb, state, keyOption(options, "rsa_keygen_bits"));
  else if (algorithm === "EC") beginEc(io, verb, state, curveOf(options));
  else
    fail(
      io,
      verb,
      `Podyard's openssl makes keys of RSA and EC only, not ${algorithm || "nothing"}`,
    );
}

export function stepKey(io: Io, state: KeyMaking): Step {
  const verb = io.args[0] ?? "";
  if (state.search) {
    searchOn(io, state, verb !== "genrsa");
    return undefined;
  }
  const { values } = optionsOf(io);
  const file = values.get("out");
  const key = state.key ? readPrivateKey(state.key) : undefined;
  if (key && verb !== "ecparam")
    write(io, file, privateKeyPem(key, values.has("traditional")), true);
  if (key && verb === "ecparam") {
    const parameters = values.has("noout") ? "" : curveParametersPem();
    const made = values.has("genkey") ? privateKeyPem(key, true) : "";
    write(io, file, parameters + made, values.has("genkey"));
  }
  return { exit: 0 };
}

const reading: Usage = {
  valued: "in out inform outform passin passout",
  plain: "noout text check pubout pubin traditional modulus",
  unknown: "Unknown cipher",
};

function keyText(key: PrivateKey): string {
  const margin = "    ";
  if (key.type === "ec") {
    const [, bits] = inside((readAll(publicKeyDer(key)) ?? [])[0]);
    const point = bits?.bytes.subarray(1) ?? new Uint8Array();
    return `Private-Key: (256 bit)\npriv:\n${block(key.secret, 15, margin)}pub:\n${block(point, 15, margin)}ASN1 OID: prime256v1\nNIST CURVE: P-256\n`;
  }
  const { modulus, exponent, primes } = key.rsa;
  const part = (name: string, value: bigint): string => {
    const bytes = toBytes(value);
    const padded = (bytes[0] ?? 0) >= 0x80 ? Uint8Array.of(0, ...bytes) : bytes;
    return `${name}:\n${block(padded, 15, margin)}`;
  };
  return (
    `Private-Key: (${modulus.toString(2).length} bit, 2 primes)\n${part("modulus", modulus)}` +
    `publicExponent: ${exponent} (0x${exponent.toString(16)})\n${part("privateExponent", key.rsa.privateExponent)}` +
    part("prime1", primes[0]) +
    part("prime2", primes[1])
  );
}

const types: Readonly<Record<string, PrivateKey["type"] | undefined>> = { rsa: "rsa", ec: "ec" };

/** rsa, ec, pkey: a private key that is there. */
export function showKey(io: Io): number {
  const verb = io.args[0] ?? "";
  const { values } = parse(io, verb, io.args.slice(1), reading);
  if (values.has("pubin")) fail(io, verb, "Podyard's openssl reads private keys only");
  const file = values.get("in");
  const key = readPrivateKey(file === undefined ? io.stdin() : read(io, file, "private key"));
  if (!key || (types[verb] && types[verb] !== key.type))
    fail(io, verb, `Could not find private key from ${file ?? "<stdin>"}`);
  let text = values.has("text") ? keyText(key) : "";
  if (values.has("modulus") && key.type === "rsa")
    text += `Modulus=${digitsOf(toBytes(key.rsa.modulus))}\n`;
  if (values.has("check")) text += key.type === "rsa" ? "RSA key ok\n" : "EC Key valid.\n";
  if (!values.has("noout")) {
    if (verb !== "pkey") io.err(`writing ${verb.toUpperCase()} key\n`);
    const isPublic = values.has("pubout");
    text += isPublic
      ? encodePem({ type: "PUBLIC KEY", bytes: publicKeyDer(key) })
      : privateKeyPem(key, values.has("traditional") || verb === "ec");
  }
  write(io, values.get("out"), text, !values.has("pubout"));
  return 0;
}

/** openssl: keys, requests and certificates, hashes and random bytes, as courses use them. A verb is a row. */
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha224, sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { randomBytesMax } from "../../../core/limits.ts";
import { lookup } from "../../../core/lookup.ts";
import type { Program } from "../../kernel/types.ts";
import { binaryOf, bytesOf, fromBase64, toBase64 } from "../../bytes.ts";
import { type Io, type Output, steps, tool } from "../tool.ts";
import { beginKey, makesKey, showKey, stepKey } from "./keys.ts";
import { fail, parse, read, write } from "./options.ts";
import { beginRequest, readsRequest, stepRequest, type RequestMaking } from "./req.ts";
import { verify } from "./verify.ts";
import { x509 } from "./x509.ts";

const inLines = (text: string, most: number): string => {
  let out = "";
  for (let at = 0; at < text.length; at += most) out += `${text.slice(at, at + most)}\n`;
  return out;
};

function rand(io: Io): number {
  const { values, words } = parse(io, "rand", io.args.slice(1), {
    valued: "out",
    plain: "hex base64",
    unknown: "Unknown option",
  });
  const count = Number(words[0]);
  if (!Number.isInteger(count) || count <= 0)
    fail(
      io,
      "rand",
      `${words.length === 0 ? "Extra (unknown) options" : `Can't parse "${words[0]}" as a number`}: ""`,
    );
  if (count > randomBytesMax)
    fail(io, "rand", `Podyard's openssl makes at most ${randomBytesMax} bytes`);
  const bytes = Uint8Array.from({ length: count }, () => Math.floor(io.sys.random() * 256));
  const text = values.has("hex")
    ? `${bytesToHex(bytes)}\n`
    : values.has("base64")
      ? inLines(toBase64(binaryOf(bytes)), 64)
      : binaryOf(bytes);
  write(io, values.get("out"), text);
  return 0;
}

const hashes = { md5, sha1, sha224, sha256, sha384, sha512 };
const hashNames: Record<string, string> = {
  md5: "MD5",
  sha1: "SHA1",
  sha224: "SHA2-224",
  sha256: "SHA2-256",
  sha384: "SHA2-384",
  sha512: "SHA2-512",
};

/** `openssl dgst -sha256 FILE`, `openssl sha256 FILE`. */
function digest(io: Io): number {
  const verb = io.args[0] ?? "";
  const { values, words } = parse(io, verb, io.args.slice(1), {
    valued: "out",
    plain: "hex r binary",
    digest: true,
    unknown: "Unknown option or message digest",
  });
  const name = (Object.keys(hashes) as (keyof typeof hashes)[]).find(
    (one) => one === verb || values.has(one),
  );
  const hash = name ?? "sha256";
  for (const file of words.length > 0 ? words : [undefined]) {
    const text = file === undefined ? io.stdin() : read(io, file, "file");
    io.sys.charge(text.length / 50);
    const bytes = hashes[hash](bytesOf(text));
    if (values.has("binary")) write(io, values.get("out"), binaryOf(bytes));
    else if (values.has("r"))
      write(io, values.get("out"), `${bytesToHex(bytes)} *${file ?? "stdin"}\n`);
    else
      write(
        io,
        values.get("out"),
        `${hashNames[hash]}(${file ?? "stdin"})= ${bytesToHex(bytes)}\n`,
      );
  }
  return 0;
}

function base64(io: Io): number {
  const verb = io.args[0] ?? "";
  const { values } = parse(io, verb, io.args.slice(1), {
    valued: "in out",
    plain: "d e A base64 a",
    unknown: "Unknown option or cipher",
  });
  if (verb === "enc" && !values.has("base64") && !values.has("a"))
    fail(io, verb, "Podyard's openssl does not encrypt");
  const file = values.get("in");
  const text = file === undefined ? io.stdin() : read(io, file, "file");
  io.sys.charge(text.length / 50);
  const decoded = values.has("d") ? fromBase64(text.replaceAll(/\s/g, "")) : undefined;
  if (values.has("d") && decoded === undefined) fail(io, verb, "error decoding base64");
  const encoded = toBase64(text);
  write(io, values.get("out"), decoded ?? (values.has("A") ? encoded : inLines(encoded, 64)));
  return 0;
}

type Verb = (io: Io) => number;

const verbs: Readonly<Record<string, Verb>> = lookup({
  x509,
  req: readsRequest,
  rsa: showKey,
  ec: showKey,
  pkey: showKey,
  verify,
  rand,
  dgst: digest,
  ...Object.fromEntries(Object.keys(hashes).map((name) => [name, digest])),
  base64,
  enc: base64,
  version: (io: Io): number => {
    io.out("OpenSSL 3.5.5 27 Jan 2026 (Library: OpenSSL 3.5.5 27 Jan 2026)\n");
    return 0;
  },
} satisfies Record<string, Verb>);

/** What openssl has and this one has not: said so, not that it is no command. */
const absent = new Set(
  "ca ciphers cms crl dhparam dsa engine list ocsp passwd pkcs12 pkcs7 pkcs8 prime s_client s_server speed ts".split(
    " ",
  ),
);

const inOneStep = tool("openssl", (io) => {
  const name = io.args[0];
  if (name === undefined || name === "help") {
    io.out(
      `Podyard's openssl knows: ${[...Object.keys(verbs), "genrsa", "genpkey", "ecparam"].toSorted().join(" ")}\n`,
    );
    return 0;
  }
  const verb = verbs[name];
  if (verb) return verb(io);
  if (absent.has(name)) io.err(`openssl: Podyard's openssl has no ${name}\n`);
  else io.err(`Invalid command '${name}'; type "help" for a list.\n`);
  return 1;
});

type Making = RequestMaking & Output;

const inManySteps = steps<Making>("openssl", {
  first: () => ({}),
  begin: (io, state) => (io.args[0] === "req" ? beginRequest(io, state) : beginKey(io, state)),
  step: (sys, io, state) =>
    io.args[0] === "req" ? stepRequest(sys, io, state) : stepKey(io, state),
});

type Plain = ReturnType<typeof inOneStep.start>;

interface State {
  /** Of a command that searches for a key or asks questions. */
  making?: Making;
  plain?: Plain;
}

export const openssl: Program<State> = {
  name: "openssl",
  start(sys) {
    const verb = sys.argv[1] ?? "";
    return makesKey(verb) || (verb === "req" && sys.argv.some((word) => isMaking(word)))
      ? { making: inManySteps.start(sys) }
      : { plain: inOneStep.start(sys) };
  },
  step: (sys, state) =>
    state.making ? inManySteps.step(sys, state.making) : inOneStep.step(sys, state.plain as Plain),
  memoryBytes: (state) =>
    state?.plain ? (inOneStep.memoryBytes?.(state.plain) ?? 1_048_576) : 4_194_304,
};

const isMaking = (word: string): boolean => /^--?(new|x509|newkey)$/.test(word);

/** openssl req: requests for certificates, and certificates signed by their own key. OpenSSL 3: apps/req.c */
import { encodePem } from "../../../machinery/x509/pem.ts";
import { parseRequest, signatureProblem } from "../../../machinery/x509/request.ts";
import type { Step } from "../../kernel/calls.ts";
import type { Sys } from "../../kernel/types.ts";
import type { Io } from "../tool.ts";
import { dayMs, makeCertificate, makeRequest, randomSerial } from "./build.ts";
import { digitsOf, modulusOf, nameText, readRequest, requestText } from "./certificate-text.ts";
import { extensionOf, parseConfig, type Sections, type Subjects } from "./extensions.ts";
import { beginNewKey, searchOn, type KeyMaking } from "./making-keys.ts";
import { daysOf, fail, parse, read, write, type Options, type Usage } from "./options.ts";
import { privateKeyPem, publicKeyDer, readPrivateKey, type PrivateKey } from "./private-key.ts";
import { nameDer, parseSubject, type NamePart } from "./subject.ts";

const verb = "req";

const usage: Usage = {
  valued:
    "in out key keyout newkey subj days addext config extensions reqexts set_serial pkeyopt inform outform nameopt passin passout section",
  plain: "new x509 nodes noenc noout text subject verify pubkey batch utf8 modulus verbose quiet",
  digest: true,
  unknown: "Unknown option or message digest",
};

const requestOptions = (io: Io): Options => parse(io, verb, io.args.slice(1), usage);

export interface RequestMaking extends KeyMaking {
  /** What was answered to the questions so far. */
  answers?: string[];
  /** Of a line that has not ended. */
  partial?: string;
}

const questions: readonly [attribute: string, text: string, otherwise: string][] = [
  ["C", "Country Name (2 letter code)", "AU"],
  ["ST", "State or Province Name (full name)", "Some-State"],
  ["L", "Locality Name (eg, city)", ""],
  ["O", "Organization Name (eg, company)", "Internet Widgits Pty Ltd"],
  ["OU", "Organizational Unit Name (eg, section)", ""],
  ["CN", "Common Name (e.g. server FQDN or YOUR name)", ""],
  ["emailAddress", "Email Address", ""],
];
/** They are asked of a request, not of a certificate, and go nowhere when nothing is answered. */
const extraQuestions = ["A challenge password", "An optional company name"];

const preamble =
  "You are about to be asked to enter information that will be incorporated\ninto your certificate request.\n" +
  "What you are about to enter is what is called a Distinguished Name or a DN.\n" +
  "There are quite a few fields but you can leave some blank\nFor some fields there will be a default value,\n" +
  "If you enter '.', the field will be left blank.\n-----\n";

function promptOf(at: number): string {
  const question = questions[at];
  if (question) return `${question[1]} [${question[2]}]:`;
  const lead =
    at === questions.length
      ? "\nPlease enter the following 'extra' attributes\nto be sent with your certificate request\n"
      : "";
  return `${lead}${extraQuestions[at - questions.length]} []:`;
}

const questionCount = ({ values }: Options): number =>
  questions.length + (values.has("x509") ? 0 : extraQuestions.length);

const sectionsOf = (io: Io, { values }: Options): Sections => {
  const config = values.get("config");
  return config === undefined ? new Map() : parseConfig(read(io, config, "config file"));
};

const valueOf = (sections: Sections, section: string, name: string): string | undefined =>
  sections.get(section)?.findLast(([one]) => one === name)?.[1];

/** Parts of the subject that no question is needed for; undefined: they are asked for. */
function givenSubject(io: Io, options: Options, sections: Sections): NamePart[] | undefined {
  const subject = options.values.get("subj");
  if (subject !== undefined) {
    const parts = parseSubject(subject);
    return typeof parts === "string" ? fail(io, verb, parts) : parts;
  }
  if (valueOf(sections, "req", "prompt") !== "no") {
    return options.values.has("batch")
      ? questions.flatMap(([attribute, , value]) => (value ? [[attribute, value] as const] : []))
      : undefined;
  }
  const named = valueOf(sections, "req", "distinguished_name") ?? "";
  // `0.O` and `1.O` are two of one attribute.
  return (sections.get(named) ?? []).map(([name, value]) => [name.replace(/^\d+\./, ""), value]);
}

export function beginRequest(io: Io, making: RequestMaking): void {
  const options = requestOptions(io);
  const { values } = options;
  const newKey = values.get("newkey");
  const file = values.get("key");
  if (file !== undefined && newKey === undefined) {
    const key = readPrivateKey(read(io, file, "private key"));
    if (!key) fail(io, verb, `Could not find private key from ${file}`);
    making.key = privateKeyPem(key);
  } else {
    if (!values.has("nodes") && !values.has("noenc"))
      fail(
        io,
        verb,
        "Podyard's openssl does not encrypt private keys; ask for one without, by -noenc",
      );
    beginNewKey(io, making, newKey ?? "rsa:2048", options);
  }
  if (givenSubject(io, options, sectionsOf(io, options)) === undefined) making.answers = [];
}

/** One step: a candidate of the key, an answer of the user's, or the end. */
export function stepRequest(sys: Sys, io: Io, making: RequestMaking): Step {
  if (making.search) {
    searchOn(io, making, true);
    if (making.key) {
      const { values } = requestOptions(io);
      write(io, values.get("keyout") ?? "privkey.pem", making.key, true);
      io.err("-----\n");
    }
    return undefined;
  }
  const options = requestOptions(io);
  const { answers } = making;
  if (answers && answers.length < questionCount(options)) return ask(sys, io, making, answers);
  const parts = answers ? answeredParts(answers) : undefined;
  return { exit: finish(io, options, making.key ?? "", parts) };
}

function answeredParts(answers: readonly string[]): NamePart[] {
  return questions.flatMap(([attribute, , otherwise], i): NamePart[] => {
    const answer = answers[i] ?? "";
    const value = answer === "" ? otherwise : answer === "." ? "" : answer;
    return value === "" ? [] : [[attribute, value]];
  });
}

function ask(sys: Sys, io: Io, making: RequestMaking, answers: string[]): Step {
  if (making.partial === undefined) {
    io.err(`${answers.length === 0 ? preamble : ""}${promptOf(answers.length)}`);
    making.partial = "";
    return undefined;
  }
  const data = sys.read(0);
  if (data === undefined) return { wait: { readable: [0] } };
  if (data === "") fail(io, verb, "Error making certificate request");
  const text = making.partial + data;
  const end = text.indexOf("\n");
  if (end < 0) {
    making.partial = text;
    return undefined;
  }
  answers.push(text.slice(0, end).trim());
  // What is left of a pipe's data answers the next question.
  const rest = text.slice(end + 1);
  takeLines(making, answers, rest, io);
  return undefined;
}

/** Whole lines that came at once; each question is printed all the same. */
function takeLines(making: RequestMaking, answers: string[], rest: string, io: Io): void {
  const options = requestOptions(io);
  delete making.partial;
  let left = rest;
  for (let end = left.indexOf("\n"); end >= 0; end = left.indexOf("\n")) {
    if (answers.length >= questionCount(options)) return;
    io.err(promptOf(answers.length));
    answers.push(left.slice(0, end).trim());
    left = left.slice(end + 1);
  }
  if (left === "" || answers.length >= questionCount(options)) return;
  io.err(promptOf(answers.length));
  making.partial = left;
}

function extensionsOf(
  io: Io,
  options: Options,
  sections: Sections,
  subjects: Subjects,
): Uint8Array[] {
  const isCertificate = options.values.has("x509");
  const named =
    options.values.get(isCertificate ? "extensions" : "reqexts") ??
    valueOf(sections, "req", isCertificate ? "x509_extensions" : "req_extensions");
  const byDefault = [
    ["subjectKeyIdentifier", "hash"],
    ["authorityKeyIdentifier", "keyid:always,issuer"],
    ["basicConstraints", "critical,CA:true"],
  ] as const;
  const lines = [
    ...(named
      ? (sections.get(named) ?? [])
      : isCertificate && sections.size === 0
        ? byDefault
        : []),
    ...(options.all.get("addext") ?? []).map((one): [string, string] => {
      const equals = one.indexOf("=");
      return [one.slice(0, Math.max(0, equals)).trim(), one.slice(equals + 1).trim()];
    }),
  ];
  return lines.map(([name, value]) => {
    const made = extensionOf(name, value, sections, subjects);
    return typeof made === "string" ? fail(io, verb, made) : made;
  });
}

function finish(io: Io, options: Options, pem: string, answered: NamePart[] | undefined): number {
  const key = readPrivateKey(pem) as PrivateKey;
  const sections = sectionsOf(io, options);
  const { bytes: subject, skipped } = nameDer(
    answered ?? givenSubject(io, options, sections) ?? [],
  );
  for (const text of skipped) io.err(`${verb}: ${text}\n`);
  const publicKey = publicKeyDer(key);
  const extensions = extensionsOf(io, options, sections, { publicKey, issuerKey: publicKey });
  const { values } = options;
  if (!values.has("x509")) {
    const made = encodePem({
      type: "CERTIFICATE REQUEST",
      bytes: makeRequest(key, subject, extensions),
    });
    show(io, options, made);
    return 0;
  }
  const days = daysOf(io, verb, options);
  const now = io.sys.now;
  const bytes = makeCertificate(key, {
    subject,
    publicKey,
    issuer: subject,
    serial: randomSerial(() => io.sys.random()),
    notBefore: now,
    notAfter: now + days * dayMs,
    extensions,
  });
  if (!values.has("noout")) write(io, values.get("out"), encodePem({ type: "CERTIFICATE", bytes }));
  return 0;
}

/** What the options ask to see of a request. */
function show(io: Io, { values }: Options, pem: string): void {
  const request = readRequest(pem);
  if (!request) return;
  let text = "";
  if (values.has("text")) text += requestText(request);
  if (values.has("subject")) text += `subject=${nameText(request.subject)}\n`;
  if (values.has("modulus"))
    text += `Modulus=${digitsOf(modulusOf(request.publicKey)?.modulus.bytes.subarray(1) ?? new Uint8Array())}\n`;
  if (values.has("pubkey")) text += encodePem({ type: "PUBLIC KEY", bytes: request.publicKey.raw });
  if (!values.has("noout")) text += pem;
  write(io, values.get("out"), text);
}

/** A request that is there is read. */
export function readsRequest(io: Io): number {
  const options = requestOptions(io);
  const { values } = options;
  const file = values.get("in");
  const text = file === undefined ? io.stdin() : read(io, file, "certificate request");
  const request = readRequest(text);
  if (!request)
    fail(io, verb, `Unable to load X509 request${file === undefined ? "" : ` from ${file}`}`);
  const pem = encodePem({ type: "CERTIFICATE REQUEST", bytes: request.raw });
  if (values.has("verify")) {
    const parsed = parseRequest(pem);
    const isGood = typeof parsed !== "string" && signatureProblem(parsed) === undefined;
    io.err(`Certificate request self-signature ${isGood ? "verify OK" : "verify failure"}\n`);
    if (!isGood) return 1;
  }
  show(io, options, pem);
  return 0;
}

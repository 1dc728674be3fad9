/** Semantic versions. k8s: apiserver/pkg/cel/library/semverlib.go; blang/semver: Parse, Version.Compare */
import { goQuote } from "../../machinery/field.ts";
import { structType } from "../types.ts";
import { OpaqueValue, type Value } from "../values.ts";
import { failed, type CelFunction, type CelFunctions } from "./function.ts";

const semverType = structType("kubernetes.Semver");

class SemverValue extends OpaqueValue {
  readonly type = semverType;
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly pre: readonly (string | bigint)[];
  constructor(numbers: readonly [bigint, bigint, bigint], pre: readonly (string | bigint)[]) {
    super();
    this.numbers = numbers;
    this.pre = pre;
  }
  equals(other: this): boolean {
    return compare(this, other) === 0;
  }
}

const order = (a: bigint | string, b: bigint | string): -1 | 0 | 1 => (a < b ? -1 : a > b ? 1 : 0);

function compare(a: SemverValue, b: SemverValue): -1 | 0 | 1 {
  for (let i = 0; i < 3; i++) {
    const by = order(a.numbers[i]!, b.numbers[i]!);
    if (by !== 0) return by;
  }
  // A version is behind its releases to be.
  if (a.pre.length === 0) return b.pre.length === 0 ? 0 : 1;
  if (b.pre.length === 0) return -1;
  for (let i = 0; i < Math.min(a.pre.length, b.pre.length); i++) {
    const [x, y] = [a.pre[i]!, b.pre[i]!];
    if (typeof x !== typeof y) return typeof x === "bigint" ? -1 : 1;
    const by = order(x, y);
    if (by !== 0) return by;
  }
  return order(BigInt(a.pre.length), BigInt(b.pre.length));
}

function numberOf(text: string, name: string): bigint | string {
  if (!/^[0-9]+$/.test(text))
    return `Invalid character(s) found in ${name} number ${goQuote(text)}`;
  if (text.length > 1 && text.startsWith("0")) {
    return `${name[0]!.toUpperCase()}${name.slice(1)} number must not contain leading zeroes ${goQuote(text)}`;
  }
  const value = BigInt(text);
  return BigInt.asUintN(64, value) === value
    ? value
    : `strconv.ParseUint: parsing ${goQuote(text)}: value out of range`;
}

function preOf(text: string): bigint | string | { problem: string } {
  if (text === "") return { problem: "Prerelease is empty" };
  if (/^[0-9]+$/.test(text)) {
    return text.length > 1 && text.startsWith("0")
      ? { problem: `Numeric PreRelease version must not contain leading zeroes ${goQuote(text)}` }
      : BigInt(text);
  }
  return /^[0-9A-Za-z-]+$/.test(text)
    ? text
    : { problem: `Invalid character(s) found in prerelease ${goQuote(text)}` };
}

/** The version, or what is wrong with the text. */
function parsed(text: string): SemverValue | string {
  if (text === "") return "Version string empty";
  const dot = text.indexOf(".");
  const next = text.indexOf(".", dot + 1);
  if (dot < 0 || next < 0) return "No Major.Minor.Patch elements found";
  const major = numberOf(text.slice(0, dot), "major");
  if (typeof major === "string") return major;
  const minor = numberOf(text.slice(dot + 1, next), "minor");
  if (typeof minor === "string") return minor;
  const [, patchText, preText, buildText] = /^([^+-]*)(?:-([^+]*))?(?:\+(.*))?$/s.exec(
    text.slice(next + 1),
  )!;
  const patch = numberOf(patchText!, "patch");
  if (typeof patch === "string") return patch;
  const pre: (string | bigint)[] = [];
  for (const one of preText === undefined ? [] : preText.split(".")) {
    const made = preOf(one);
    if (typeof made === "object") return made.problem;
    pre.push(made);
  }
  for (const one of buildText === undefined ? [] : buildText.split(".")) {
    if (one === "") return "Build meta data is empty";
    if (!/^[0-9A-Za-z-]+$/.test(one)) {
      return `Invalid character(s) found in build meta data ${goQuote(one)}`;
    }
  }
  return new SemverValue([major, minor, patch], pre);
}

/** `v1.2` as `1.2.0`. */
function normalized(text: string): string | { problem: string } {
  const parts = (text.startsWith("v") ? text.slice(1) : text).split(".");
  const three = parts.length > 3 ? [...parts.slice(0, 2), parts.slice(2).join(".")] : parts;
  const plain = three.map((part) => {
    if (part.length < 2) return part;
    const rest = part.replace(/^0+/, "");
    return /^[0-9]/.test(rest) ? rest : `0${rest}`;
  });
  if (plain.length < 3 && /[+-]/.test(plain.at(-1)!)) {
    return { problem: "short version cannot contain PreRelease/Build meta data" };
  }
  while (plain.length < 3) plain.push("0");
  return plain.join(".");
}

/** A version of a device; its text was validated. */
export const semverValue = (text: string): SemverValue | undefined => {
  const found = parsed(text);
  return typeof found === "string" ? undefined : found;
};

function read(text: string, normalize: boolean): SemverValue | string {
  const plain = normalize ? normalized(text) : text;
  return typeof plain === "string" ? parsed(plain) : plain.problem;
}

const reading =
  (run: (found: SemverValue | string) => Value): CelFunction =>
  ([text, normalize = false]) =>
    typeof text === "string" && typeof normalize === "boolean"
      ? run(read(text, normalize))
      : undefined;

const ofOne =
  (run: (version: SemverValue) => Value): CelFunction =>
  ([a]) =>
    a instanceof SemverValue ? run(a) : undefined;
const ofTwo =
  (run: (order: -1 | 0 | 1) => Value): CelFunction =>
  ([a, b]) =>
    a instanceof SemverValue && b instanceof SemverValue ? run(compare(a, b)) : undefined;

export const versionFunctions: CelFunctions = {
  semver: reading((found) => (typeof found === "string" ? failed(found) : found)),
  isSemver: reading((found) => typeof found !== "string"),
  isGreaterThan: ofTwo((by) => by === 1),
  isLessThan: ofTwo((by) => by === -1),
  compareTo: ofTwo((by) => BigInt(by)),
  major: ofOne(({ numbers }) => numbers[0]),
  minor: ofOne(({ numbers }) => numbers[1]),
  patch: ofOne(({ numbers }) => numbers[2]),
};

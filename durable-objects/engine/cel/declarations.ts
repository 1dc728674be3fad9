/** What functions take and give: library-facts.json, read once. */
import facts from "./library-facts.json" with { type: "json" };
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  nullType,
  opaqueType,
  paramType,
  stringType,
  structType,
  timestampType,
  typeOf,
  typeType,
  uintType,
  type Type,
} from "./types.ts";

export interface Overload {
  readonly id: string;
  readonly member: boolean;
  readonly args: readonly Type[];
  readonly result: Type;
  /** Names of its type variables. */
  readonly variables: readonly string[];
}

const plain: Readonly<Record<string, Type>> = {
  bool: boolType,
  int: intType,
  uint: uintType,
  double: doubleType,
  string: stringType,
  bytes: bytesType,
  null_type: nullType,
  dyn: dynType,
  type: typeType,
  "google.protobuf.Duration": durationType,
  "google.protobuf.Timestamp": timestampType,
};

const { dyn: _dyn, ...named } = plain;

/** Types that are values where they are named. cel-go: common/stdlib stdTypes; k8s: cel.Types of IP and CIDR */
export const namedTypes: Readonly<Record<string, Type>> = {
  ...named,
  list: listOf(dynType),
  map: mapOf(dynType, dynType),
  optional_type: opaqueType("optional_type", dynType),
  "net.IP": opaqueType("net.IP"),
  "net.CIDR": opaqueType("net.CIDR"),
};

/** `map(<K>,list(string))` */
class Reader {
  readonly #text: string;
  #at = 0;
  readonly variables = new Set<string>();
  constructor(text: string) {
    this.#text = text;
  }
  takes(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }
  word(): string {
    const from = this.#at;
    while (this.#at < this.#text.length && !"(),<> ".includes(this.#text[this.#at]!)) this.#at++;
    return this.#text.slice(from, this.#at);
  }
  types(): Type[] {
    const out: Type[] = [];
    this.takes("(");
    while (!this.takes(")")) {
      out.push(this.type());
      this.takes(",");
    }
    return out;
  }
  type(): Type {
    if (this.takes("<")) {
      const name = this.word();
      this.takes(">");
      this.variables.add(name);
      return paramType(name);
    }
    const name = this.word();
    const of = this.#text[this.#at] === "(" ? this.types() : [];
    if (name === "list") return listOf(of[0]!);
    if (name === "map") return mapOf(of[0]!, of[1]!);
    if (name === "type" && of[0]) return typeOf(of[0]);
    if (Object.hasOwn(plain, name)) return plain[name]!;
    return name.startsWith("kubernetes.") ? structType(name) : opaqueType(name, ...of);
  }
}

function overload(text: string): Overload {
  const reader = new Reader(text);
  const id = reader.word();
  reader.takes(" ");
  const member = reader.takes(".");
  const args = reader.types();
  reader.takes(" ");
  const result = reader.type();
  return { id, member, args, result, variables: [...reader.variables] };
}

const table: Readonly<Record<string, readonly string[]>> = facts;
const read = new Map<string, readonly Overload[]>();

/** The overloads of a function in upstream's order; undefined: there is none of that name. */
export function overloadsOf(fn: string): readonly Overload[] | undefined {
  const known = read.get(fn);
  if (known || !Object.hasOwn(table, fn)) return known;
  const made = table[fn]!.map(overload);
  read.set(fn, made);
  return made;
}

/** Of functions that only expressions which make patches have. */
export const patchFunctions: ReadonlySet<string> = new Set(["jsonpatch.escapeKey"]);

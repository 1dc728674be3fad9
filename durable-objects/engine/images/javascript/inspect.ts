/** How Node.js shows values. node: lib/internal/util/inspect.js */
import { keysOf } from "./properties.ts";
import { dateIso, Obj, property, textOf, type Value } from "./values.ts";

/** Of a list so many are shown; lines longer than so many characters are broken. */
const itemsShown = 100;
const breakLength = 70;

const quoted = (text: string): string => {
  const quote = !text.includes("'") ? "'" : !text.includes('"') ? '"' : text.includes("`") ? "'" : "`"; // prettier-ignore
  const inner = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return quote + (quote === "'" ? inner.replaceAll("'", "\\'") : inner) + quote;
};

const keyText = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key));

function className(value: Obj): string {
  const build = property(value, "constructor");
  return build instanceof Obj ? textOf(build.props.get("name") ?? "") : "";
}

function plain(value: Exclude<Value, Obj>, top: boolean): string {
  if (typeof value === "string") return top ? value : quoted(value);
  return Object.is(value, -0) ? "-0" : String(value);
}

function fnText(value: Obj): string {
  const name = textOf(value.props.get("name") ?? "");
  if (value.home && value.props.get("prototype") === value.home) return `[class ${name || "(anonymous)"}]`; // prettier-ignore
  return name ? `[Function: ${name}]` : "[Function (anonymous)]";
}

function errorText(value: Obj): string {
  const stack = value.props.get("stack");
  return typeof stack === "string" && stack.includes("\n    at") ? stack : `[${textOf(value)}]`;
}

/** Parts in one line where they fit, else below each other. */
function together(open: string, parts: readonly string[], close: string, indent: number): string {
  if (parts.length === 0) return open + close;
  const length = parts.reduce((sum, part) => sum + part.length + 2, 0);
  const oneLine =
    length + open.length + indent <= breakLength && !parts.some((part) => part.includes("\n"));
  if (oneLine && parts.length <= 6) return `${open} ${parts.join(", ")} ${close}`;
  if (oneLine && open.endsWith("[")) return `${open}\n${grid(parts, indent)}\n${" ".repeat(indent)}${close}`; // prettier-ignore
  if (oneLine) return `${open} ${parts.join(", ")} ${close}`;
  const pad = " ".repeat(indent + 2);
  return `${open}\n${parts.map((part) => pad + part).join(",\n")}\n${" ".repeat(indent)}${close}`;
}

/** More than six in columns. node: groupArrayElements */
function grid(parts: readonly string[], indent: number): string {
  const lengths = parts.map((part) => part.length + 2);
  const longest = Math.max(...lengths);
  const total = lengths.reduce((a, b) => a + b, 0);
  const pad = " ".repeat(indent + 2);
  const bias = Math.sqrt(longest - total / parts.length);
  const columns = Math.max(1, Math.min(Math.round(Math.sqrt(2.5 * Math.max(longest - 2 - bias, 1) * parts.length) / Math.max(longest - 2 - bias, 1)), Math.floor((80 - indent) / longest), 16)); // prettier-ignore
  const rows: string[] = [];
  const numeric = parts.every((part) => /^-?\d/.test(part));
  for (let i = 0; i < parts.length; i += columns) {
    const row = parts.slice(i, i + columns).map((part, j) => {
      const last = i + j === parts.length - 1;
      const width = Math.max(...lengths.filter((_, at) => at % columns === j));
      const text = last ? part : `${part}, `;
      if (numeric) return text.padStart(last ? width - 2 : width);
      return j === columns - 1 || last ? text.trimEnd() : text.padEnd(width);
    });
    rows.push(pad + row.join("").trimEnd());
  }
  return rows.join("\n");
}

export function inspect(value: Value, depth = 2, top = true, above: readonly Obj[] = []): string {
  if (!(value instanceof Obj)) return plain(value, top);
  if (above.includes(value)) return "[Circular *1]";
  const indent = above.length * 2;
  const show = (one: Value): string => inspect(one, depth, false, [...above, value]);
  const pairs = (): string[] =>
    keysOf(value)
      .filter((key) => value.kind !== "array" || !/^\d+$/.test(key))
      .map((key) => `${keyText(key)}: ${show(value.props.get(key))}`);
  const name = className(value);
  const deep = above.length > depth;
  switch (value.kind) {
    case "function": {
      const own = pairs();
      return own.length === 0 || deep ? fnText(value) : together(`${fnText(value)} {`, own, "}", indent); // prettier-ignore
    }
    case "regex":
      return textOf(value);
    case "date": {
      const iso = dateIso(Number(value.data)) ?? "Invalid Date";
      return property(value, "$iso") === true ? `ISODate('${iso}')` : iso;
    }
    case "error": {
      const own = pairs();
      return own.length === 0 ? errorText(value) : together(`${errorText(value)} {`, own, "}", indent); // prettier-ignore
    }
    case "array": {
      if (deep) return "[Array]";
      const more = value.items.length - itemsShown;
      const items = value.items.slice(0, itemsShown).map(show);
      if (more > 0) items.push(`... ${more} more item${more > 1 ? "s" : ""}`);
      return together("[", [...items, ...pairs()], "]", indent);
    }
    case "map":
    case "set": {
      if (deep) return `[${name}]`;
      const entries = [...(value.table ?? [])].map(([key, item]) => (value.kind === "map" ? `${show(key)} => ${show(item)}` : show(key))); // prettier-ignore
      return together(`${name}(${entries.length}) {`, entries, "}", indent);
    }
    default:
      return objectText(value, name, deep, pairs, indent, show);
  }
}

function objectText(
  value: Obj,
  name: string,
  deep: boolean,
  pairs: () => string[],
  indent: number,
  show: (one: Value) => string,
): string {
  if (name === "Promise") {
    const state = value.props.get("state");
    const inner = state === 0 ? "<pending>" : `${state === 2 ? "<rejected> " : ""}${show(value.props.get("value"))}`; // prettier-ignore
    return `Promise { ${inner} }`;
  }
  if (name === "Buffer") {
    const bytes = [...textOf(value.props.get("text") ?? "")].map((c) => c.charCodeAt(0).toString(16).padStart(2, "0")); // prettier-ignore
    return `<Buffer${bytes.slice(0, 50).map((one) => ` ${one}`).join("")}${bytes.length > 50 ? ` ... ${bytes.length - 50} more bytes` : ""}>`; // prettier-ignore
  }
  if (value.hidden?.has("$oid")) return `${name}('${textOf(value.props.get("$oid"))}')`;
  const label = value.proto === null ? "[Object: null prototype] " : name === "Object" || name === "" ? "" : `${name} `; // prettier-ignore
  if (deep) return `[${name || "Object"}]`;
  return together(`${label}{`, pairs(), "}", indent);
}

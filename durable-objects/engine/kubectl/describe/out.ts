/** Text of a description: indented lines whose cells are aligned. k8s: kubectl/pkg/describe/describe.go PrefixWriter */
import { calendar, parseTime } from "../../core/clock.ts";
import type { Toleration } from "kubernetes-types/core/v1";
import { sortedKeys, byText } from "../go/json.ts";
import { TabWriter } from "../printers/tab-writer.ts";

export type Texts = Record<string, string>;

/** Shown where there is nothing. */
export const none = "<none>";
export const unset = "<unset>";
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
/** k8s: describe.go maxAnnotationLen */
const annotationMax = 140;

/** Characters that would act on a terminal are shown instead. k8s: cli-runtime/pkg/printers/terminal.go */
export const escapeTerminal = (text: string): string =>
  text.replaceAll("\u001b", "^[").replaceAll("\r", "\\r");

interface Condition {
  type: string;
  status: string;
  lastTransitionTime?: string | null;
  reason?: string;
  message?: string;
}

export class Out {
  readonly #writer = new TabWriter({ minimum: 0, padding: 2, remembers: false });
  readonly #unaligned: string[] | undefined;
  #base = 0;

  /** `aligned`: cells stand below each other; else the tabs between them stay. */
  constructor({ aligned = true } = {}) {
    if (!aligned) this.#unaligned = [];
  }

  /** A piece of text, two blanks for each level before it. */
  write(text: string, level = 0): void {
    const piece = escapeTerminal("  ".repeat(this.#base + level) + text);
    if (this.#unaligned) this.#unaligned.push(piece);
    else this.#writer.write(piece);
  }

  /** What is written within stands deeper, each piece of a line. */
  deeper(levels: number, write: () => void): void {
    this.#base += levels;
    write();
    this.#base -= levels;
  }

  /** Lines, each at the level. */
  lines(level: number, ...texts: string[]): void {
    for (const text of texts) this.write(`${text}\n`, level);
  }

  /** `label: value`, the value in its column. */
  field(label: string, value: unknown, level = 0): void {
    this.write(`${label}:\t${shown(value)}\n`, level);
  }

  /** A line of cells. */
  row(level: number, ...cells: unknown[]): void {
    this.write(`${cells.map(shown).join("\t")}\n`, level);
  }

  /** Rows under a header that is underlined, each column by as many dashes as it is told. */
  table(level: number, header: string, rows: readonly unknown[][], dashes?: string): void {
    this.write(`${header}\n`, level);
    this.write(`${dashes ?? header.replace(/[^\t]/g, "-")}\n`, level);
    for (const row of rows) this.row(level, ...row);
  }

  /** Rows of conditions below "Conditions:". */
  conditions(conditions: readonly Condition[], dashes?: string): void {
    const header = "Type\tStatus\tLastTransitionTime\tReason\tMessage";
    const rows = conditions.map(({ type, status, lastTransitionTime, reason, message }) => [
      type,
      status,
      dateText(lastTransitionTime),
      reason,
      message,
    ]);
    this.table(1, header, rows, dashes);
  }

  /** A title and a list below each other. */
  column(title: string, texts: readonly string[], indent?: string): void {
    this.write(`${indent ?? ""}${title}:\t`);
    if (texts.length === 0) this.write(`${none}\n`);
    texts.forEach((text, i) => {
      if (i && indent !== undefined) this.write(indent);
      if (i) this.write("\t");
      this.write(`${text}\n`);
    });
  }

  labels(title: string, labels: Texts | undefined, indent = ""): void {
    const found = labels ?? {};
    this.column(
      title,
      sortedKeys(found).map((key) => `${key}=${found[key]}`),
      indent,
    );
  }

  annotations(title: string, annotations: Texts | undefined): void {
    const found = annotations ?? {};
    const keys = sortedKeys(found).filter((key) => key !== lastApplied);
    const texts = keys.map((key) => {
      const value = (found[key] as string).replace(/\n$/, "");
      if (value.length + key.length + 2 <= annotationMax && !value.includes("\n"))
        return `${key}: ${value}`;
      const lines = value.split("\n").map((line) => `\t  ${shorten(line, annotationMax - 2)}`);
      return `${key}:\n${lines.join("\n")}`;
    });
    this.column(title, texts);
  }

  tolerations(title: string, tolerations: readonly Toleration[] = []): void {
    const sorted = tolerations.toSorted((a, b) => byText(a.key ?? "", b.key ?? ""));
    this.column(title, sorted.map(tolerationText));
  }

  /** Name, namespace, labels and annotations, as most descriptions begin. */
  head(
    { name, namespace, labels, annotations }: Meta,
    options: { namespaced?: boolean; before?: () => void } = {},
  ): void {
    this.field("Name", name);
    if (options.namespaced !== false) this.field("Namespace", namespace);
    options.before?.();
    this.labels("Labels", labels);
    this.annotations("Annotations", annotations);
  }

  text(): string {
    return this.#unaligned?.join("") ?? this.#writer.flush();
  }
}

export interface Meta {
  name?: string;
  namespace?: string;
  uid?: string;
  labels?: Texts;
  annotations?: Texts;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  ownerReferences?: { kind: string; name: string; uid: string; controller?: boolean }[];
}

function tolerationText(one: Toleration): string {
  const { key = "", value = "", effect = "", operator, tolerationSeconds } = one;
  const what = `${key}${value ? `=${value}` : ""}${effect ? `:${effect}` : ""}`;
  const exists = operator === "Exists" && !value ? `${what ? " " : ""}op=Exists` : "";
  const lasts = tolerationSeconds === undefined ? "" : ` for ${tolerationSeconds}s`;
  return `${what}${exists}${lasts}`;
}

export const shorten = (text: string, max: number): string =>
  text.length > max ? `${text.slice(0, max)}...` : text;

const shown = (value: unknown): string =>
  value === undefined || value === null
    ? ""
    : Array.isArray(value)
      ? `[${value.join(" ")}]`
      : String(value);

/** `a=1,b=2`. k8s: apimachinery/pkg/labels FormatLabels */
export function labelsText(labels: Texts | undefined): string {
  const found = labels ?? {};
  const texts = sortedKeys(found).map((key) => `${key}=${found[key]}`);
  return texts.join(",") || none;
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** `Thu, 01 Jan 2026 00:00:00 +0000`. Go: time.RFC1123Z */
export function dateText(time: string | null | undefined): string {
  const ms = parseTime(time ?? undefined);
  if (Number.isNaN(ms)) return "Mon, 01 Jan 0001 00:00:00 +0000";
  const { year, month, day, weekday, hour, minute, second } = calendar(ms);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${days[weekday]}, ${two(day)} ${months[month - 1]} ${year} ${[hour, minute, second].map(two).join(":")} +0000`;
}

/** `True`, `False`, or that it is not set. */
export const boolText = (value: boolean | undefined): string =>
  value === undefined ? unset : value ? "True" : "False";

export const controllerText = (meta: Meta): string | undefined => {
  const owner = controllerOf(meta);
  return owner && `${owner.kind}/${owner.name}`;
};

export const controllerOf = (
  meta: Meta,
): NonNullable<Meta["ownerReferences"]>[number] | undefined =>
  meta.ownerReferences?.find(({ controller }) => controller);

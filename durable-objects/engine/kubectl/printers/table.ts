/** Tables that the server made, as `kubectl get` prints them. k8s: cli-runtime/pkg/printers/tableprinter.go */
import { equal } from "../../core/equal.ts";
import { goText } from "../go/format.ts";
import { byText } from "../go/json.ts";
import type { KubeObject } from "../objects.ts";
import type { TabWriter } from "./tab-writer.ts";

export interface TableColumn {
  name: string;
  type?: string;
  format?: string;
  priority?: number;
}

export interface TableRow {
  cells: unknown[];
  object?: KubeObject;
}

export interface Table extends KubeObject {
  columnDefinitions: TableColumn[] | null;
  rows: TableRow[] | null;
}

export const isTable = (object: KubeObject): object is Table =>
  object.kind === "Table" && /^meta\.k8s\.io\//.test(object.apiVersion ?? "");

export interface TableOptions {
  noHeaders: boolean;
  withNamespace: boolean;
  /** Kind in lower case and group: names are printed as `deployment.apps/web`. */
  kind?: string;
  wide: boolean;
  showLabels: boolean;
  columnLabels: readonly string[];
}

/** What a printer remembers from one table to the next: plain JSON. */
export interface TableState {
  columns?: TableColumn[];
  headers?: boolean;
}

/** k8s: cli-runtime/pkg/printers/terminal.go EscapeTerminal */
export const escapeTerminal = (text: string): string =>
  text.replaceAll("\x1b", "^[").replaceAll("\r", "\\r");

export class TablePrinter {
  readonly #options: TableOptions;
  readonly state: TableState;

  constructor(options: TableOptions, state: TableState = {}) {
    this.#options = options;
    this.state = state;
  }

  /** Writes a table; headers where its columns are others than before. `event`: a watch's, as a first column. */
  print(table: Table, writer: TabWriter, event?: string): void {
    const { state } = this;
    const given = table.columnDefinitions ?? [];
    const same = given.length === 0 || equal(given, state.columns);
    const noHeaders = this.#options.noHeaders || (state.headers === true && same);
    if (given.length > 0 && !equal(given, state.columns)) {
      state.columns = given;
      state.headers = false;
    }
    const columns = given.length === 0 ? (state.columns ?? []) : given;
    const rows = table.rows ?? [];
    if (rows.length > 0) state.headers = true;
    const shown = decorated({ columns, rows }, this.#options);
    if (event !== undefined) addEvent(shown, event);
    writeTable(shown, writer, { ...this.#options, noHeaders });
  }
}

interface Shown {
  columns: TableColumn[];
  rows: TableRow[];
}

function addEvent(shown: Shown, event: string): void {
  shown.columns = [{ name: "Event", type: "string" }, ...shown.columns];
  shown.rows = shown.rows.map((row) => ({ ...row, cells: [event.padEnd(8), ...row.cells] }));
}

/** The last part of a label's name, as its column is called. */
const labelHeader = (label: string): string => (label.split("/").at(-1) ?? "").toUpperCase();

function decorated(shown: Shown, options: TableOptions): Shown {
  const { withNamespace, showLabels, columnLabels, kind } = options;
  const text = (name: string): TableColumn => ({ name, type: "string" });
  const columns = [
    ...(withNamespace ? [text("Namespace")] : []),
    ...shown.columns,
    ...columnLabels.map((label) => text(labelHeader(label))),
    ...(showLabels ? [text("Labels")] : []),
  ];
  const named = kind
    ? shown.columns.findIndex(({ format, type }) => format === "name" && type === "string")
    : -1;
  const rows = shown.rows.map((row) => {
    const own = row.cells.map((cell, i) => (i === named ? `${kind}/${goText(cell)}` : cell));
    const metadata = row.object?.metadata;
    const labels = metadata?.labels ?? {};
    const cells = [
      ...(withNamespace ? [metadata?.namespace ?? ""] : []),
      ...own,
      ...columnLabels.map((label) => labels[label] ?? ""),
      ...(showLabels ? [labelText(labels)] : []),
    ];
    return { ...row, cells };
  });
  return { columns, rows };
}

/** `a=b,c=d`; `<none>`. */
export function labelText(labels: Record<string, string> | undefined): string {
  const names = Object.keys(labels ?? {}).toSorted(byText);
  return names.length === 0 ? "<none>" : names.map((name) => `${name}=${labels?.[name]}`).join(",");
}

function writeTable({ columns, rows }: Shown, writer: TabWriter, options: TableOptions): void {
  const visible = columns.flatMap(({ priority }, i) => (options.wide || !priority ? [i] : []));
  if (!options.noHeaders) {
    if (rows.length === 0) return;
    writer.write(
      `${visible.map((i) => (columns[i] as TableColumn).name.toUpperCase()).join("\t")}\n`,
    );
  }
  for (const { cells } of rows) {
    const shown = visible.filter((i) => i < cells.length).map((i) => cellText(cells[i]));
    writer.write(`${shown.join("\t")}\n`);
  }
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  const text = typeof cell === "string" ? cell : goText(cell);
  const end = text.search(/[\f\n\r]/);
  return escapeTerminal(end < 0 ? text : `${text.slice(0, end)}...`);
}

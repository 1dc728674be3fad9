/** How results look: their format, and what stands between them. yq: pkg/yqlib/printer.go */
import type { Format, YqOptions } from "./command-line.ts";
import { wrong, type Work, type YqNode } from "./node.ts";
import { toYaml } from "./writing.ts";
import { toJson, toProps, toRows } from "./writing-other.ts";

export class Output {
  format: Format = "yaml";
  readonly #options: YqOptions;
  #last: string | undefined;

  constructor(options: YqOptions) {
    this.#options = options;
  }

  /** Formats that no option names follow from the first file's name. */
  choose(files: readonly string[]): void {
    const options = this.#options;
    const ending = /\.(json|props|properties|csv|tsv)$/.exec(files[0] ?? "")?.[1];
    const byName = ending === "properties" ? "props" : (ending as Format | undefined);
    options.input ??= byName ?? "yaml";
    this.format = options.output ?? options.input;
  }

  /** The next result begins a file. */
  fresh(): void {
    this.#last = undefined;
  }

  /** A result, with the separator before it where a document ends. */
  text(node: YqNode, work: Work): string {
    const { noSeparators } = this.#options;
    const place = `${node.origin.file} ${node.origin.document}`;
    const between =
      this.format === "yaml" &&
      !noSeparators &&
      this.#last !== undefined &&
      (this.#last !== place || (node.parent === undefined && node.pending))
        ? "---\n"
        : "";
    this.#last = place;
    return between + this.#body(node, work) + (this.#options.nulEnds ? "\0" : "");
  }

  #body(node: YqNode, work: Work): string {
    const { indent, pretty, unwrap, nulEnds } = this.#options;
    const ended = (text: string): string => (nulEnds ? text.replace(/\n$/, "") : text);
    switch (this.format) {
      case "json":
        if (unwrap && node.real.kind === "scalar") return ended(`${node.real.value}\n`);
        return ended(`${toJson(node, indent, work)}\n`);
      case "props":
        return toProps(node, work);
      case "csv":
      case "tsv":
        return toRows(node, this.format === "csv" ? "," : "\t");
      default:
        if (node.kind === "scalar" && unwrap !== false) {
          if (nulEnds && node.value.includes("\0"))
            return wrong(
              "can't serialize value because it contains NUL char and you are using NUL separated output",
            );
          return ended(`${node.value}\n`);
        }
        return ended(toYaml(node, { indent: indent || 2, pretty }, work));
    }
  }
}

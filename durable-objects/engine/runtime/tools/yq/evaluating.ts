/** From inputs to what is printed: documents one by one, or all at once. yq: pkg/yqlib/stream_evaluator.go, all_at_once_evaluator.go */
import type { YqOptions } from "./command-line.ts";
import { nothing, scalar, wrong, isNull, isTrue, type YqNode } from "./node.ts";
import type { Output } from "./output.ts";
import { parse, type Expr } from "./parser.ts";
import { documentsOf } from "./reading.ts";
import { propsDocument, rowsDocument } from "./reading-other.ts";
import type { Runner } from "./run.ts";

/** Something to print, or a file's new text. */
export interface Piece {
  text: string;
  file?: string;
}

type Pieces = Generator<Piece | undefined>;

function* documents(
  runner: Runner,
  options: YqOptions,
  name: string,
  file: number,
  text: string,
): Generator<YqNode> {
  runner.spend(text.length >> 4);
  const format = options.input;
  if (format === "props") yield propsDocument(text, { document: 0, file, fileName: name });
  else if (format === "csv" || format === "tsv")
    yield rowsDocument(text, format === "csv" ? "," : "\t", { document: 0, file, fileName: name });
  else
    for (const document of documentsOf(text, name, file, runner)) {
      // JSON's braces are no style.
      if (format === "json" && options.output === "yaml") plainStyle(document);
      yield document;
    }
}

function plainStyle(node: YqNode): void {
  node.style = "";
  node.content.forEach(plainStyle);
}

class Evaluation {
  readonly runner: Runner;
  readonly options: YqOptions;
  readonly output: Output;
  found = false;
  count = 0;
  text = "";

  constructor(runner: Runner, options: YqOptions, output: Output) {
    this.runner = runner;
    this.options = options;
    this.output = output;
  }

  *results(
    expression: Expr,
    nodes: YqNode[],
    together: boolean,
  ): Generator<Piece | undefined, void> {
    const work = this.runner.run(expression, { nodes, variables: new Map(), together });
    for (;;) {
      const next = work.next();
      if (!next.done) {
        yield undefined;
        continue;
      }
      for (const node of next.value) yield* this.#print(node);
      return;
    }
  }

  *#print(node: YqNode): Pieces {
    if (!isNull(node) && isTrue(node)) this.found = true;
    const { split } = this.options;
    if (split !== undefined) {
      yield* this.#toFile(node, split);
      return;
    }
    const text = this.output.text(node, this.runner);
    if (this.options.inPlace) this.text += text;
    else yield { text };
  }

  *#toFile(node: YqNode, split: string): Pieces {
    const index = scalar(this.count++, "!!int");
    const context = { nodes: [node], variables: new Map([["index", [index]]]), together: false };
    const work = this.runner.run(parse(split), context);
    let next = work.next();
    while (!next.done) {
      yield undefined;
      next = work.next();
    }
    const name = next.value[0]?.value ?? wrong("split-exp must return a string");
    const extension = this.output.format === "json" ? ".json" : ".yml";
    this.output.fresh();
    yield {
      file: /\.[^/.]+$/.test(name) ? name : name + extension,
      text: this.output.text(node, this.runner),
    };
  }
}

/** All that a run prints, in pieces; undefined: others may run. YqError. */
export function* evaluate(
  runner: Runner,
  options: YqOptions,
  expression: Expr,
  output: Output,
  textOf: (name: string) => string,
): Pieces {
  const one = new Evaluation(runner, options, output);
  const { files } = options;
  output.choose(files);
  if (options.nullInput) yield* one.results(expression, [nothing()], false);
  else if (options.together) {
    const all: YqNode[] = [];
    for (const [file, name] of files.entries())
      for (const document of documents(runner, options, name, file, textOf(name)))
        all.push(document);
    yield* one.results(expression, all, true);
  } else
    for (const [file, name] of files.entries()) {
      for (const document of documents(runner, options, name, file, textOf(name))) {
        yield* one.results(expression, [document], false);
      }
    }
  if (options.inPlace) yield { file: files[0]!, text: one.text };
  if (options.status && !one.found) wrong("no matches found");
}

/** `-o go-template`. k8s: cli-runtime/pkg/printers/template.go, pkg/genericclioptions/template_flags.go */
import { goQuote } from "../../../machinery/field.ts";
import { Failure } from "../../errors.ts";
import { goJson } from "../../go/json.ts";
import { Execution } from "./exec.ts";
import { parse } from "./parser.ts";
import type { Template } from "./tree.ts";
import { text, type Value } from "./values.ts";

export function parseTemplate(name: string, template: string): Template {
  try {
    return parse(name, template);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`error parsing template ${template}, ${error.message}`);
  }
}

/** A template that failed prints what it got as far as, and what it was given. */
export class TemplateFailure extends Failure {
  readonly printed: string;
  constructor(message: string, printed: string) {
    super(message);
    this.printed = printed;
  }
}

export function printTemplate(template: Template, data: unknown, allowMissing: boolean): string {
  const value = data as Value;
  const execution = new Execution(template, value, !allowMissing);
  try {
    execution.run(value);
    return execution.out;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const more =
      `Error executing template: ${error.message}. Printing more information for debugging the template:\n` +
      `\ttemplate was:\n\t\t${template.text}\n` +
      `\traw data was:\n\t\t${goJson(data)}\n` +
      `\tobject given to template engine was:\n\t\t${text(value)}\n\n`;
    throw new TemplateFailure(
      `error executing template ${goQuote(template.text)}: ${error.message}`,
      execution.out + more,
    );
  }
}

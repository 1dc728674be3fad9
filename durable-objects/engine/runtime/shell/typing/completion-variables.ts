/** Variables that a completion function reads. bash: pcomplete.c bind_compfunc_variables */
import type { CommandLine } from "../../readline/command-line.ts";
import type { Parameters } from "../parameters.ts";

const names = ["COMP_LINE", "COMP_POINT", "COMP_TYPE", "COMP_KEY", "COMP_CWORD", "COMP_WORDS"];
const [tab, question] = [9, 63];

/** Says what is completed; `lists`: a second Tab wants to see what fits. */
export function commandLineVariables(
  shell: Parameters,
  command: CommandLine,
  lists: boolean,
): void {
  shell.set("COMP_LINE", command.text);
  shell.set("COMP_POINT", String(command.point));
  shell.set("COMP_TYPE", String(lists ? question : tab));
  shell.set("COMP_KEY", String(tab));
  shell.set("COMP_CWORD", String(command.cword));
  shell.setList(
    "COMP_WORDS",
    command.words.map((word) => [null, word]),
    false,
  );
  delete shell.state.variables.COMPREPLY;
}

export function withoutCommandLine({ state }: Pick<Parameters, "state">): void {
  for (const name of [...names, "COMPREPLY"]) delete state.variables[name];
}

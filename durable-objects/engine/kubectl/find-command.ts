/** Which command a command line names. */
import { rootFacts, type CommandFacts } from "./facts.ts";
import { withoutFlags, withoutWord } from "./flags.ts";

/** The command that arguments name, and those that are left. cobra: command.go Find */
export function findCommand(args: readonly string[]): { command: CommandFacts; rest: string[] } {
  let command = rootFacts();
  let rest = [...args];
  for (;;) {
    const [word] = withoutFlags(command, rest);
    const next =
      word === undefined
        ? undefined
        : command.commands.find(({ name, aliases }) => name === word || aliases.includes(word));
    if (!next || word === undefined) return { command, rest };
    rest = withoutWord(command, rest, word);
    command = next;
  }
}

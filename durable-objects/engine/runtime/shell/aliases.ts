/** alias and unalias, and what aliases do to a text before it is parsed. */
import { SyntaxProblem } from "./ast.ts";
import { Parser } from "./parser.ts";
import { singleQuoted } from "./bash/quote.ts";
import type { Shell } from "./shell.ts";
import { quoted } from "./variable-builtins.ts";

export function alias(shell: Shell, argv: string[]): number {
  const table = (shell.state.aliases ??= {});
  let status = 0;
  if (argv.length === 1)
    for (const name of shell.bash ? Object.keys(table).sort() : Object.keys(table))
      shell.write(1, line(shell, name, table[name]!));
  for (const word of argv.slice(1)) {
    const equals = word.indexOf("=", 1);
    if (equals > 0) table[word.slice(0, equals)] = word.slice(equals + 1);
    else if (table[word] !== undefined) shell.write(1, line(shell, word, table[word]!));
    else {
      notAlias(shell, word);
      status = 1;
    }
  }
  return status;
}

const line = (shell: Shell, name: string, text: string): string =>
  shell.bash ? `alias ${name}=${singleQuoted(text)}\n` : `${name}=${quoted(text)}\n`;

export function unalias(shell: Shell, argv: string[]): number {
  if (argv[1] === "-a") {
    delete shell.state.aliases;
    return 0;
  }
  let status = 0;
  for (const name of argv.slice(1)) {
    if (shell.state.aliases?.[name] === undefined) {
      notAlias(shell, name, "unalias");
      status = 1;
    } else delete shell.state.aliases[name];
  }
  return status;
}

/**
 * The text with the aliases of the complete command at an offset written out: frames name nodes by text and offset, and
 * must find the same tree when aliases have changed.
 */
export function withAliases(shell: Shell, text: string, offset: number): string {
  const { aliases } = shell.state;
  if (!aliases || Object.keys(aliases).length === 0) return text;
  // A bash that runs a script has aliases only when it is told.
  if (shell.bash && !shell.state.interactive && !shell.shopt("expand_aliases")) return text;
  const parser = new Parser(text, offset, {
    bash: shell.bash,
    ext: shell.shopt("extglob"),
  });
  parser.aliases = aliases;
  try {
    parser.unit();
  } catch (error) {
    // Whoever parses the outcome finds the same.
    if (!(error instanceof SyntaxProblem)) throw error;
  }
  return parser.text;
}

function notAlias(shell: Shell, name: string, builtin = "alias"): void {
  if (shell.state.flavour === "bash") shell.complain(`${name}: not found`);
  else shell.write(2, `${builtin}: ${name} not found\n`);
}

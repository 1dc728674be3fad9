/** vi's command line. */
import type { Sys } from "../../kernel/types.ts";

export interface Arguments {
  files: string[];
  /** Ex commands for the first file. */
  begin: string[];
  readonly: boolean;
  /** File of settings. */
  settings?: string;
  /** To be printed, and that is all; with an exit code. */
  print?: string;
  code?: number;
}

const version = `VIM - Vi IMproved 9.0 (2022 Jun 28)
A subset of it: no swap files, no windows, no scripts, no colours.
`;

const usage = `Usage: vi [arguments] [file ..]
   --\t\t\tOnly file names after this
   -R\t\t\tReadonly mode (like "view")
   -u <vimrc>\t\tUse <vimrc> instead of any .vimrc
   +\t\t\tStart at end of file
   +<lnum>\t\tStart at line <lnum>
   -c <command>\t\tExecute <command> after loading the first file
   -h  or  --help\tPrint Help (this message) and exit
   --version\t\tPrint version information and exit
`;

/** Options that change nothing here; those of the second kind have an argument. */
const accepted =
  /^-(?:n|N|C|X|Z|m|M|b|l|L|f|v|e|E|s|y|A|H|D|V\d*|-noplugin|-clean|-not-a-term|[oOp]\d*)$/;
const acceptedWithValue = /^-(?:i|T|w|W|S|t|-cmd)$/;

export function argumentsOf(sys: Sys): Arguments {
  const name = (sys.argv[0] ?? "").replace(/^.*\//, "");
  const out: Arguments = { files: [], begin: [], readonly: name === "view" };
  const words = sys.argv.slice(1);
  let isName = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (isName || word === "-" || !/^[-+]/.test(word)) out.files.push(word);
    else if (word === "--") isName = true;
    else if (word.startsWith("+")) out.begin.push(word === "+" ? "$" : word.slice(1));
    else if (word === "-c") out.begin.push(words[++i] ?? "");
    else if (word === "-u") out.settings = words[++i] ?? "NONE";
    else if (word === "-R") out.readonly = true;
    else if (word === "-h" || word === "--help") return { ...out, print: version + usage, code: 0 };
    else if (word === "--version") return { ...out, print: version, code: 0 };
    else if (acceptedWithValue.test(word)) i++;
    else if (!accepted.test(word))
      return {
        ...out,
        print: `VIM - Vi IMproved 9.0 (2022 Jun 28)\nUnknown option argument: "${word}"\nMore info with: "vim -h"\n`,
        code: 1,
      };
  }
  return out;
}

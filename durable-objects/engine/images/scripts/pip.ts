/** pip of an image whose package index cannot be looked up. */
import { Errno } from "../../runtime/errno.ts";
import { upTo } from "../../core/trim.ts";
import { tool, type Io } from "../../runtime/tools/tool.ts";

const version = "25.3";
/** pip: `--retries`. */
const retries = 5;

/** The first requirement of a file. */
function required(io: Io, path: string): string | undefined {
  try {
    const lines = io.sys.readFile(path).split("\n");
    return lines.map((line) => line.trim()).find((line) => line !== "" && !/^[#-]/.test(line));
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    io.err(
      `ERROR: Could not open requirements file: [Errno 2] No such file or directory: '${path}'\n`,
    );
    return undefined;
  }
}

function install(io: Io, words: readonly string[]): number {
  let file: string | undefined;
  let first: string | undefined;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "-r" || word === "--requirement") file ??= words[++i] ?? "";
    else if (/^(-i|--index-url|-t|--target|-c|--constraint)$/.test(word)) i++;
    else if (!word.startsWith("-")) first ??= word;
  }
  if (first === undefined && file === undefined)
    io.err('ERROR: You must give at least one requirement to install (see "pip help install")\n');
  first ??= file === undefined ? undefined : required(io, file);
  return first === undefined ? 1 : fail(io, first);
}

function fail(io: Io, wanted: string): number {
  const name = upTo(wanted, "<>=~![;");
  const path = `/simple/${name.toLowerCase().replaceAll("_", "-")}/`;
  for (let left = retries - 1; left >= 0; left--)
    io.err(
      `WARNING: Retrying (Retry(total=${left}, connect=None, read=None, redirect=None, status=None)) after connection broken by 'NameResolutionError("HTTPSConnection(host='pypi.org', port=443): Failed to resolve 'pypi.org' ([Errno -3] Temporary failure in name resolution)")': ${path}\n`,
    );
  io.err(
    `ERROR: Could not find a version that satisfies the requirement ${wanted} (from versions: none)\nERROR: No matching distribution found for ${name}\n`,
  );
  return 1;
}

export const pip = tool("pip", (io) => {
  const [verb, ...words] = io.args;
  const python = io.sys.env.PYTHON_VERSION?.split(".").slice(0, 2).join(".") ?? "3.14";
  switch (verb) {
    case "install":
    case "download":
      return install(io, words);
    case "list":
      return void io.out(`Package Version\n------- -------\npip     ${version}\n`);
    case "freeze":
      return undefined;
    case "-V":
    case "--version":
      return void io.out(
        `pip ${version} from /usr/local/lib/python${python}/site-packages/pip (python ${python})\n`,
      );
    case undefined:
    case "help":
    case "--help":
      return void io.out("\nUsage:   \n  pip <command> [options]\n");
    default:
      io.err(`ERROR: unknown command "${verb}"\n`);
      return 1;
  }
});

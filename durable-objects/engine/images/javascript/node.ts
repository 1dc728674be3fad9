/** The command node: a text of the command line or a file, and the image. */
import { Errno } from "../../runtime/errno.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import { commandEntry } from "../command-entry.ts";
import { fullPath, languageImage, languageVersion, prompt } from "../languages.ts";
import { nodeHandles, nodeHttp, nodeSignal, runNode, takeNode, type NodeState } from "./node-script.ts"; // prettier-ignore

/** A file as Node.js finds it: `server` is server.js too, a folder its index.js. */
function nodeFile(sys: Sys, path: string): string {
  const full = fullPath(sys, path.replace(/^\.\//, ""));
  const found = [full, `${full}.js`, `${full.replace(/\/\.?$/, "")}/index.js`];
  return found.find((one) => sys.peek(one)?.type === "f") ?? full;
}

function fromFile(sys: Sys, path: string, words: string[]): NodeState {
  try {
    const file = nodeFile(sys, path);
    return takeNode(sys, file, sys.readFile(file), words);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    sys.complain(
      `node:internal/modules/cjs/loader:1210\n  throw err;\n  ^\n\nError: Cannot find module '${fullPath(sys, path)}'\n    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15) {\n  code: 'MODULE_NOT_FOUND',\n  requireStack: []\n}\n\nNode.js v${sys.container.image.version}\n`,
    );
    return { exitCode: 1 };
  }
}

function begin(sys: Sys): NodeState {
  const words = sys.argv.slice(1);
  // What V8 and warnings are told is not for us.
  const own = /^--(?!(eval|print|version)$)[a-z-]+/;
  while (words.length > 1 && own.test(words[0] ?? "")) words.shift();
  const [first = "", text = "", ...rest] = words;
  if (/^(--version|-V|-v)$/.test(first)) {
    sys.write(1, `v${languageVersion(sys, "node")}\n`);
    return { exitCode: 0 };
  }
  if (/^(-e|--eval)$/.test(first)) return takeNode(sys, "[eval]", text, rest);
  if (/^(-p|--print|-pe)$/.test(first))
    return takeNode(sys, "[eval]", `console.log(${text})`, rest);
  if (first !== "" && !first.startsWith("-")) return fromFile(sys, first, words.slice(1));
  return prompt(sys, "node", "-e 'console.log(1)'");
}

const node: Program<NodeState> = {
  name: "node",
  storedNames: { fields: { exitCode: "x" } },
  start: begin,
  step: (sys, state) => (state.node ? runNode(sys, state) : { exit: state.exitCode ?? 1 }),
  handles: (state, signal) => state !== undefined && nodeHandles(state, signal),
  signal: nodeSignal,
  http: nodeHttp,
  memoryBytes: () => 36_000_000,
};

export const nodeImage = languageImage(
  "node",
  {
    series: {
      0: 12,
      4: 9,
      6: 17,
      8: 17,
      10: 24,
      12: 22,
      14: 21,
      16: 20,
      18: 20,
      20: 19,
      22: 21,
      24: 11,
      25: 2,
    },
    latest: "25.2.0",
    names: { lts: "24.11.1", current: "25.2.0" },
  },
  () => ({
    "/usr/local/bin/node": { program: "node" },
    "/usr/local/bin/nodejs": { link: "node" },
    "/usr/local/bin/docker-entrypoint.sh": { program: "node-entrypoint" },
  }),
  (version) => ({
    entrypoint: ["docker-entrypoint.sh"],
    cmd: ["node"],
    env: { NODE_VERSION: version, YARN_VERSION: "1.22.22" },
    sizeBytes: 62_000_000,
  }),
  [node, commandEntry("node-entrypoint", "/usr/local/bin/docker-entrypoint.sh: 8", "node")],
);

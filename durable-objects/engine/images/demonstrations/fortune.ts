/** The sayings of Kubernetes in Action: every so often one is written into a file, which a web server beside it serves. */
import { buildLayer } from "../../runtime/fs/layer.ts";
import { alpineFiles, debianFiles, runtimeFiles } from "../../runtime/image/base-files.ts";
import { tool } from "../../runtime/tools/tool.ts";
import type { ImageDefinition } from "../define.ts";

const sayings = [
  "A Pod that nobody asks for runs as long as one that everybody asks for.",
  "What is not declared will be reconciled away.",
  "He who deletes the Namespace deletes what is in it.",
  "A probe that always passes has nothing to say.",
  "The second replica is for the first node's bad day.",
  "Labels are cheap; selectors are promises.",
];

const fortune = tool("fortune", (io) => {
  io.out(`${sayings[Math.floor(io.sys.random() * sayings.length)]}\n`);
});

const script = (text: string): { text: string; mode: number } => ({ text, mode: 0o755 });

const loop = (line: string, seconds: string, command: string): string =>
  `while :; do\n  echo "$(date) ${line}"\n  ${command}\n  sleep ${seconds}\ndone\n`;

const page = "/var/htdocs/index.html";

/** What fortuneloop.sh does in each tag: with a fixed interval, one of its arguments, one of its environment. */
const fortuneScript = (tag: string): string => {
  const seconds = tag === "latest" ? "10" : tag === "args" ? '"$1"' : '"$INTERVAL"';
  const told =
    tag === "latest" ? "" : `echo Configured to generate new fortune every ${seconds} seconds\n`;
  return `#!/bin/bash\ntrap exit INT\n${told}mkdir -p /var/htdocs\n${loop(`Writing fortune to ${page}`, seconds, `/usr/games/fortune > ${page}`)}`;
};

const fortuneLayers = new Map(
  ["latest", "args", "env"].map((tag) => [
    tag,
    buildLayer(
      debianFiles({ version: "20.04", codename: "focal", id: "ubuntu" }),
      {
        "/usr/games/fortune": { program: "fortune" },
        "/usr/bin/fortuneloop.sh": script(fortuneScript(tag)),
      },
      runtimeFiles,
    ),
  ]),
);

const fortuneImage: ImageDefinition = {
  repositories: ["docker.io/luksa/fortune"],
  resolveTag: (tag) => (fortuneLayers.has(tag) ? tag : undefined),
  version: (version) => ({
    version,
    entrypoint:
      version === "latest" ? ["/bin/sh", "-c", "/bin/fortuneloop.sh"] : ["/bin/fortuneloop.sh"],
    cmd: version === "args" ? ["10"] : [],
    env: {},
    layer: fortuneLayers.get(version)!,
    sizeBytes: 56_000_000,
  }),
  programs: [fortune],
};

const writer = `#!/bin/sh
trap exit INT
INTERVAL=\${INTERVAL:-60}
INPUT_FILE=\${INPUT_FILE:-/book-quotes.txt}
OUTPUT_FILE=\${1:-/var/local/output/quote}
echo "Quote Writer 0.1"
echo "Configured to write quote from \${INPUT_FILE} to $OUTPUT_FILE every $INTERVAL seconds"
${loop("Writing fortune...", "$INTERVAL", "fortune $INPUT_FILE > $OUTPUT_FILE")}`;

const writerLayer = buildLayer(
  alpineFiles("3.15.0"),
  {
    "/usr/bin/fortune": { program: "fortune" },
    "/docker_entrypoint.sh": script(writer),
    "/book-quotes.txt": sayings.join("\n%\n"),
    "/var/local/output": { dir: true },
  },
  runtimeFiles,
);

const quoteWriterImage: ImageDefinition = {
  repositories: ["docker.io/luksa/quote-writer"],
  resolveTag: (tag) => (tag === "0.1" || tag === "latest" ? "0.1" : undefined),
  version: (version) => ({
    version,
    entrypoint: ["/docker_entrypoint.sh"],
    cmd: [],
    env: {},
    layer: writerLayer,
    sizeBytes: 6_000_000,
  }),
};

export const fortuneImages = [fortuneImage, quoteWriterImage];

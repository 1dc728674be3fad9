/** kubia, the app of the first Kubernetes in Action: it says which Pod was hit; some of its images fail, one keeps data. */
import { Errno } from "../../runtime/errno.ts";
import { buildLayer } from "../../runtime/fs/layer.ts";
import { debianFiles, debianReleases, runtimeFiles } from "../../runtime/image/base-files.ts";
import type { HttpRequest } from "../../runtime/kernel/state.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import type { ImageDefinition } from "../define.ts";
import { keptServer, remember, type KeptState } from "../serving/kept-server.ts";
import { answer } from "../serving/small-server.ts";

interface State extends KeptState {
  /** Requests so far. */
  requests: number;
}

type Reply = string | { failed: string };

/** What an image says; `count` is the number of the request. */
type Says = (sys: Sys, count: number, request: HttpRequest) => Reply;

const hit: Says = (sys) => `You've hit ${sys.container.hostname}\n`;
const runs: Says = (sys) =>
  `This is ${sys.container.image.version} running in pod ${sys.container.hostname}\n`;

/** Requests after which they fail. */
const unhealthyAfter = 5;
const v3After = 4;

const kubia: Says = (sys, count, request) => {
  const { version } = sys.container.image;
  if (version === "latest") return hit(sys, count, request);
  if (version !== "v3" || count <= v3After) return runs(sys, count, request);
  const { hostname } = sys.container;
  return { failed: `Some internal error has occurred! This is pod ${hostname}\n` };
};

const unhealthy: Says = (sys, count, request) =>
  count > unhealthyAfter
    ? { failed: "I'm not well. Please restart me!" }
    : hit(sys, count, request);

const dataFile = "/var/data/kubia.txt";

const pet: Says = (sys, count, request) => {
  const { hostname } = sys.container;
  if (request.method === "POST") {
    try {
      sys.writeFile(dataFile, request.body);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return { failed: `Error: ${error.code}: open '${dataFile}'\n` };
    }
    sys.write(1, "New data has been received and stored.\n");
    return `Data stored on pod ${hostname}\n`;
  }
  let data = "No data posted yet";
  try {
    data = sys.readFile(dataFile);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
  return `${hit(sys, count, request) as string}Data stored on this pod: ${data}\n`;
};

function server(program: string, says: Says): Program<State> {
  const made = keptServer<State>({
    program,
    storedNames: { fields: { exitCode: "x", requests: "n" } },
    memoryMib: 30,
    term: 143,
    title: "node app.js",
    start(sys) {
      sys.write(1, "Kubia server starting...\n");
      return { state: { requests: 0 }, ports: [8080] };
    },
    answer(sys, state, request) {
      sys.write(1, `Received request from ::ffff:${request.clientIp}\n`);
      state.requests++;
      remember(sys);
      const reply = says(sys, state.requests, request);
      return typeof reply === "string" ? answer(reply) : answer(reply.failed, undefined, 500);
    },
  });
  // Node catches nothing, and what the first process does not catch does not end it.
  return { ...made, handles: () => false };
}

function image(name: string, tags: RegExp, says: Says): ImageDefinition {
  const layer = buildLayer(
    debianFiles(debianReleases.buster!),
    {
      "/usr/local/bin/node": { program: name },
      "/usr/bin/curl": { program: "curl" },
      "/usr/bin/wget": { program: "wget" },
      "/usr/bin/ps": { program: "ps" },
      "/app.js": "",
    },
    runtimeFiles,
  );
  return {
    repositories: [`docker.io/luksa/${name}`],
    resolveTag: (tag) => (tags.test(tag) ? tag : undefined),
    version: (version) => ({
      version,
      entrypoint: ["node", "app.js"],
      cmd: [],
      env: {},
      layer,
      sizeBytes: 260_000_000,
    }),
    programs: [server(name, says)],
  };
}

export const kubiaImages = [
  image("kubia", /^(latest|v[1-4])$/, kubia),
  image("kubia-unhealthy", /^latest$/, unhealthy),
  image("kubia-pet", /^latest$/, pet),
];

import * as v from "valibot";
import {
  terminalProtocol,
  type EdgeRequest,
  type RunRequest,
  type TerminalRequest,
} from "../../durable-objects/edge-request.ts";
import { terminalCellsMax } from "../../durable-objects/engine/core/limits.ts";
import { EdgeError } from "../errors.ts";
import {
  runCommandCharsMax,
  runSecondsDefault,
  runSecondsMax,
  runStdinCharsMax,
} from "../limits.ts";
import type { Call, Row } from "../route.ts";
import { askObject } from "../ask-object.ts";
import { asksForSocket, subprotocolsOf } from "../streams/stream-messages.ts";
import { refuseForeignSocket } from "../streams/foreign-socket.ts";
import { used } from "./sandboxes.ts";

/** Terminals of a sandbox, and lines that are run in a shell on its control plane. */

const terminal = v.object({
  name: v.string(),
  /** `node/NAME`, or `pod/NAMESPACE/NAME/CONTAINER`. */
  machine: v.string(),
  cols: v.number(),
  rows: v.number(),
  position: v.number(),
  exitCode: v.optional(v.number()),
});

const running = v.strictObject({
  command: v.pipe(
    v.string("command must be a text"),
    v.maxLength(runCommandCharsMax, `command must be at most ${runCommandCharsMax} characters`),
  ),
  stdin: v.optional(
    v.pipe(
      v.string("stdin must be a text"),
      v.maxLength(runStdinCharsMax, `stdin must be at most ${runStdinCharsMax} characters`),
    ),
  ),
  timeoutSeconds: v.optional(
    v.pipe(
      v.number("timeoutSeconds must be a number"),
      v.minValue(1, `timeoutSeconds must be from 1 to ${runSecondsMax}`),
      v.maxValue(runSecondsMax, `timeoutSeconds must be from 1 to ${runSecondsMax}`),
    ),
  ),
});

const ran = v.object({ stdout: v.string(), stderr: v.string(), exitCode: v.number() });

export const terminalRoutes: Row[] = [
  {
    method: "POST",
    path: "/api/sandboxes/:id/run",
    who: "use",
    scope: "sandboxes:write",
    title: "Run a line in a shell on the control plane",
    body: running,
    bodyBytesMax: 4 * (runCommandCharsMax + runStdinCharsMax),
    answers: { 200: { text: "What it printed; 124: it took too long", schema: ran } },
    handle: (call) => run(call as Call<v.InferOutput<typeof running>>),
  },
  {
    method: "GET",
    path: "/api/sandboxes/:id/terminals",
    who: "use",
    scope: "sandboxes:read",
    title: "List the terminals",
    answers: { 200: { text: "By name", schema: v.object({ terminals: v.array(terminal) }) } },
    handle: listTerminals,
  },
  {
    method: "GET",
    path: "/api/sandboxes/:id/terminals/:name",
    who: "use",
    scope: "sandboxes:write",
    title: "Show a terminal on a WebSocket; one that is not there begins",
    query: {
      machine: "node/NAME, or pod/NAMESPACE/NAME/CONTAINER; without it the control plane",
      cols: "Columns of the screen",
      rows: "Rows of the screen",
      position: "Bytes of the terminal that the screen has seen already",
    },
    answers: {
      101: {
        text: "Binary messages are the terminal's bytes; text messages JSON: {position, cols, rows, lost?, dropped?, exitCode?} from here, {resize?: {cols, rows}, shown?} from there",
      },
      426: { text: "It is no WebSocket" },
    },
    handle: showTerminal,
  },
  {
    method: "DELETE",
    path: "/api/sandboxes/:id/terminals/:name",
    who: "use",
    scope: "sandboxes:write",
    title: "Close a terminal: what runs in it hears that it hung up",
    answers: { 204: { text: "It is closed" } },
    handle: closeTerminal,
  },
];

const controlPlane = "control-plane";

/** What the object says to somebody who uses the sandbox. */
function asked(call: Call, edge: Partial<EdgeRequest>, init?: RequestInit): Promise<Response> {
  call.later(used(call.env, call.access.sandbox, call.now));
  return askObject(call, edge, init);
}

async function run(call: Call<v.InferOutput<typeof running>>): Promise<Response> {
  const { command, stdin, timeoutSeconds = runSecondsDefault } = call.body;
  const line: RunRequest = {
    node: controlPlane,
    command,
    timeoutMs: timeoutSeconds * 1_000,
    ...(stdin !== undefined && { stdin }),
  };
  const response = await asked(call, { run: line });
  return call.json(await response.json());
}

const nameShape = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;

function nameIn(call: Call): string {
  const name = call.param("name");
  if (nameShape.test(name)) return name;
  throw new EdgeError(
    400,
    'a terminal\'s name has at most 32 of a-z, 0-9 and "-", with a letter or digit at both ends',
  );
}

async function listTerminals(call: Call): Promise<Response> {
  const response = await asked(call, { terminals: "list" });
  return call.json(await response.json());
}

async function closeTerminal(call: Call): Promise<Response> {
  await asked(call, { terminals: { close: nameIn(call) } });
  return call.nothing();
}

async function showTerminal(call: Call): Promise<Response> {
  const { request } = call;
  refuseForeignSocket(request, call.env);
  const name = nameIn(call);
  if (!asksForSocket(request.headers)) {
    throw new EdgeError(426, "a terminal is shown on a WebSocket: ask for an upgrade");
  }
  const wanted: TerminalRequest = {
    name,
    place: placeOf(call.c.req.query("machine") ?? `node/${controlPlane}`),
    cols: call.number("cols", 1, terminalCellsMax) ?? 80,
    rows: call.number("rows", 1, terminalCellsMax) ?? 24,
  };
  const position = call.number("position", 0, Number.MAX_SAFE_INTEGER);
  if (position !== undefined) wanted.position = position;
  const headers = new Headers({ upgrade: "websocket" });
  if (subprotocolsOf(request.headers).includes(terminalProtocol))
    headers.set("sec-websocket-protocol", terminalProtocol);
  return asked(call, { terminal: wanted }, { headers });
}

function placeOf(machine: string): TerminalRequest["place"] {
  const [kind, ...names] = machine.split("/");
  const [first, second, third] = names;
  if (kind === "node" && names.length === 1 && first) return { node: first };
  if (kind === "pod" && names.length === 3 && first && second && third)
    return { pod: `${first}/${second}`, container: third };
  throw new EdgeError(400, "machine must be node/NAME or pod/NAMESPACE/NAME/CONTAINER", "machine");
}

/** Hands over what goes between the two ends of logins from node to node (node/links.ts). */
import { sessionOutputBytesMax } from "../core/limits.ts";
import type { Node } from "../kinds/node.ts";
import { nodeIsDown } from "../kinds/node-machine.ts";
import { bytesOf, binaryOf } from "./bytes.ts";
import { PodKernel } from "./kernel/kernel.ts";
import type { RuntimeContext } from "./kernel/types.ts";
import type { PodRecord } from "./kernel/state.ts";
import { startExec } from "./launch.ts";
import { machineContainer, openMachine } from "./machine.ts";
import { machineKey, nodeOfKey } from "./machine-key.ts";
import { type Link, link, linkHasNews, links, putLink, removeLink } from "./node/links.ts";
import {
  sessionCloseInput,
  sessionEnd,
  sessionInput,
  sessionOutput,
  sessionResize,
} from "./sessions.ts";

/** Moves what there is for and from a machine's logins. To be called while no process runs. */
export function syncLinks(context: RuntimeContext, node: string): void {
  for (const [handle, found] of links(context.records)) {
    if (found.to === node) serve(context, handle, found);
    else if (found.from === machineKey(node) && !clientLives(context, found))
      context.wakePod(machineKey(found.to));
  }
}

/** The machine has lost its power: its logins are over at both ends. */
export function dropLinks(context: RuntimeContext, node: string): void {
  for (const [handle, found] of links(context.records)) {
    if (found.to === node) {
      putLink(context.records, handle, { ...found, lost: true });
      tellClient(context, handle);
    } else if (found.from === machineKey(node)) context.wakePod(machineKey(found.to));
  }
}

function serve(context: RuntimeContext, handle: string, given: Link): void {
  const { records } = context;
  const pod = machineKey(given.to);
  if (!clientLives(context, given)) {
    if (given.session !== undefined) sessionEnd(context, pod, given.session);
    removeLink(records, handle);
    return;
  }
  if (given.exit !== undefined || given.lost) return tellClient(context, handle);
  const session = given.session ?? begin(context, handle, given);
  if (session === undefined) return tellClient(context, handle);
  if (given.cols && given.rows) sessionResize(context, pod, session, given.cols, given.rows);
  if (given.input !== "") sessionInput(context, pod, session, bytesOf(given.input));
  if (given.inputEnded) sessionCloseInput(context, pod, session);
  const { inputEnded: _ended, ...rest } = given;
  const next: Link = { ...rest, session, input: "" };
  if (next.stdout.length + next.stderr.length < sessionOutputBytesMax) {
    const output = sessionOutput(context, pod, session);
    next.stdout += output ? binaryOf(output.stdout) : "";
    next.stderr += output ? binaryOf(output.stderr) : "";
    if (!output) next.lost = true;
    else if (output.exit !== undefined) next.exit = output.exit;
  }
  if (JSON.stringify(next) !== JSON.stringify(given)) putLink(records, handle, next);
  const due = records.get<PodRecord>("runtime", pod)?.due;
  if (due !== undefined) context.wakePod(pod, due);
  tellClient(context, handle);
}

function clientLives(context: RuntimeContext, { from, process }: Link): boolean {
  if (nodeIsDown(context.reader, nodeOfKey(from) ?? "")) return false;
  const client = context.records.get<PodRecord>("runtime", from)?.processes[process];
  return client !== undefined && client.exitStatus === undefined && client.program === "ssh";
}

/** Starts the command; its session. */
function begin(context: RuntimeContext, handle: string, given: Link): string | undefined {
  const node = context.reader.get<Node>("nodes", "", given.to);
  if (!node || nodeIsDown(context.reader, given.to)) {
    putLink(context.records, handle, { ...given, lost: true });
    return undefined;
  }
  const kernel = openMachine(context, node);
  const { command, tty, cols, rows } = given;
  const size = { ...(cols ? { cols } : {}), ...(rows ? { rows } : {}) };
  const started = startExec(kernel, machineContainer, { command, tty, stdin: true, ...size });
  kernel.touch();
  kernel.run();
  kernel.save();
  if (!("error" in started)) return started.session;
  putLink(context.records, handle, { ...given, stderr: `${started.error}\n`, exit: 255 });
  return undefined;
}

/** Lets the client see what came for it. */
function tellClient(context: RuntimeContext, handle: string): void {
  const known = link(context.records, handle);
  if (!known || !linkHasNews(context.records, handle)) return;
  const kernel = PodKernel.load(context, known.from);
  if (!kernel) return;
  kernel.run();
  kernel.save();
  // Its CPU may be ahead of the cluster's time: then it takes what came when time has come so far.
  context.wakePod(known.from, kernel.pod.due);
}

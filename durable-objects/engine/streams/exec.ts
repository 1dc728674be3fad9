/** pods/exec and pods/attach: finds the container, starts the command, and names the session to the adapter. */
import type { Call } from "../api/context.ts";
import { badRequest, internalError, type Status } from "../machinery/status.ts";
import { objectKey } from "../core/object.ts";
import { podContainers, type Pod } from "../kinds/pod/types.ts";
import type { CommandReply, CommandSession } from "../ports/request.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { attachSession, execSession, sessionTable } from "../runtime/sessions.ts";
import { containerFor, podOf, runningInstance } from "./containers.ts";
import { hexId } from "../network/ids.ts";
import { withKubeletWake } from "../network/kubelet-wake.ts";
import { checkKubelet } from "./kubelet-answers.ts";
import { checkUpgrade } from "./upgrade.ts";

/**
 * Until the connection is upgraded the API server speaks, in plain Status replies; from then on the kubelet does, on the
 * session's own error channel. k8s: pkg/registry/core/pod/rest/subresources.go, apiserver util/proxy/translatinghandler.go
 */
export function command(
  context: RuntimeContext,
  call: Call,
  name: string,
  kind: "exec" | "attach",
): CommandReply {
  const pod = podOf(call, name);
  const { query } = call.info;
  const container = containerFor(pod, query.get("container"));
  if (!pod.spec.nodeName) throw badRequest(`pod ${name} does not have a host assigned`);
  checkUpgrade(call.request);
  checkKubelet(context.reader, pod.spec.nodeName);
  const wanted = {
    stdin: query.flag("stdin"),
    stdout: query.flag("stdout"),
    stderr: query.flag("stderr"),
  };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
  }
  const key = objectKey(call.info.namespace, name);
  const tty = kind === "exec" ? query.flag("tty") : ttyOf(pod, container);
  const session: CommandSession = { ...wanted, kind, pod: key, tty, stderr: wanted.stderr && !tty };
  const started = start(context, session, container, query.all("command"));
  if ("status" in started) session.failed = started.status;
  else {
    session.id = started.session;
    context.records.put(sessionTable, `${key} ${started.session}`, {});
  }
  return { type: "session", kind, session };
}

/** Whether a container has a terminal is settled when it starts. */
const ttyOf = (pod: Pod, container: string): boolean =>
  podContainers(pod.spec).find((c) => c.container.name === container)?.container.tty === true;

function start(
  context: RuntimeContext,
  { pod, tty, stdin, kind }: CommandSession,
  container: string,
  words: string[],
): { session: string } | { status: Status } {
  const instance = runningInstance(context, pod, container);
  if (instance === undefined) {
    // k8s: pkg/kubelet/kubelet_pods.go GetAttach, GetExec
    const [namespace = "", name = ""] = pod.split("/");
    if (kind === "attach")
      return refused(`container ${container} not found in pod ${name}_${namespace}`);
    return refused(`container not found ("${container}")`);
  }
  if (kind === "attach") {
    const attached = attachSession(context, pod, instance);
    return "error" in attached ? refused(attached.error) : attached;
  }
  if (words.length === 0)
    return failed(context, "OCI runtime exec failed: exec failed: args must not be empty: unknown");
  const started = withKubeletWake(context, pod, () =>
    execSession(context, pod, instance, { command: words, tty, stdin }),
  );
  return "error" in started ? failed(context, started.error) : started;
}

/** The kubelet did not take the connection. */
const refused = (text: string): { status: Status } => ({
  status: internalError(`unable to upgrade connection: ${text}`).toStatus(),
});

/** The runtime could not start it: both the kubelet and the API server call that an internal error. */
function failed(context: RuntimeContext, text: string): { status: Status } {
  const id = hexId(`exec ${context.now} ${context.random()}`);
  const exec = `error executing command in container: failed to exec in container: failed to start exec "${id}": ${text}`;
  return { status: internalError(internalError(exec).message).toStatus() };
}

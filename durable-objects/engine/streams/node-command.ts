/** Commands on the nodes themselves, as a login there runs them: terminals, `run`. */
import type { Node } from "../kinds/node.ts";
import { nodeIsDown } from "../kinds/node-machine.ts";
import { machineKey } from "../runtime/machine-key.ts";
import { machineContainer, openMachine } from "../runtime/machine.ts";
import { startExec, type ExecRequest } from "../runtime/launch.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import type { CommandSession } from "../ports/request.ts";
import { withKubeletWake } from "../network/kubelet-wake.ts";

/**
 * Starts a command on a node as root, in its home folder. The session is read, written, resized and ended as an exec's
 * (sessions.ts), but belongs to whoever keeps it: no socket's loss ends it. The reason, where there is no such node, it has
 * no power, or the command cannot be run.
 */
export function machineSession(
  context: RuntimeContext,
  nodeName: string,
  request: ExecRequest,
): CommandSession | { reason: string } {
  const node = context.reader.get<Node>("nodes", "", nodeName);
  if (!node) return { reason: `node "${nodeName}" not found` };
  if (nodeIsDown(context.reader, nodeName)) return { reason: `node "${nodeName}" has no power` };
  const pod = machineKey(nodeName);
  return withKubeletWake(context, pod, () => {
    const kernel = openMachine(context, node);
    const started = startExec(kernel, machineContainer, request);
    kernel.touch();
    kernel.run();
    kernel.save();
    if ("error" in started) return { reason: started.error };
    const { tty, stdin } = request;
    return { kind: "exec", pod, id: started.session, tty, stdin, stdout: true, stderr: !tty };
  });
}

/** Whether the kubelet that a stream needs answers. */
import { internalIp, kubeletIsStopped } from "../kinds/node-machine.ts";
import type { Node } from "../kinds/node.ts";
import { plainError } from "../machinery/status.ts";
import type { Reader } from "../ports/controller.ts";

/**
 * Throws 500 as the API server does when nothing listens on a kubelet's port. `path`: what is asked for by GET; without it the
 * connection is to be upgraded. k8s: apiserver util/proxy/dial.go, registry/generic/rest/streamer.go
 */
export function checkKubelet(reader: Reader, nodeName: string, path?: string): void {
  if (!kubeletIsStopped(reader, nodeName)) return;
  const ip = internalIp(reader.get<Node>("nodes", "", nodeName));
  const refused = `dial tcp ${ip}:10250: connect: connection refused`;
  throw plainError(
    path === undefined
      ? `error dialing backend: ${refused}`
      : `Get "https://${ip}:10250${path}": ${refused}`,
  );
}

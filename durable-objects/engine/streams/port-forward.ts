/** pods/portforward. k8s: cri-streaming/pkg/streaming/portforward, containerd internal/cri/server/sandbox_portforward_linux.go */
import type { Call } from "../api/context.ts";
import { goQuote } from "../machinery/field.ts";
import { badRequest, StatusError } from "../machinery/status.ts";
import { objectKey } from "../core/object.ts";
import type { ForwardReply, ForwardSession } from "../ports/request.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { podOf } from "./containers.ts";
import { checkKubelet } from "./kubelet-answers.ts";
import { checkUpgrade } from "./upgrade.ts";

/** Checks a port-forward up to its upgrade. Throws 400 and 404, and 500 where the kubelet does not know the Pod. */
export function portForward(context: RuntimeContext, call: Call, name: string): ForwardReply {
  const pod = podOf(call, name);
  if (!pod.spec.nodeName) throw badRequest(`pod ${name} does not have a host assigned`);
  const ports = call.info.query
    .all("ports")
    .flatMap((text) => text.split(","))
    .map(portOf);
  checkUpgrade(call.request);
  checkKubelet(context.reader, pod.spec.nodeName);
  const key = objectKey(call.info.namespace, name);
  if (!context.records.get("runtime", key)) {
    const text = `unable to upgrade connection: pod not found (${goQuote(`${name}_${call.info.namespace}`)})`;
    throw new StatusError(500, "InternalError", text);
  }
  const { tokenHash, user } = call.request;
  const session: ForwardSession = {
    kind: "portforward",
    pod: key,
    podUid: pod.metadata.uid,
    ports,
    ...(tokenHash !== undefined && user ? { known: { sha256: tokenHash, user } } : {}),
  };
  return { type: "session", kind: "portforward", session };
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw badRequest(
      `unable to parse ${goQuote(text)} as a port: strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax`,
    );
  }
  if (port === 0) throw badRequest(`port ${goQuote(text)} must be > 0`);
  return port;
}

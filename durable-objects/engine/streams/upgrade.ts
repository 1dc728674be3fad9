import { badRequest } from "../machinery/status.ts";
import type { ApiRequest } from "../ports/request.ts";

/** exec, attach and port-forward live on an upgraded connection. k8s: apimachinery/pkg/util/proxy/upgradeaware.go */
export function checkUpgrade({ method, headers }: ApiRequest): void {
  const upgrade = headers.upgrade?.toLowerCase();
  if (upgrade === "websocket") return;
  // The platform takes the header away from those who ask for SPDY, and they always POST.
  if (method === "POST" || upgrade !== undefined) {
    throw badRequest(
      "this cluster serves exec, attach and port-forward over WebSockets only: use kubectl 1.31 or newer " +
        "(1.30 needs KUBECTL_PORT_FORWARD_WEBSOCKETS=true for port-forward, 1.29 KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true for exec)",
    );
  }
  throw badRequest("Upgrade request required");
}

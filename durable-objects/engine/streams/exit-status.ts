/** The Status that ends a session when its command has exited. k8s: apiserver/pkg/util/proxy/translatinghandler.go codeExitToStatusError */
import type { SessionStatus } from "../ports/request.ts";

/** Success for 0, else a Failure with reason NonZeroExitCode and the code among its causes. */
export function exitStatus(code: number): SessionStatus {
  if (code === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: command terminated with exit code ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  };
}

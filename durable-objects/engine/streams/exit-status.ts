/** How a session says that its command is over. */
import { StatusError, type Status } from "../api/status.ts";

/** k8s: apiserver/pkg/util/proxy/translatinghandler.go codeExitToStatusError */
export function exitStatus(code: number): Status | { status: "Success"; metadata: object } {
  if (code === 0) return { metadata: {}, status: "Success" };
  const error = new StatusError(
    0,
    "NonZeroExitCode",
    `command terminated with non-zero exit code: command terminated with exit code ${code}`,
    { causes: [{ reason: "ExitCode", message: String(code) }] },
  );
  return error.toStatus();
}

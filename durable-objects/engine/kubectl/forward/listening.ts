/** Ports of the machine that kubectl listens on itself: port-forward and proxy. */
import { Errno } from "../../runtime/errno.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { freePort, isOwn } from "../../runtime/net/socket.ts";

/** What Go says of a bind that fails. */
const bindErrors: Record<string, string> = {
  EADDRINUSE: "address already in use",
  EACCES: "permission denied",
};

/** Tries of a port that the kernel draws. */
const drawTries = 100;

const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";

export const unavailable = "cannot assign requested address";

/** Whether the machine has an address to listen at. */
export const hasAddress = (sys: Sys, address: string): boolean =>
  address === "::" || address === "::1" || isOwn(sys, address) || address === sys.kernel.pod.pod.ip;

/**
 * Listens at addresses of the machine with one port, 0: the kernel draws it. The descriptor, or why not. A port is bound for
 * all addresses as soon as one of them is not the loopback's: the machine has one socket for each.
 */
export function listenAt(
  sys: Sys,
  addresses: readonly string[],
  port: number,
): { fd: number; port: number } | { error: string } {
  const address = addresses.every(isLoopback) ? { address: "127.0.0.1" } : {};
  for (let draws = 0; ; draws++) {
    const drawn = port || freePort(sys);
    try {
      return { fd: sys.listen(drawn, "t", address), port: drawn };
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      if (error.code === "EADDRINUSE" && port === 0 && draws < drawTries) continue;
      return { error: bindErrors[error.code] ?? error.message.toLowerCase() };
    }
  }
}

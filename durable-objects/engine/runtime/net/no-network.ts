import type { Network } from "../kernel/types.ts";

/** Until the cluster's network is there: no names, and nobody answers. */
export const noNetwork: Network = {
  query: () => ({ status: "NXDOMAIN", records: [] }),
  request: () => "",
  requestFromNode: () => "",
  requestResult: () => ({ done: true, error: "timeout" }),
  connect: () => ({ done: true, error: "timeout" }),
  send: () => undefined,
  receive: () => "",
  datagram: () => ({ done: true, error: "timeout" }),
  ping: () => undefined,
};

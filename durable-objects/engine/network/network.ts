/** The network port's implementation: what programs in containers use. */
import { noNetwork, type Network } from "../runtime/network-port.ts";

export const network: Network = noNetwork;

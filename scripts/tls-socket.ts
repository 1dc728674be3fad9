/**
 * A plugin for Miniflare, which knows TLS for its own entry alone: another socket of the runtime, straight to the Worker,
 * where the runtime itself speaks TLS.
 */

export interface TlsSocket {
  /** `ADDRESS:PORT` */
  address: string;
  privateKey: string;
  certificateChain: string;
}

interface Worker {
  config: { name: string; env?: Record<string, { dev?: { options?: Partial<TlsSocket> } }> };
}

/** The binding of the Worker that stands for the socket; it is none that the Worker would see. */
export const tlsSocketBinding = "TLS_SOCKET";

export const plugins = {
  "tls-socket": {
    getBindings: () => undefined,
    getNodeBindings: () => ({}),
    getServices({ options }: { options: Worker }) {
      const asked = options.config.env?.[tlsSocketBinding]?.dev?.options;
      if (!asked) return undefined;
      const { address, privateKey, certificateChain } = asked;
      const keypair = { privateKey, certificateChain };
      const service = { name: `core:user:${options.config.name}` };
      const https = { options: {}, tlsOptions: { keypair } };
      return { services: [], extensions: [], sockets: [{ name: "tls", address, service, https }] };
    },
  },
};

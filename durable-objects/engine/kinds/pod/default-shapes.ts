/** The few fields of probes and handlers that have defaults. */
export interface Handler {
  httpGet?: { path?: string; scheme?: string; port: number | string };
  grpc?: { port: number; service?: string };
}
export interface ProbeShape extends Handler {
  timeoutSeconds?: number;
  periodSeconds?: number;
  successThreshold?: number;
  failureThreshold?: number;
}

/** Probes, lifecycle hooks and their handlers. k8s: core/validation validateProbe, validateHandler, validateLifecycle */
import type {
  ExecAction,
  GRPCAction,
  HTTPGetAction,
  Probe,
  TCPSocketAction,
} from "kubernetes-types/core/v1";
import type { Lifecycle } from "../types.ts";
import {
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from "../../../machinery/field.ts";
import {
  httpHeaderName,
  invalidEach,
  negativeText,
  portName,
  portNumber,
} from "../../../machinery/names.ts";

interface Handler {
  exec?: ExecAction;
  httpGet?: HTTPGetAction;
  tcpSocket?: TCPSocketAction;
  grpc?: GRPCAction;
  sleep?: { seconds: number };
}

/** What a probe or hook may depend on beyond itself. */
export interface ProbeContext {
  gracePeriod: number | undefined;
  os: string | undefined;
}

/** k8s: ValidatePortNumOrName */
export function validatePortOrName(port: number | string | undefined, path: string): FieldError[] {
  const given = port ?? 0;
  return invalidEach(path, given, typeof given === "number" ? portNumber(given) : portName(given));
}

function validateHttpGet(action: HTTPGetAction, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!action.path) errors.push(required(`${path}.path`));
  errors.push(...validatePortOrName(action.port as number | string | undefined, `${path}.port`));
  if (action.scheme !== "HTTP" && action.scheme !== "HTTPS")
    errors.push(notSupported(`${path}.scheme`, action.scheme ?? "", ["HTTP", "HTTPS"]));
  for (const header of action.httpHeaders ?? [])
    errors.push(...invalidEach(`${path}.httpHeaders`, header.name, httpHeaderName(header.name)));
  return errors;
}

type HandlerCheck = (handler: Handler, path: string, context: ProbeContext) => FieldError[];

/** In upstream's order: only the first handler counts, the others are errors. */
const handlerChecks: [keyof Handler, HandlerCheck][] = [
  ["exec", (h, path) => (h.exec?.command?.length ? [] : [required(`${path}.command`)])],
  ["httpGet", (h, path) => validateHttpGet(h.httpGet as HTTPGetAction, path)],
  [
    "tcpSocket",
    (h, path) =>
      validatePortOrName(h.tcpSocket?.port as number | string | undefined, `${path}.port`),
  ],
  ["grpc", (h, path) => validatePortOrName(h.grpc?.port, `${path}.port`)],
  [
    "sleep",
    (h, path, { gracePeriod }) => {
      const seconds = h.sleep?.seconds ?? 0;
      if (gracePeriod === undefined || (seconds >= 0 && seconds <= gracePeriod)) return [];
      return [
        invalid(
          path,
          seconds,
          `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`,
        ),
      ];
    },
  ],
];

function validateHandler(handler: Handler, path: string, context: ProbeContext): FieldError[] {
  const errors: FieldError[] = [];
  let handlers = 0;
  for (const [key, check] of handlerChecks) {
    if (!handler[key]) continue;
    if (handlers > 0)
      errors.push(forbiddenField(`${path}.${key}`, "may not specify more than 1 handler type"));
    else errors.push(...check(handler, `${path}.${key}`, context));
    handlers++;
  }
  if (handlers === 0) errors.push(required(path, "must specify a handler type"));
  return errors;
}

const probeNumbers = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

function validateProbe(probe: Probe, path: string, context: ProbeContext): FieldError[] {
  const errors = validateHandler(probe as Handler, path, context);
  for (const key of probeNumbers) {
    const n = probe[key] ?? 0;
    if (n < 0) errors.push(invalid(`${path}.${key}`, n, negativeText));
  }
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0)
    errors.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, "must be greater than 0"));
  return errors;
}

/** Liveness, readiness and startup probe of a container. */
export function validateProbes(
  container: { livenessProbe?: Probe; readinessProbe?: Probe; startupProbe?: Probe },
  path: string,
  context: ProbeContext,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
    const probe = container[key];
    if (!probe) continue;
    const at = `${path}.${key}`;
    errors.push(...validateProbe(probe, at, context));
    if (key === "readinessProbe") {
      const grace = probe.terminationGracePeriodSeconds;
      if (grace !== undefined)
        errors.push(
          invalid(
            `${at}.terminationGracePeriodSeconds`,
            grace,
            "must not be set for readinessProbes",
          ),
        );
    } else if ((probe.successThreshold ?? 0) !== 1)
      errors.push(invalid(`${at}.successThreshold`, probe.successThreshold ?? 0, "must be 1"));
  }
  return errors;
}

const plainSignals =
  "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX";
const linuxSignals = [
  ...plainSignals.split(" "),
  ...Array.from({ length: 15 }, (_, i) => `RTMIN+${i + 1}`),
  ...Array.from({ length: 14 }, (_, i) => `RTMAX-${i + 1}`),
].map((name) => `SIG${name}`);

function validateStopSignal(signal: string, path: string, os: string | undefined): FieldError[] {
  if (os === undefined)
    return [forbiddenField(path, "may not be set for containers with empty `spec.os.name`")];
  const supported = os === "windows" ? ["SIGKILL", "SIGTERM"] : os === "linux" ? linuxSignals : [];
  return supported.length === 0 || supported.includes(signal)
    ? []
    : [notSupported(path, signal, supported)];
}

/** k8s: validateLifecycle */
export function validateLifecycle(
  lifecycle: Lifecycle,
  path: string,
  context: ProbeContext,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of ["postStart", "preStop"] as const) {
    const handler = lifecycle[key] as Handler | undefined;
    if (handler)
      errors.push(...validateHandler({ ...handler, grpc: undefined }, `${path}.${key}`, context));
  }
  if (lifecycle.stopSignal)
    errors.push(...validateStopSignal(lifecycle.stopSignal, `${path}.stopSignal`, context.os));
  return errors;
}

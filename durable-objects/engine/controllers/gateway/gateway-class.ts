/** GatewayClasses: the one that is there by itself, and what is told of those of our controller. */
import type { CustomResourceDefinition } from "../../kinds/custom-resource-definition/types.ts";
import {
  gatewayClasses,
  gatewayControllerName,
  gateways,
  type GatewayClass,
} from "../../kinds/gateway/types.ts";
import type { Client } from "../../ports/controller.ts";
import type { Problem } from "../../network/gateway/problem.ts";
import { told, withConditions } from "./conditions.ts";

/** Its name, where the definition came with the class that the cluster brings. */
export const ownClass = "podyard";

const definitions = "customresourcedefinitions.apiextensions.k8s.io";
/** k8s: gateway-api pkg/consts BundleVersionAnnotation */
const versionAnnotation = "gateway.networking.k8s.io/bundle-version";
const channelAnnotation = "gateway.networking.k8s.io/channel";
/** k8s: gateway-api apis/v1 GatewayClassFinalizerGatewaysExist */
const finalizer = "gateway-exists-finalizer.gateway.networking.k8s.io";

/** In the order of their names. k8s: gateway-api pkg/features */
const features = [
  "BackendTLSPolicy",
  "BackendTLSPolicySANValidation",
  "Gateway",
  "GatewayAddressEmpty",
  "GatewayBackendClientCertificate",
  "GatewayFrontendClientCertificateValidation",
  "GatewayFrontendClientCertificateValidationInsecureFallback",
  "GatewayHTTPListenerIsolation",
  "GatewayHTTPSListenerDetectMisdirectedRequests",
  "GatewayPort8080",
  "GatewayStaticAddresses",
  "HTTPRoute",
  "HTTPRoute303RedirectStatusCode",
  "HTTPRoute307RedirectStatusCode",
  "HTTPRoute308RedirectStatusCode",
  "HTTPRouteBackendRequestHeaderModification",
  "HTTPRouteBackendTimeout",
  "HTTPRouteCORS",
  "HTTPRouteDestinationPortMatching",
  "HTTPRouteHostRewrite",
  "HTTPRouteMethodMatching",
  "HTTPRouteNamedRouteRule",
  "HTTPRouteParentRefPort",
  "HTTPRoutePathRedirect",
  "HTTPRoutePathRewrite",
  "HTTPRoutePortRedirect",
  "HTTPRouteQueryParamMatching",
  "HTTPRouteRequestMirror",
  "HTTPRouteRequestMultipleMirrors",
  "HTTPRouteRequestPercentageMirror",
  "HTTPRouteRequestTimeout",
  "HTTPRouteResponseHeaderModification",
  "HTTPRouteSchemeRedirect",
  "ListenerSet",
  "ReferenceGrant",
];

/** What the experimental definitions have besides. */
const experimental = [
  "HTTPRouteRetry",
  "HTTPRouteRetryBackendTimeout",
  "HTTPRouteRetryConnectionError",
];

/** Makes the class that every cluster with the definitions has, also after it was deleted. */
export function bear(client: Client): void {
  if (client.get(gatewayClasses, "", ownClass)) return;
  client.create<GatewayClass>(gatewayClasses, {
    apiVersion: apiVersionOf(client),
    kind: "GatewayClass",
    metadata: { name: ownClass },
    spec: {
      controllerName: gatewayControllerName,
      description: "Gateways in the simulated network of this cluster",
    },
  });
}

const apiVersionOf = (client: Client): string => {
  const { group = "", version = "" } = client.resources.stored(gatewayClasses) ?? {};
  return `${group}/${version}`;
};

export function tellClass(client: Client, name: string): void {
  const found = client.get<GatewayClass>(gatewayClasses, "", name);
  if (found?.spec?.controllerName !== gatewayControllerName) return;
  const used =
    client.resources.stored(gateways) !== undefined &&
    client.countByIndex("gateway.class", name) > 0;
  const current = client.modify<GatewayClass>(gatewayClasses, "", name, (one) => held(one, used));
  if (!current || current.metadata.deletionTimestamp) return;
  const version = versionProblem(client);
  const accepted: Problem | undefined =
    version ??
    (current.spec?.parametersRef
      ? {
          reason: "InvalidParameters",
          message: "the controller takes no parameters: spec.parametersRef must be empty",
        }
      : undefined);
  client.modify<GatewayClass>(
    gatewayClasses,
    "",
    name,
    (one) => ({
      ...one,
      status: {
        ...one.status,
        conditions: withConditions(
          one.status?.conditions,
          [told("Accepted", accepted), told("SupportedVersion", version)],
          { generation: one.metadata.generation, now: client.now },
        ),
        supportedFeatures: featuresOf(client).map((feature) => ({ name: feature })),
      },
    }),
    "status",
  );
}

/** What the definition of the classes says of all. */
const annotated = (client: Client, name: string): string =>
  client.get<CustomResourceDefinition>(definitions, "", gatewayClasses)?.metadata.annotations?.[
    name
  ] ?? "";

const featuresOf = (client: Client): string[] =>
  annotated(client, channelAnnotation) === "experimental"
    ? [...features, ...experimental].sort()
    : features;

/** Definitions say which release they are of; those of v1 are understood. */
function versionProblem(client: Client): Problem | undefined {
  const version = annotated(client, versionAnnotation);
  return /^v1\./.test(version)
    ? undefined
    : {
        reason: "UnsupportedVersion",
        message: `definitions of version ${version || "unknown"} are installed, those of v1 are supported`,
      };
}

/** A class stays while Gateways are of it. */
function held(one: GatewayClass, used: boolean): GatewayClass | undefined {
  const before = one.metadata.finalizers ?? [];
  const has = before.includes(finalizer);
  if (has === used || (used && one.metadata.deletionTimestamp)) return undefined;
  const finalizers = used ? [...before, finalizer] : before.filter((f) => f !== finalizer);
  return { ...one, metadata: { ...one.metadata, finalizers } };
}

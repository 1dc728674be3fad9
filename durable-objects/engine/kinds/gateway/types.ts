/**
 * Objects of the Gateway API, whose kinds a user installs (CustomResourceDefinitions of group gateway.networking.k8s.io): as far
 * as the controller of class `podyard` reads them. k8s: sigs.k8s.io/gateway-api apis/v1
 */
import type { Condition, LabelSelector } from "kubernetes-types/meta/v1";
import type { KubeObject } from "../../core/object.ts";

export const gatewayGroup = "gateway.networking.k8s.io";
export const gatewayClasses = "gatewayclasses.gateway.networking.k8s.io";
export const backendTlsPolicies = "backendtlspolicies.gateway.networking.k8s.io";
export const gateways = "gateways.gateway.networking.k8s.io";
export const listenerSets = "listenersets.gateway.networking.k8s.io";
export const httpRoutes = "httproutes.gateway.networking.k8s.io";
export const referenceGrants = "referencegrants.gateway.networking.k8s.io";

/** Who serves Gateways here. */
export const gatewayControllerName = "podyard.dev/gateway-controller";

export interface GatewayClass extends KubeObject {
  spec?: { controllerName?: string; parametersRef?: object; description?: string };
  status?: { conditions?: Condition[]; supportedFeatures?: { name: string }[] };
}

export interface RouteGroupKind {
  group?: string;
  kind: string;
}

/** A reference to an object, perhaps of another namespace. */
export interface ObjectReference {
  group?: string;
  kind?: string;
  name: string;
  namespace?: string;
}

export interface Listener {
  name: string;
  hostname?: string;
  port: number;
  protocol: string;
  tls?: { mode?: string; certificateRefs?: ObjectReference[] };
  allowedRoutes?: {
    namespaces?: NamespaceChoice;
    kinds?: RouteGroupKind[];
  };
}

export interface GatewayAddress {
  type?: string;
  value?: string;
}

export interface ListenerStatus {
  name: string;
  supportedKinds?: RouteGroupKind[];
  attachedRoutes: number;
  conditions: Condition[];
}

/** Namespaces out of which a Gateway takes something. */
export interface NamespaceChoice {
  from?: string;
  selector?: LabelSelector;
}

/** What clients must show where TLS ends. */
export interface FrontendTls {
  validation?: { caCertificateRefs?: ObjectReference[]; mode?: string };
}

export interface Gateway extends KubeObject {
  spec?: {
    gatewayClassName?: string;
    listeners?: Listener[];
    allowedListeners?: { namespaces?: NamespaceChoice };
    addresses?: GatewayAddress[];
    infrastructure?: { parametersRef?: object };
    tls?: {
      backend?: { clientCertificateRef?: ObjectReference };
      frontend?: { default?: FrontendTls; perPort?: { port: number; tls?: FrontendTls }[] };
    };
  };
  status?: {
    addresses?: GatewayAddress[];
    conditions?: Condition[];
    listeners?: ListenerStatus[];
    attachedListenerSets?: number;
  };
}

/** Listeners that are added to a Gateway, perhaps by somebody else. */
export interface ListenerSet extends KubeObject {
  spec?: { parentRef?: ObjectReference; listeners?: Listener[] };
  status?: { conditions?: Condition[]; listeners?: ListenerStatus[] };
}

export interface ParentReference extends ObjectReference {
  sectionName?: string;
  port?: number;
}

export interface BackendReference extends ObjectReference {
  port?: number;
  weight?: number;
}

export interface HeaderModifier {
  set?: { name: string; value: string }[];
  add?: { name: string; value: string }[];
  remove?: string[];
}

export interface PathModifier {
  type?: string;
  replaceFullPath?: string;
  replacePrefixMatch?: string;
}

export interface RequestRedirect {
  scheme?: string;
  hostname?: string;
  path?: PathModifier;
  port?: number;
  statusCode?: number;
}

export interface RequestMirror {
  backendRef?: BackendReference;
  percent?: number;
  fraction?: { numerator: number; denominator?: number };
}

export interface CorsFilter {
  allowOrigins?: string[];
  allowCredentials?: boolean;
  allowMethods?: string[];
  allowHeaders?: string[];
  exposeHeaders?: string[];
  maxAge?: number;
}

export interface RouteFilter {
  type: string;
  requestHeaderModifier?: HeaderModifier;
  responseHeaderModifier?: HeaderModifier;
  requestMirror?: RequestMirror;
  requestRedirect?: RequestRedirect;
  urlRewrite?: { hostname?: string; path?: PathModifier };
  cors?: CorsFilter;
}

export interface ValueMatch {
  type?: string;
  name: string;
  value: string;
}

export interface RouteMatch {
  path?: { type?: string; value?: string };
  headers?: ValueMatch[];
  queryParams?: ValueMatch[];
  method?: string;
}

export interface RouteRule {
  name?: string;
  matches?: RouteMatch[];
  filters?: RouteFilter[];
  backendRefs?: (BackendReference & { filters?: RouteFilter[] })[];
  timeouts?: { request?: string; backendRequest?: string };
  /** Of the experimental definitions. */
  retry?: { codes?: number[]; attempts?: number; backoff?: string };
}

export interface RouteParentStatus {
  parentRef: ParentReference;
  controllerName: string;
  conditions: Condition[];
}

export interface HTTPRoute extends KubeObject {
  spec?: { parentRefs?: ParentReference[]; hostnames?: string[]; rules?: RouteRule[] };
  status?: { parents?: RouteParentStatus[] };
}

export interface PolicyTarget extends ObjectReference {
  /** Name of a Service's port. */
  sectionName?: string;
}

export interface PolicyAncestorStatus {
  ancestorRef: ParentReference;
  controllerName: string;
  conditions: Condition[];
}

/** How Gateways speak TLS to a Service. */
export interface BackendTlsPolicy extends KubeObject {
  spec?: {
    targetRefs?: PolicyTarget[];
    validation?: {
      caCertificateRefs?: ObjectReference[];
      wellKnownCACertificates?: string;
      hostname?: string;
      subjectAltNames?: { type: string; hostname?: string; uri?: string }[];
    };
  };
  status?: { ancestors?: PolicyAncestorStatus[] };
}

export interface ReferenceGrant extends KubeObject {
  spec?: {
    from?: { group?: string; kind?: string; namespace?: string }[];
    to?: { group?: string; kind?: string; name?: string }[];
  };
}

/** A namespaced object that a reference means; references are local unless they say otherwise. */
export const targetKey = (ref: ObjectReference, namespace: string | undefined): string =>
  `${ref.namespace ?? namespace}/${ref.name}`;

export const isGatewayReference = ({ group, kind }: ObjectReference): boolean =>
  (group ?? gatewayGroup) === gatewayGroup && (kind ?? "Gateway") === "Gateway";

export const isListenerSetReference = ({ group, kind }: ObjectReference): boolean =>
  (group ?? gatewayGroup) === gatewayGroup && kind === "ListenerSet";

export const isConfigMapReference = ({ group, kind }: ObjectReference): boolean =>
  (group ?? "") === "" && kind === "ConfigMap";

export const isServiceReference = ({ group, kind }: ObjectReference): boolean =>
  (group ?? "") === "" && (kind ?? "Service") === "Service";

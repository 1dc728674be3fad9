/** ingress-nginx as its own manifest installs it: the Job that makes its certificate, its controller, a request by a NodePort. */
import { expect, test } from "vitest";
import { ShellWorld } from "../behaviours/shell-world.ts";

const namespace = "ingress-nginx";
const account = (name: string): object => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name, namespace },
});
const admission = "ingress-nginx-admission";
const role = [
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: admission, namespace },
    rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "create"] }],
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: admission, namespace },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: admission },
    subjects: [{ kind: "ServiceAccount", name: admission, namespace }],
  },
];
const create = (serviceAccountName: string): object => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: `${admission}-create`, namespace },
  spec: {
    template: {
      spec: {
        serviceAccountName,
        restartPolicy: "OnFailure",
        containers: [
          {
            name: "create",
            image: "registry.k8s.io/ingress-nginx/kube-webhook-certgen:v1.6.9",
            args: [
              "create",
              "--host=ingress-nginx-controller-admission,ingress-nginx-controller-admission.$(POD_NAMESPACE).svc",
              "--namespace=$(POD_NAMESPACE)",
              `--secret-name=${admission}`,
            ],
            env: [
              {
                name: "POD_NAMESPACE",
                valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } },
              },
            ],
            securityContext: {
              runAsNonRoot: true,
              runAsUser: 65_532,
              readOnlyRootFilesystem: true,
            },
          },
        ],
      },
    },
  },
});
const controller = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "controller", namespace, labels: { app: "controller" } },
  spec: {
    containers: [
      {
        name: "controller",
        image: "registry.k8s.io/ingress-nginx/controller:v1.15.1",
        args: [
          "/nginx-ingress-controller",
          "--ingress-class=nginx",
          "--validating-webhook=:8443",
          "--validating-webhook-certificate=/usr/local/certificates/cert",
          "--validating-webhook-key=/usr/local/certificates/key",
        ],
        ports: [80, 443, 8443].map((containerPort) => ({ containerPort })),
        readinessProbe: { httpGet: { path: "/healthz", port: 10_254 } },
        volumeMounts: [{ name: "c", mountPath: "/usr/local/certificates/", readOnly: true }],
        securityContext: { runAsNonRoot: true, runAsUser: 101 },
      },
    ],
    volumes: [{ name: "c", secret: { secretName: admission } }],
  },
};
const service = (
  name: string,
  ns: string,
  app: string,
  targetPort: number,
  type: string,
): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: ns },
  spec: { type, selector: { app }, ports: [{ port: 80, targetPort }] },
});
const shop = [
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "echo", labels: { app: "echo" } },
    spec: { containers: [{ name: "c", image: "hashicorp/http-echo:1.0", args: ["-text=shop"] }] },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "client" },
    spec: {
      containers: [{ name: "c", image: "curlimages/curl", command: ["sleep", "infinity"] }],
    },
  },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "shop" },
    spec: {
      ingressClassName: "nginx",
      rules: [
        {
          host: "shop.example",
          http: {
            paths: [
              {
                path: "/",
                pathType: "Prefix",
                backend: { service: { name: "echo", port: { number: 80 } } },
              },
            ],
          },
        },
      ],
    },
  },
];

test("the Secret is made with the account's rights, and requests to the controller go by Ingresses", () => {
  const w = new ShellWorld();
  w.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  w.create(account(admission), ...role, create(admission), controller);
  w.create(service("ingress-nginx-controller", namespace, "controller", 80, "NodePort"));
  w.create(...shop, service("echo", "default", "echo", 5678, "ClusterIP"));
  w.advance(150_000);
  const job = w.get(`/apis/batch/v1/namespaces/${namespace}/jobs/${admission}-create`);
  expect(job.status.succeeded).toBe(1);
  const { data } = w.get(`/api/v1/namespaces/${namespace}/secrets/${admission}`);
  const text = (name: string): string => Buffer.from(data[name], "base64").toString();
  expect(Object.keys(data).sort()).toEqual(["ca", "cert", "key"]);
  expect(text("cert")).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
  expect(text("key")).toMatch(/^-----BEGIN EC PRIVATE KEY-----\n/);
  expect(w.pod("controller", namespace).status.containerStatuses[0].ready).toBe(true);

  const { nodePort } = w.get(`/api/v1/namespaces/${namespace}/services/ingress-nginx-controller`)
    .spec.ports[0];
  const node = w.get("/api/v1/nodes").items[0].status.addresses[0].address;
  const ask = (host: string): string =>
    w.sh("client", `curl -s -w '%{http_code}' -H 'Host: ${host}' http://${node}:${nodePort}/`);
  expect(ask("shop.example")).toBe("shop\n200");
  expect(ask("other.example")).toMatch(/<h1>404 Not Found<\/h1>[\s\S]*404$/);
  w.delete("/api/v1/namespaces/default/pods/echo");
  w.advance(40_000);
  expect(ask("shop.example")).toMatch(/503$/);
  const ip = w.pod("controller", namespace).status.podIP;
  const review = `'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u1","name":"shop"}}'`;
  expect(w.sh("client", `curl -sk -d ${review} https://${ip}:8443/networking/v1/ingresses`)).toBe(
    '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u1","allowed":true}}',
  );
});

const hooks = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  metadata: { name: admission },
  webhooks: [
    {
      name: "validate.nginx.ingress.kubernetes.io",
      admissionReviewVersions: ["v1"],
      failurePolicy: "Fail",
      sideEffects: "None",
      matchPolicy: "Equivalent",
      clientConfig: {
        service: {
          name: "ingress-nginx-controller-admission",
          namespace,
          path: "/networking/v1/ingresses",
        },
      },
      rules: [
        {
          apiGroups: ["networking.k8s.io"],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources: ["ingresses"],
        },
      ],
    },
  ],
};

test("the webhook's certificate is the Secret's, and its authority is what the API server trusts", () => {
  const w = new ShellWorld();
  w.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  w.create(account(admission), ...role, create(admission), controller);
  w.create({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "ingress-nginx-controller-admission", namespace },
    spec: { selector: { app: "controller" }, ports: [{ port: 443, targetPort: 8443 }] },
  });
  w.advance(150_000);
  const { data } = w.get(`/api/v1/namespaces/${namespace}/secrets/${admission}`);
  const [hook] = structuredClone(hooks).webhooks;
  Object.assign(hook!.clientConfig, { caBundle: data.ca });
  const url = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
  expect(w.request("POST", url, { ...hooks, webhooks: [hook] }).status).toBe(201);
  w.advance(5_000);
  w.create(shop[2]!);
  expect(
    w.get("/apis/networking.k8s.io/v1/namespaces/default/ingresses/shop").spec.rules,
  ).toHaveLength(1);
});

test("a webhook certificate that is exchanged is shown as soon as the kubelet has written it", () => {
  const w = new ShellWorld();
  w.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  w.create(account(admission), ...role, create(admission), controller);
  w.create({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "ingress-nginx-controller-admission", namespace },
    spec: { selector: { app: "controller" }, ports: [{ port: 443, targetPort: 8443 }] },
  });
  w.advance(150_000);
  const secretUrl = `/api/v1/namespaces/${namespace}/secrets/${admission}`;
  const job = `/apis/batch/v1/namespaces/${namespace}/jobs/${admission}-create`;
  w.request("DELETE", secretUrl);
  w.request("DELETE", `${job}?propagationPolicy=Background`);
  w.advance(10_000);
  w.create(create(admission));
  w.advance(180_000);
  const { data } = w.get(secretUrl);
  const [hook] = structuredClone(hooks).webhooks;
  Object.assign(hook!.clientConfig, { caBundle: data.ca });
  const url = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
  expect(w.request("POST", url, { ...hooks, webhooks: [hook] }).status).toBe(201);
  w.advance(5_000);
  w.create(shop[2]!);
});

test("its low ports are its own on a node's network too, as long as it may gain the right", () => {
  const w = new ShellWorld();
  w.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const ready = (name: string, allowPrivilegeEscalation: boolean): (() => boolean) => {
    const capabilities = { drop: ["ALL"], add: ["NET_BIND_SERVICE"] };
    const [container] = structuredClone(controller.spec.containers);
    w.create({
      ...controller,
      metadata: { name, namespace },
      spec: {
        hostNetwork: true,
        containers: [
          {
            ...container,
            args: ["/nginx-ingress-controller"],
            volumeMounts: [],
            securityContext: { runAsUser: 101, allowPrivilegeEscalation, capabilities },
          },
        ],
      },
    });
    return () => w.pod(name, namespace).status.containerStatuses[0].ready;
  };
  const may = ready("may", true);
  w.advance(30_000);
  expect(may()).toBe(true);
  w.delete(`/api/v1/namespaces/${namespace}/pods/may`);
  w.advance(60_000);
  const mayNot = ready("may-not", false);
  w.advance(30_000);
  expect(mayNot()).toBe(false);
});

test("without the rights it fails in the API server's words", () => {
  const w = new ShellWorld();
  w.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  w.create(account(admission), create(admission));
  w.advance(30_000);
  const [pod] = w.pods(namespace);
  expect(pod.status.containerStatuses[0].restartCount).toBeGreaterThan(0);
  const url = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/log?previous=true`;
  expect(w.request("GET", url).text).toContain(
    `secrets \\"${admission}\\" is forbidden: User \\"system:serviceaccount:${namespace}:${admission}\\" cannot get resource`,
  );
});

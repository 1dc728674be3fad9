/**
 * The official tutorial "Learn Kubernetes Basics", module by module, typed into a terminal and read from its screen.
 * https://kubernetes.io/docs/tutorials/kubernetes-basics/
 */
import { beforeAll, describe, expect, it } from "vitest";
import { Typist } from "../../helpers/typist.ts";
import { World } from "../../helpers/world.ts";

let world: World;
let at: Typist;

const names =
  'export POD_NAME="$(kubectl get pods -o go-template --template \'{{range .items}}{{.metadata.name}}{{"\\n"}}{{end}}\')"';
const nodePort =
  "export NODE_PORT=\"$(kubectl get services/kubernetes-bootcamp -o go-template='{{(index .spec.ports 0).nodePort}}')\"";
const image = "gcr.io/google-samples/kubernetes-bootcamp";

beforeAll(() => {
  world = new World({ seed: "basics" });
  world.settle();
  at = new Typist(world);
  at.ready();
});

describe("Kubernetes Basics, typed into a terminal", () => {
  it("module 1: a cluster", () => {
    expect(at.line("minikube start")).toBe("* The cluster is Podyard's, and runs already\n");
    expect(at.line("minikube version")).toContain("Podyard");
    expect(at.line("minikube dashboard --url")).toMatch(/dashboard.*Podyard/);
    expect(at.line("kubectl version")).toMatch(
      /^Client Version: v1\.36\.\d\nKustomize Version: v\S+\nServer Version: v1\.36\.\d\n$/,
    );
    expect(at.line("kubectl cluster-info")).toContain("Kubernetes control plane is running at ");
    expect(at.line("kubectl get nodes")).toMatch(
      /^NAME +STATUS +ROLES +AGE +VERSION\ncontrol-plane +Ready +control-plane +\S+ +v1\.36\.\d\nnode-1 +Ready +<none> /,
    );
  });

  it("module 2: an app is deployed", () => {
    expect(at.line(`kubectl create deployment kubernetes-bootcamp --image=${image}:v1`)).toBe(
      "deployment.apps/kubernetes-bootcamp created\n",
    );
    world.advance(20_000);
    expect(at.line("kubectl get deployments")).toMatch(
      /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nkubernetes-bootcamp +1\/1 +1 +1 +2\ds\n$/,
    );
    // The proxy runs in a second terminal, as the tutorial has it.
    const second = new Typist(world, "second");
    second.ready();
    second.press("\x0ckubectl proxy\r");
    second.until((text) => text.includes("Starting to serve on 127.0.0.1:8001"));
    expect(at.line("curl http://localhost:8001/version")).toContain('"gitVersion": "v1.36.');
    expect(at.line(names)).toBe("");
    expect(at.line("echo Name of the Pod: $POD_NAME")).toMatch(
      /^Name of the Pod: kubernetes-bootcamp-[0-9a-z]+-[0-9a-z]{5}\n$/,
    );
    const proxied = "http://localhost:8001/api/v1/namespaces/default/pods/$POD_NAME:8080/proxy/";
    expect(at.line(`curl ${proxied}`)).toMatch(/^Hello Kubernetes bootcamp! .*\| v=1\n$/);
    second.press("\x03");
    second.ready();
    expect(at.line("curl http://localhost:8001/version")).toMatch(
      /^curl: \(7\) Failed to connect to localhost port 8001 /,
    );
  });

  it("module 3: the app is explored", () => {
    expect(at.line("kubectl get pods")).toMatch(
      /^NAME +READY +STATUS +RESTARTS +AGE\nkubernetes-bootcamp-\S+ +1\/1 +Running +0 +/,
    );
    const described = at.line("kubectl describe pods");
    expect(described).toMatch(/^Name: +kubernetes-bootcamp-/);
    expect(described).toContain(`Image:          ${image}:v1\n`);
    expect(described).toMatch(/Successfully assigned default\/kubernetes-bootcamp-\S+ to node-\d/);
    expect(at.line('kubectl logs "$POD_NAME"')).toMatch(
      /^Kubernetes Bootcamp App Started At: \S+ \|/,
    );
    expect(at.line('kubectl exec "$POD_NAME" -- env')).toMatch(
      /^PATH=\S+\nHOSTNAME=kubernetes-bootcamp-/,
    );
    at.press("\x0ckubectl exec -ti $POD_NAME -- bash\r");
    at.ready();
    expect(at.screen.lines[at.screen.row]).toMatch(/^root@kubernetes-bootcamp-\S+:\/#$/);
    expect(at.line("cat server.js")).toContain("require('http')");
    expect(at.line("curl http://localhost:8080")).toMatch(
      /^Hello Kubernetes bootcamp! \| Running on: kubernetes-bootcamp-\S+ \| v=1\n$/,
    );
    at.line("exit");
    expect(at.line("hostname")).toBe("control-plane\n");
  });

  it("module 4: the app is exposed", () => {
    expect(at.line("kubectl get services")).toMatch(/\nkubernetes +ClusterIP +10\.96\.0\.1 /);
    expect(
      at.line('kubectl expose deployment/kubernetes-bootcamp --type="NodePort" --port 8080'),
    ).toBe("service/kubernetes-bootcamp exposed\n");
    expect(at.line("kubectl get services")).toMatch(
      /\nkubernetes-bootcamp +NodePort +\S+ +<none> +8080:3\d{4}\/TCP /,
    );
    expect(at.line("kubectl describe services/kubernetes-bootcamp")).toMatch(
      /NodePort: +<unset> +3\d{4}\/TCP\nEndpoints: +\S+:8080\n/,
    );
    expect(at.line(nodePort)).toBe("");
    expect(at.line('echo "NODE_PORT=$NODE_PORT"')).toMatch(/^NODE_PORT=3\d{4}\n$/);
    expect(at.line('curl http://"$(minikube ip):$NODE_PORT"')).toMatch(/\| v=1\n$/);
    const url = at.line("minikube service kubernetes-bootcamp --url").trim();
    expect(at.line(`curl ${url}`)).toMatch(/\| v=1\n$/);
    expect(at.line("kubectl describe deployment")).toContain("app=kubernetes-bootcamp");
    expect(at.line("kubectl get pods -l app=kubernetes-bootcamp")).toContain(" Running ");
    expect(at.line("kubectl get services -l app=kubernetes-bootcamp")).toContain("NodePort");
    expect(at.line('kubectl label pods "$POD_NAME" version=v1')).toMatch(/^pod\/\S+ labeled\n$/);
    expect(at.line('kubectl describe pods "$POD_NAME"')).toMatch(/\n +version=v1\n/);
    expect(at.line("kubectl get pods -l version=v1")).toContain("kubernetes-bootcamp-");
    expect(at.line("kubectl delete service -l app=kubernetes-bootcamp")).toBe(
      'service "kubernetes-bootcamp" deleted from default namespace\n',
    );
    expect(at.line("kubectl get services")).not.toContain("bootcamp");
    expect(at.line('curl http://"$(minikube ip):$NODE_PORT"')).toMatch(
      /^curl: \(7\) Failed to connect to /,
    );
    expect(at.line("kubectl exec -ti $POD_NAME -- curl http://localhost:8080")).toMatch(
      /\| v=1\n$/,
    );
  });

  it("module 5: the app is scaled", () => {
    at.line('kubectl expose deployment/kubernetes-bootcamp --type="LoadBalancer" --port 8080');
    expect(at.line("kubectl get rs")).toMatch(
      /^NAME +DESIRED +CURRENT +READY +AGE\nkubernetes-bootcamp-\S+ +1 +1 +1 /,
    );
    expect(at.line("kubectl scale deployments/kubernetes-bootcamp --replicas=4")).toBe(
      "deployment.apps/kubernetes-bootcamp scaled\n",
    );
    world.advance(20_000);
    expect(at.line("kubectl get deployments")).toMatch(/\nkubernetes-bootcamp +4\/4 +4 +4 /);
    const wide = at.line("kubectl get pods -o wide");
    expect(new Set(wide.match(/\b10\.244\.\d+\.\d+\b/g)).size).toBe(4);
    expect(at.line("kubectl describe deployments/kubernetes-bootcamp")).toContain(
      "Scaled up replica set ",
    );
    expect(at.line("kubectl describe services/kubernetes-bootcamp")).toMatch(
      /Endpoints: +(?:\S+:8080,){2}\S+:8080 \+ 1 more\.\.\.\n/,
    );
    at.line(nodePort);
    const answers = new Set<string>();
    for (let i = 0; i < 12; i++) answers.add(at.line('curl http://"$(minikube ip):$NODE_PORT"'));
    expect(answers.size).toBeGreaterThan(1);
    expect(at.line("kubectl scale deployments/kubernetes-bootcamp --replicas=2")).toContain(
      "scaled",
    );
    world.advance(40_000);
    expect(at.line("kubectl get deployments")).toMatch(/\nkubernetes-bootcamp +2\/2 +2 +2 /);
    expect(at.line("kubectl get pods -o wide").match(/ Running /g)).toHaveLength(2);
  });

  it("module 6: the app is updated", () => {
    expect(
      at.line(
        "kubectl set image deployments/kubernetes-bootcamp kubernetes-bootcamp=docker.io/jocatalin/kubernetes-bootcamp:v2",
      ),
    ).toBe("deployment.apps/kubernetes-bootcamp image updated\n");
    expect(at.line("kubectl rollout status deployments/kubernetes-bootcamp")).toMatch(
      /deployment "kubernetes-bootcamp" successfully rolled out\n$/,
    );
    expect(at.line('curl http://"$(minikube ip):$NODE_PORT"')).toMatch(/\| v=2\n$/);
    expect(at.line("kubectl describe pods")).toContain("jocatalin/kubernetes-bootcamp:v2");
    at.line(`kubectl set image deployments/kubernetes-bootcamp kubernetes-bootcamp=${image}:v10`);
    world.advance(60_000);
    expect(at.line("kubectl get deployments")).toMatch(/\nkubernetes-bootcamp +2\/2 +1 +2 /);
    expect(at.line("kubectl get pods")).toMatch(/ 0\/1 +(?:ErrImagePull|ImagePullBackOff) /);
    expect(at.line("kubectl describe pods")).toMatch(
      /Image: +\S+:v10\n[^]*? State: +Waiting\n +Reason: +(?:ErrImagePull|ImagePullBackOff)\n/,
    );
    expect(at.line("kubectl rollout undo deployments/kubernetes-bootcamp")).toBe(
      "deployment.apps/kubernetes-bootcamp rolled back\n",
    );
    world.advance(40_000);
    expect(at.line("kubectl get pods").match(/ Running /g)).toHaveLength(2);
    expect(at.line("kubectl describe pods")).not.toContain(":v10");
    expect(
      at.line("kubectl delete deployments/kubernetes-bootcamp services/kubernetes-bootcamp"),
    ).toBe(
      'deployment.apps "kubernetes-bootcamp" deleted from default namespace\nservice "kubernetes-bootcamp" deleted from default namespace\n',
    );
  });

  it("Hello Minikube, which comes before", () => {
    at.line(
      "kubectl create deployment hello-node --image=registry.k8s.io/e2e-test-images/agnhost:2.53 -- /agnhost netexec --http-port=8080",
    );
    world.advance(30_000);
    expect(at.line("kubectl get deployments")).toMatch(/\nhello-node +1\/1 /);
    expect(at.line("kubectl get events")).toContain("deployment/hello-node");
    expect(at.line("kubectl config view")).toMatch(/\n {4}server: https:\/\/\S+\n/);
    expect(at.line("kubectl logs deployment/hello-node")).toContain(
      "Started HTTP server on port 8080",
    );
    at.line("kubectl expose deployment hello-node --type=LoadBalancer --port=8080");
    expect(at.line("kubectl get services")).toMatch(/\nhello-node +LoadBalancer /);
    expect(at.line('curl "$(minikube service hello-node --url)"; echo')).toMatch(/^NOW: 20/);
    expect(at.line("minikube addons list")).toContain("metrics-server");
    expect(at.line("minikube addons enable metrics-server")).toContain("metrics-server");
    expect(at.line("kubectl get pod,svc -n kube-system")).toContain("service/kube-dns");
    expect(at.line("kubectl top pods")).toMatch(
      /^NAME +CPU\(cores\) +MEMORY\(bytes\)\nhello-node-/,
    );
    at.line("kubectl delete service hello-node");
    at.line("kubectl delete deployment hello-node");
    expect(at.line("minikube stop")).toMatch(/Podyard/);
    expect(at.line("minikube delete")).toMatch(/Podyard/);
  });
});

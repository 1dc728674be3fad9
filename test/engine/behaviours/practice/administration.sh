### a role, who is bound to it, and what they may do
kubectl create serviceaccount cicd
kubectl create role deployer --verb=create,get --resource=deployments.apps,pods
kubectl create rolebinding deployer --role=deployer --serviceaccount=$(kubectl config view --minify -o jsonpath='{..namespace}'):cicd
me=system:serviceaccount:$(kubectl config view --minify -o jsonpath='{..namespace}'):cicd
kubectl auth can-i create deployments --as=$me
kubectl auth can-i delete deployments --as=$me
kubectl auth can-i create pods -n default --as=$me
kubectl get pods -n default --as=$me 2>&1 | sed "s/$me/ME/g"
kubectl describe role deployer | grep deployments
#= yes
#= no
#= no
#= Error from server (Forbidden): pods is forbidden: User "ME" cannot list resource "pods" in API group "" in the namespace "default"
#~  +deployments.apps +\[\] +\[\] +\[create get\]

### a cluster role for a user, bound in one namespace alone
kubectl create clusterrole pod-reader-$$ --verb=get,list,watch --resource=pods
kubectl create rolebinding read --clusterrole=pod-reader-$$ --user=jane
kubectl auth can-i list pods --as=jane
kubectl auth can-i list pods -A --as=jane
kubectl create clusterrolebinding read-$$ --clusterrole=pod-reader-$$ --group=readers
kubectl auth can-i list pods -A --as=x --as-group=readers
kubectl auth whoami --as=jane --as-group=readers | tail -2
kubectl delete clusterrolebinding read-$$; kubectl delete clusterrole pod-reader-$$
#= yes
#= no
#= yes
#~ Username +jane
#~ Groups +\[readers system:authenticated\]

### a Pod that asks the API server with its own token
kubectl create sa reader
kubectl create role reader --verb=list --resource=pods
kubectl create rolebinding reader --role=reader --serviceaccount=$(kubectl config view --minify -o jsonpath='{..namespace}'):reader
kubectl run curl --image=curlimages/curl --overrides='{"spec":{"serviceAccountName":"reader"}}' -- sleep 3600
kubectl wait --for=condition=Ready pod/curl --timeout=60s
kubectl exec curl -- sh -c 'd=/var/run/secrets/kubernetes.io/serviceaccount; for what in pods secrets; do curl -s --cacert $d/ca.crt -H "Authorization: Bearer $(cat $d/token)" https://kubernetes.default/api/v1/namespaces/$(cat $d/namespace)/$what | grep -E "^  \"(kind|reason)\""; done'
#=   "kind": "PodList",
#=   "kind": "Status",
#=   "reason": "Forbidden",

### a node that a Pod asks for by its label
kubectl label nodes node-2 accelerator=nvidia --overwrite
kubectl run gpu --image=nginx --overrides='{"spec":{"nodeSelector":{"accelerator":"nvidia"}}}'
kubectl wait --for=condition=Ready pod/gpu --timeout=60s
kubectl get po gpu -o jsonpath='{.spec.nodeName}{"\n"}'
kubectl label nodes node-2 accelerator-
#= node-2
#= node/node-2 unlabeled

### a taint, who bears it, and whom it drives away
kubectl run before --image=nginx --overrides='{"spec":{"nodeName":"node-1"}}'
kubectl wait --for=condition=Ready pod/before --timeout=60s
kubectl taint node node-1 tier=frontend:NoSchedule
kubectl run plain --image=nginx; kubectl run bears --image=nginx --overrides='{"spec":{"nodeSelector":{"kubernetes.io/hostname":"node-1"},"tolerations":[{"key":"tier","operator":"Equal","value":"frontend","effect":"NoSchedule"}]}}'
sleep 5
kubectl get po plain bears before -o custom-columns=N:.metadata.name,W:.spec.nodeName --no-headers
kubectl taint node node-1 tier=frontend:NoExecute
sleep 40
kubectl get po -o name
kubectl describe node node-1 | grep -A1 Taints
kubectl taint node node-1 tier-
#~ plain +node-2
#~ bears +node-1
#~ before +node-1
#= pod/plain
#~ Taints: +tier=frontend:NoExecute
#~  +tier=frontend:NoSchedule
#= node/node-1 untainted

### affinity to a node's label, and Pods that keep apart
kubectl label node node-1 availability-zone=zone1 --overwrite; kubectl label node node-2 availability-zone=zone2 --overwrite
cat <<'EOF' | kubectl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: near}
spec:
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms: [{matchExpressions: [{key: availability-zone, operator: In, values: [zone2]}]}]
  containers: [{name: c, image: nginx}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: apart}
spec:
  replicas: 4
  selector: {matchLabels: {app: apart}}
  template:
    metadata: {labels: {app: apart}}
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: apart}}}
      containers: [{name: c, image: nginx}]
EOF
sleep 10
kubectl get po near -o jsonpath='{.spec.nodeName}{"\n"}'
kubectl get po -l app=apart --no-headers | awk '{print $3}' | sort | uniq -c
kubectl get po -l app=apart --field-selector=status.phase=Pending -o jsonpath='{.items[0].status.conditions[0].message}{"\n"}'
kubectl label nodes node-1 node-2 availability-zone-
#= node-2
#~  +1 Pending
#~  +3 Running
#~ 0/4 nodes are available: .*didn't match pod anti-affinity rules.*

### on the control plane, by hand
kubectl run onmaster --image=httpd:2-alpine --dry-run=client -o yaml > p.yaml
sed -i 's|^spec:|spec:\n  nodeSelector: {node-role.kubernetes.io/control-plane: ""}\n  tolerations:\n  - {key: node-role.kubernetes.io/control-plane, effect: NoSchedule}|' p.yaml
kubectl apply -f p.yaml
kubectl wait --for=condition=Ready pod/onmaster --timeout=60s
kubectl get po onmaster -o wide --no-headers | awk '{print $7}'
#= control-plane

### a Pod that goes before others
ns=$(kubectl config view --minify -o jsonpath='{..namespace}')
kubectl create priorityclass high-$ns --value=100000 --description="goes first"
kubectl run vip --image=nginx --overrides="{\"spec\":{\"priorityClassName\":\"high-$ns\"}}"
kubectl get po vip -o jsonpath='{.spec.priority}{"\n"}'
kubectl delete pc high-$ns
#= 100000

### a node is emptied and taken back
kubectl create deploy web --image=nginx --replicas=4
kubectl rollout status deploy web | tail -1
kubectl run lone --image=nginx --overrides='{"spec":{"nodeName":"node-1"}}'
kubectl drain node-1 --ignore-daemonsets 2>&1 | grep -o 'cannot delete.*controller.*Pods that declare no controller.*force' | head -1 | cut -c1-40
kubectl drain node-1 --ignore-daemonsets --force --delete-emptydir-data | tail -1
kubectl rollout status deploy web | tail -1
kubectl get node node-1 --no-headers | awk '{print $2}'
kubectl get po -l app=web -o wide --no-headers | awk '{print $7}' | sort -u
kubectl uncordon node-1
#= node/node-1 drained
#= Ready,SchedulingDisabled
#= node-2
#= node/node-1 uncordoned

### static Pods: one on the control plane, one by ssh
kubectl run static-web --image=nginx --dry-run=client -o yaml -n default > /etc/kubernetes/manifests/static-web.yaml
kubectl run far --image=nginx --dry-run=client -o yaml -n default > far.yaml
scp -q far.yaml node-1:/etc/kubernetes/manifests/far.yaml
sleep 25
kubectl get po -n default static-web-control-plane far-node-1 --no-headers | awk '{print $1, $3}'
kubectl delete po far-node-1 -n default --wait=false
sleep 5
kubectl get po -n default far-node-1 --no-headers | awk '{print $3}'
rm /etc/kubernetes/manifests/static-web.yaml; ssh node-1 rm /etc/kubernetes/manifests/far.yaml
sleep 40
kubectl get po -n default
#= static-web-control-plane Running
#= far-node-1 Running
#= Running
#= No resources found in default namespace.

### contexts of a kubeconfig
kubectl config get-contexts -o name
kubectl config current-context
kubectl config set-context other --cluster=kubernetes --user=kubernetes-admin --namespace=kube-system
kubectl --context=other get deploy -o name
kubectl config use-context other
kubectl config view --minify -o jsonpath='{..namespace}{"\n"}'
kubectl config delete-context other
kubectl config unset current-context
#= kubernetes-admin@kubernetes
#= Context "other" created.
#= deployment.apps/coredns
#= Switched to context "other".
#= kube-system
#~ warning: this removed your active context.*
#~ deleted context other from \S+
#= Property "current-context" unset.

### what the cluster is: versions, addresses, certificates
kubectl get nodes -o jsonpath='{.items[*].status.addresses[?(@.type=="InternalIP")].address}{"\n"}'
kubectl get nodes -o jsonpath='{range .items[*]}{.metadata.name} {.status.nodeInfo.kubeletVersion}{"\n"}{end}'
grep -o 'service-cluster-ip-range=.*' /etc/kubernetes/manifests/kube-apiserver.yaml
openssl x509 -in /etc/kubernetes/pki/ca.crt -noout -subject
kubectl get po -n kube-system -l component=kube-apiserver -o jsonpath='{.items[0].spec.containers[0].image}{"\n"}'
#~ 172\.18\.0\.2(?: 172\.18\.0\.\d){3}
#= control-plane v1.36.1
#= service-cluster-ip-range=10.96.0.0/12
#~ subject=CN ?= ?kubernetes
#= registry.k8s.io/kube-apiserver:v1.36.1

### everything of a namespace, by kind
kubectl create deploy web --image=nginx; kubectl create cm a --from-literal=x=1
kubectl api-resources --verbs=list --namespaced -o name | grep -E '^(configmaps|secrets|deployments.apps)$' | xargs -n 1 kubectl get --show-kind --ignore-not-found --no-headers | awk '{print $1}'
#= configmap/a
#= configmap/kube-root-ca.crt
#= deployment.apps/web

### bases and overlays
mkdir -p base over; cd base
kubectl create deploy web --image=nginx:1.27 --dry-run=client -o yaml > deploy.yaml
echo 'resources: [deploy.yaml]' > kustomization.yaml; cd ../over
cat > kustomization.yaml <<'EOF'
resources: [../base]
namePrefix: prod-
images: [{name: nginx, newTag: "1.29"}]
replicas: [{name: web, count: 2}]
configMapGenerator: [{name: settings, literals: [A=1]}]
EOF
cd ..
kubectl kustomize over | grep -E 'image:|replicas:|  name: prod'
kubectl apply -k over
kubectl delete -k over
#~  +name: prod-settings-\w{10}
#=   name: prod-web
#=   replicas: 2
#~  +- image: nginx:1.29
#= deployment.apps/prod-web created
#~ deployment.apps "prod-web" deleted from \S+ namespace

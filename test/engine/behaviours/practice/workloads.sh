### a Deployment of two, its ReplicaSet and Pods
kubectl create deployment nginx --image=nginx:1.18.0 --dry-run=client -o yaml > deploy.yaml
sed -i 's/replicas: 1/replicas: 2/; s/        name: nginx/&\n        ports:\n        - containerPort: 80/' deploy.yaml
kubectl apply -f deploy.yaml
kubectl rollout status deploy nginx
kubectl get rs -l app=nginx -o jsonpath='{.items[0].status.readyReplicas} {.items[0].spec.template.spec.containers[0].ports[0].containerPort}{"\n"}'
kubectl get po -l app=nginx -o name | wc -l
#= deployment "nginx" successfully rolled out
#= 2 80
#= 2

### a rollout, its history, and the way back
kubectl create deployment nginx --image=nginx:1.18.0 --replicas=2
kubectl rollout status deploy/nginx
kubectl set image deploy nginx nginx=nginx:1.19.8
kubectl rollout status deploy/nginx | tail -1
kubectl annotate deploy nginx kubernetes.io/change-cause='to 1.19.8'
sleep 1
kubectl rollout history deploy nginx
kubectl rollout undo deploy nginx
kubectl rollout status deploy/nginx | tail -1
kubectl get deploy nginx -o jsonpath='{.spec.template.spec.containers[0].image}{"\n"}'
kubectl set image deploy nginx nginx=nginx:1.91
kubectl rollout status deploy/nginx --timeout=20s
kubectl get po -l app=nginx --no-headers | awk '{print $3}' | sort | uniq -c
kubectl rollout history deploy nginx --revision=4 | grep Image
kubectl rollout undo deploy nginx --to-revision=2
kubectl rollout status deploy/nginx | tail -1
kubectl get deploy nginx -o jsonpath='{.spec.template.spec.containers[0].image}{"\n"}'
#= REVISION  CHANGE-CAUSE
#= 1         <none>
#= 2         to 1.19.8
#= deployment.apps/nginx rolled back
#= nginx:1.18.0
#= error: timed out waiting for the condition
#~  +1 (?:ErrImagePull|ImagePullBackOff)
#~  +2 Running
#~  +Image:\s+nginx:1.91
#= deployment "nginx" successfully rolled out
#= nginx:1.19.8

### more and fewer, by hand and by CPU
kubectl create deploy nginx --image=nginx
kubectl scale deploy nginx --replicas=5
kubectl rollout status deploy nginx | tail -1
kubectl scale deploy nginx --current-replicas=4 --replicas=1
kubectl autoscale deploy nginx --min=5 --max=10 --cpu=80%
sleep 30
kubectl get hpa nginx --no-headers
kubectl delete deploy nginx; kubectl delete hpa nginx
#= deployment "nginx" successfully rolled out
#= error: Expected replicas to be 4, was 5
#= horizontalpodautoscaler.autoscaling/nginx autoscaled
#~ nginx +Deployment/nginx +cpu: <unknown>/80% +5 +10 +5 +\S+
#~ horizontalpodautoscaler.autoscaling "nginx" deleted from \S+ namespace

### a rollout that pauses
kubectl create deploy web --image=nginx:1.17 --replicas=2
kubectl set image deploy web nginx=nginx:1.18.0
kubectl rollout status deploy web | tail -1
kubectl rollout pause deploy web
kubectl set image deploy web nginx=nginx:1.19.9
sleep 5
kubectl get rs -l app=web --no-headers | wc -l
kubectl rollout undo deploy web
kubectl rollout resume deploy web
kubectl rollout status deploy web | tail -1
kubectl get rs -l app=web --no-headers | wc -l
#= deployment.apps/web paused
#= 2
#= error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again
#= deployment.apps/web resumed
#= deployment "web" successfully rolled out
#= 3

### a canary behind one Service
kubectl create deploy v1 --image=hashicorp/http-echo --replicas=3 --dry-run=client -o yaml -- /http-echo -text=version-1 -listen=:80 | sed 's/app: v1/app: my-app/' | kubectl apply -f -
cat > v2.yaml <<'EOF'
apiVersion: apps/v1
kind: Deployment
metadata: {name: v2}
spec:
  selector: {matchLabels: {app: my-app, version: v2}}
  template:
    metadata: {labels: {app: my-app, version: v2}}
    spec:
      containers: [{name: echo, image: hashicorp/http-echo, args: ["-text=version-2", "-listen=:80"]}]
EOF
kubectl apply -f v2.yaml
kubectl create service clusterip my-app --tcp=80:80
kubectl rollout status deploy v2 | tail -1; kubectl rollout status deploy v1 | tail -1
IP=$(kubectl get svc my-app -o jsonpath='{.spec.clusterIP}')
for i in $(seq 40); do curl -s $IP; done | sort | uniq -c | awk '{print $2}'
kubectl scale deploy v2 --replicas=3; kubectl delete deploy v1
kubectl rollout status deploy v2 | tail -1; sleep 5
for i in $(seq 10); do curl -s $IP; done | sort -u
#= version-1
#= version-2
#~ deployment.apps "v1" deleted from \S+ namespace
#= deployment "v2" successfully rolled out
#= version-2

### recreate instead of rolling, by a patch
kubectl create deploy web --image=nginx:1.27 --replicas=2
kubectl patch deploy web -p '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'
kubectl rollout status deploy web | tail -1
kubectl set image deploy web '*=nginx:1.29'
sleep 2
kubectl get deploy web -o jsonpath='{.status.availableReplicas}-{.spec.strategy}{"\n"}'
kubectl rollout status deploy web | tail -1
#= deployment.apps/web patched
#= -{"type":"Recreate"}
#= deployment "web" successfully rolled out

### no surge, and a rollout that never gets ready
kubectl create deploy web --image=nginx:1.29 --replicas=4
kubectl patch deploy web --type=json -p '[{"op":"replace","path":"/spec/strategy/rollingUpdate","value":{"maxSurge":0,"maxUnavailable":1}},{"op":"add","path":"/spec/progressDeadlineSeconds","value":30}]'
kubectl rollout status deploy web | tail -1
kubectl set image deploy web nginx=nginx:nope
sleep 45
kubectl rollout status deploy web
kubectl get deploy web -o jsonpath='{.status.readyReplicas}/{.status.replicas}{"\n"}'
kubectl get deploy web -o jsonpath='{.status.conditions[?(@.type=="Progressing")].reason}{"\n"}'
#= error: deployment "web" exceeded its progress deadline
#= 3/4
#= ProgressDeadlineExceeded

### environment, resources and account of a Deployment, set
kubectl create deploy web --image=nginx
kubectl set env deploy/web COLOR=blue SIZE=big
kubectl set env deploy/web SIZE-
kubectl set resources deploy web -c=nginx --limits=cpu=200m,memory=128Mi --requests=cpu=100m
kubectl create sa runner
kubectl set serviceaccount deploy web runner
kubectl rollout status deploy web | tail -1
kubectl set env deploy/web --list
kubectl get deploy web -o jsonpath='{.spec.template.spec.serviceAccountName} {.spec.template.spec.containers[0].resources}{"\n"}'
#= # Deployment web, container nginx
#= COLOR=blue
#= runner {"limits":{"cpu":"200m","memory":"128Mi"},"requests":{"cpu":"100m"}}

### a DaemonSet made of a Deployment's YAML, on the control plane too
kubectl create deploy ds-important --image=httpd:2-alpine --dry-run=client -o yaml > ds.yaml
sed -i 's/kind: Deployment/kind: DaemonSet/; /replicas:/d; /strategy/d; /status/d' ds.yaml
sed -i 's|^    spec:|    spec:\n      tolerations:\n      - {key: node-role.kubernetes.io/control-plane, effect: NoSchedule}|' ds.yaml
kubectl apply -f ds.yaml
kubectl rollout status ds ds-important | tail -1
kubectl get po -o wide --no-headers | awk '{print $7}' | sort
#= daemon set "ds-important" successfully rolled out
#= control-plane
#= node-1
#= node-2
#= node-3

### a Pod that its ReplicaSet lets go of
cat <<'EOF' | kubectl apply -f -
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: rs}
spec:
  replicas: 2
  selector: {matchLabels: {tier: web}}
  template:
    metadata: {labels: {tier: web}}
    spec: {containers: [{name: c, image: nginx}]}
EOF
sleep 5
one=$(kubectl get po -l tier=web -o jsonpath='{.items[0].metadata.name}')
kubectl label po $one tier=lone --overwrite
sleep 5
kubectl get po -l tier=web --no-headers | wc -l
kubectl get po $one -o jsonpath='[{.metadata.ownerReferences}]{"\n"}'
kubectl delete rs rs --cascade=orphan
kubectl get po --no-headers | wc -l
#= replicaset.apps/rs created
#= 2
#= []
#~ replicaset.apps "rs" deleted from \S+ namespace
#= 3

### what a file differs from what runs in, and a replacement by force
kubectl create deploy web --image=nginx:1.27 --dry-run=client -o yaml > web.yaml
kubectl apply -f web.yaml
sed -i 's/nginx:1.27/nginx:1.29/' web.yaml
kubectl diff -f web.yaml | grep 'image:'; echo "status ${PIPESTATUS[0]}"
kubectl apply -f web.yaml
kubectl run one --image=nginx:1.27 --dry-run=client -o yaml > one.yaml
kubectl apply -f one.yaml
sed -i 's/restartPolicy: Always/restartPolicy: Never/' one.yaml
kubectl apply -f one.yaml 2>&1 | head -1
kubectl replace --force -f one.yaml
kubectl get po one -o jsonpath='{.spec.restartPolicy}{"\n"}'
#~ -\s+- image: nginx:1.27
#~ \+\s+- image: nginx:1.29
#= status 1
#= deployment.apps/web configured
#~ The Pod "one" is invalid: spec: Forbidden: pod updates may not change fields other than .*
#~ pod "one" deleted from \S+ namespace
#= pod/one replaced
#= Never

### a disruption budget that a drain keeps to
kubectl create deploy web --image=nginx --replicas=2
kubectl rollout status deploy web | tail -1
kubectl create pdb web --selector=app=web --min-available=2
sleep 2
kubectl get pdb web --no-headers | awk '{print $2, $4}'
kubectl drain node-1 --ignore-daemonsets --timeout=6s 2>&1 | grep -o 'Cannot evict.*' | head -1
kubectl drain node-2 --ignore-daemonsets --timeout=6s 2>&1 | grep -o 'Cannot evict.*' | head -1
kubectl patch pdb web -p '{"spec":{"minAvailable":1}}'
kubectl uncordon node-2
kubectl drain node-1 --ignore-daemonsets --force --delete-emptydir-data | tail -1
kubectl uncordon node-1
#= 2 0
#= Cannot evict pod as it would violate the pod's disruption budget.
#= poddisruptionbudget.policy/web patched
#= node/node-1 drained
#= node/node-1 uncordoned

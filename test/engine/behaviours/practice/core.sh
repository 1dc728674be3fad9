### a namespace, and a Pod in it
kubectl create namespace apart
kubectl run nginx --image=nginx --restart=Never -n apart
kubectl wait --for=condition=Ready pod/nginx -n apart --timeout=60s
kubectl get po -n apart
kubectl delete ns apart
#= namespace/apart created
#= pod/nginx created
#= pod/nginx condition met
#~ nginx +1/1 +Running +0 +\d+s
#= namespace "apart" deleted

### the same Pod by a file that the client writes
kubectl run nginx --image=nginx --restart=Never --dry-run=client -o yaml > pod.yaml
cat pod.yaml
kubectl apply -f pod.yaml
kubectl get -f pod.yaml -o jsonpath='{.spec.restartPolicy} {.spec.containers[*].name}{"\n"}'
#= apiVersion: v1
#= kind: Pod
#= metadata:
#=   labels:
#=     run: nginx
#=   name: nginx
#=     resources: {}
#= pod/nginx created
#= Never nginx

### a Pod that prints its environment and is gone
kubectl run busybox --image=busybox --restart=Never --rm -i --command -- env
kubectl get po
#= KUBERNETES_SERVICE_HOST=10.96.0.1
#~ pod "busybox" deleted from \S+ namespace
#~ No resources found in \S+ namespace\.

### the same by YAML, read from its log
kubectl run busybox --image=busybox --restart=Never --dry-run=client -o yaml --command -- env > envpod.yaml
grep -A1 command: envpod.yaml
kubectl apply -f envpod.yaml
sleep 5
kubectl logs busybox | grep HOSTNAME
kubectl get po busybox --no-headers
#=   - command:
#=     - env
#= HOSTNAME=busybox
#~ busybox +0/1 +Completed +0 +\d+s

### YAML of a namespace and of a quota that are not made
kubectl create namespace never -o yaml --dry-run=client
kubectl create quota myrq --hard=cpu=1,memory=1G,pods=2 --dry-run=client -o yaml
kubectl get ns never
#= kind: Namespace
#=   name: never
#= kind: ResourceQuota
#=   hard:
#=     cpu: "1"
#=     memory: 1G
#=     pods: "2"
#= Error from server (NotFound): namespaces "never" not found

### another image for a running Pod
kubectl run nginx --image=nginx:1.27 --port=80
kubectl wait --for=condition=Ready pod/nginx --timeout=60s
kubectl set image pod/nginx nginx=nginx:1.29
sleep 20
kubectl get po nginx -o jsonpath='{.spec.containers[].image} {.status.containerStatuses[0].restartCount}{"\n"}'
kubectl describe po nginx | grep -o 'definition changed.*'
#= pod/nginx image updated
#= nginx:1.29 1
#= definition changed, will be restarted

### a Pod's address, asked from another Pod
kubectl run nginx --image=nginx --restart=Never --port=80
kubectl wait --for=condition=Ready pod/nginx --timeout=60s
NGINX_IP=$(kubectl get pod nginx -o jsonpath='{.status.podIP}')
kubectl run busybox --image=busybox --env="NGINX_IP=$NGINX_IP" --rm -i --restart=Never -- sh -c 'wget -qO- $NGINX_IP:80' | grep title
#= <title>Welcome to nginx!</title>

### what a Pod printed before it was restarted
kubectl run crash --image=busybox -- sh -c 'echo began; sleep 3; exit 1'
sleep 12
kubectl logs crash -p
kubectl get po crash -o jsonpath='{.status.containerStatuses[0].lastState.terminated.exitCode}{"\n"}'
#= began
#= 1

### a command in a Pod, and one that ends with a word
kubectl run nginx --image=nginx --restart=Never
kubectl wait --for=condition=Ready pod/nginx --timeout=60s
kubectl exec nginx -- /bin/sh -c 'ls /usr/share/nginx/html'
kubectl run hello --image=busybox -i --rm --restart=Never -- echo 'hello world'
#= 50x.html
#= index.html
#= hello world

### an environment variable, seen three ways
kubectl run nginx --image=nginx --restart=Never --env=var1=val1
kubectl wait --for=condition=Ready pod/nginx --timeout=60s
kubectl exec nginx -- env | grep var1
kubectl describe po nginx | grep val1
kubectl exec nginx -- sh -c 'echo $var1'
#= var1=val1
#=       var1:  val1
#= val1

### two containers, the second one entered
kubectl run two --image=busybox --restart=Never -o yaml --dry-run=client -- /bin/sh -c 'echo hello;sleep 3600' > pod.yaml
sed -n '/  - args:/,/    resources/p' pod.yaml | sed 's/name: two/name: two2/' > second
sed -i '/    resources: {}/r second' pod.yaml
kubectl apply -f pod.yaml
kubectl wait --for=condition=Ready pod/two --timeout=60s
kubectl exec two -c two2 -- ls -d /etc
kubectl logs two --all-containers --prefix
#= pod/two created
#= /etc
#= [pod/two/two] hello
#= [pod/two/two2] hello

### an init container that leaves a page for the server
kubectl run box --image=nginx --restart=Never --port=80 --dry-run=client -o yaml > pod.yaml
sed -i 's|    resources: {}|    volumeMounts:\n    - {name: vol, mountPath: /usr/share/nginx/html}|; /^status/d' pod.yaml
cat >> pod.yaml <<'EOF'
  volumes:
  - name: vol
    emptyDir: {}
  initContainers:
  - name: init
    image: busybox
    args: ["/bin/sh", "-c", "echo 'Left by init' > /work-dir/index.html"]
    volumeMounts:
    - {name: vol, mountPath: /work-dir}
EOF
kubectl apply -f pod.yaml
kubectl wait --for=condition=Ready pod/box --timeout=60s
curl -s $(kubectl get po box -o jsonpath='{.status.podIP}')
#= pod/box condition met
#= Left by init

### labels: shown, changed, chosen by, taken away
for i in {1..3}; do kubectl run nginx$i --image=nginx --labels=app=v1; done
kubectl get po --show-labels --no-headers | awk '{print $1, $NF}'
kubectl label po nginx2 app=v2
kubectl label po nginx2 app=v2 --overwrite
kubectl get po -L app --no-headers | awk '{print $1, $NF}'
kubectl get po -l app=v2 -o name
kubectl label po -l 'app in (v1,v2)' tier=web
kubectl get po -l 'tier=web,app!=v2' -o name
kubectl label po nginx{1..3} app-
kubectl get po -l app
#= nginx3 app=v1
#= error: 'app' already has a value (v1), and --overwrite is false
#= pod/nginx2 labeled
#= nginx1 v1
#= nginx2 v2
#= nginx3 v1
#= pod/nginx2
#= pod/nginx1
#= pod/nginx3
#= pod/nginx1 unlabeled
#= pod/nginx2 unlabeled
#= pod/nginx3 unlabeled
#~ No resources found in \S+ namespace\.

### annotations: set, listed, taken away
kubectl run nginx1 --image=nginx; kubectl run nginx2 --image=nginx
kubectl annotate po nginx1 nginx2 description='my description'
kubectl annotate pod nginx1 --list
kubectl describe po nginx2 | grep -i annotations
kubectl annotate po nginx{1..2} description-
kubectl get po nginx1 -o jsonpath='[{.metadata.annotations.description}]{"\n"}'
#= description=my description
#~ Annotations: +description: my description
#= pod/nginx1 annotated
#= pod/nginx2 annotated
#= []

### answers put in order, in columns, by path
kubectl run b --image=nginx:1.29 -l app=x; sleep 1.5; kubectl run a --image=redis:7 -l app=x
kubectl get po --sort-by=.metadata.creationTimestamp -o name
kubectl get po --sort-by=.metadata.name -o custom-columns='NAME:.metadata.name,IMAGE:.spec.containers[*].image'
kubectl get po -o jsonpath='{range .items[*]}{.metadata.name}{"\t"}{.spec.containers[0].image}{"\n"}{end}'
kubectl get po -o=jsonpath='{.items[?(@.spec.containers[0].image=="redis:7")].metadata.name}{"\n"}'
kubectl get po --field-selector=status.phase!=Running,metadata.name=none
#= pod/b
#= pod/a
#= NAME   IMAGE
#= a      redis:7
#= b      nginx:1.29
#~ a\tredis:7
#~ b\tnginx:1.29
#= a
#~ No resources found in \S+ namespace\.

### fields looked up while one writes
kubectl explain pod.spec.containers.livenessProbe
kubectl explain pods.spec.tolerations --recursive | grep tolerationSeconds
kubectl explain pod.spec.none
kubectl api-resources --namespaced=true --api-group=apps -o name
#~ KIND: +Pod
#= FIELD: livenessProbe <Probe>
#~  +failureThreshold\t<integer>
#~  +tolerationSeconds\t<integer>
#= error: field "none" does not exist
#= deployments.apps

### a Pod deleted at once, and all of a namespace
kubectl run stuck --image=busybox -- sh -c 'trap "" TERM; while true; do sleep 1; done'
kubectl wait --for=condition=Ready pod/stuck --timeout=60s
kubectl delete po stuck --force --grace-period=0
kubectl create deploy web --image=nginx; kubectl expose deploy web --port=80
kubectl delete all --all
kubectl get deploy,rs,svc
#= Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
#~ pod "stuck" force deleted from \S+ namespace
#~ service "web" deleted from \S+ namespace
#~ deployment.apps "web" deleted from \S+ namespace
#~ No resources found in \S+ namespace\.

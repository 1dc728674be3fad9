### a ConfigMap of literals
kubectl create configmap config --from-literal=foo=lala --from-literal=foo2=lolo
kubectl get cm config -o jsonpath='{.data.foo} {.data.foo2}{"\n"}'
kubectl describe cm config | grep -A2 '^foo:'
#= configmap/config created
#= lala lolo
#= foo:
#= ----
#= lala

### ConfigMaps of a file, of an environment file, and under another key
echo -e "foo3=lili\nfoo4=lele" > config.txt
echo -e "var1=val1\n# this is a comment\n\nvar2=val2\n#anothercomment" > config.env
kubectl create cm file --from-file=config.txt
kubectl create cm env --from-env-file=config.env
kubectl create cm key --from-file=special=config.txt
kubectl get cm file -o yaml | sed -n '/^data/,/^kind/p'
kubectl get cm env -o jsonpath='{.data}{"\n"}'
kubectl get cm key -o go-template='{{range $k, $v := .data}}{{$k}}{{"\n"}}{{end}}'
#= data:
#=   config.txt: |
#=     foo3=lili
#=     foo4=lele
#= {"var1":"val1","var2":"val2"}
#= special

### a ConfigMap's value as a variable, all of it as variables, all of it as files
kubectl create cm options --from-literal=var5=val5 --from-literal=var6=val6
kubectl run nginx --image=nginx --restart=Never --dry-run=client -o yaml > pod.yaml
sed -i 's/    resources: {}/    env:\n    - name: option\n      valueFrom:\n        configMapKeyRef: {name: options, key: var5}\n    envFrom:\n    - configMapRef: {name: options}\n    volumeMounts:\n    - {name: vol, mountPath: \/etc\/lala}/' pod.yaml
sed -i 's/^spec:/spec:\n  volumes:\n  - name: vol\n    configMap: {name: options}/' pod.yaml
kubectl create -f pod.yaml
kubectl wait --for=condition=Ready pod/nginx --timeout=60s
kubectl exec nginx -- env | grep -E 'option|var6'
kubectl exec nginx -- sh -c 'ls /etc/lala; cat /etc/lala/var5; echo'
kubectl patch cm options -p '{"data":{"var5":"new"}}'
sleep 100
kubectl exec nginx -- sh -c 'cat /etc/lala/var5; echo " $option"'
#= var6=val6
#= option=val5
#= var5
#= var6
#= val5
#= new val5

### a ConfigMap that cannot be changed
kubectl create cm fixed --from-literal=a=1
kubectl patch cm fixed -p '{"immutable":true}'
kubectl patch cm fixed -p '{"data":{"a":"2"}}'
#= configmap/fixed patched
#= The ConfigMap "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set

### a user that a container runs as, and capabilities that it has
cat <<'EOF' | kubectl create -f -
apiVersion: v1
kind: Pod
metadata: {name: sec}
spec:
  securityContext: {runAsUser: 101, runAsGroup: 3000, fsGroup: 2000}
  volumes: [{name: v, emptyDir: {}}]
  containers:
  - name: a
    image: busybox
    command: [sleep, "3600"]
    volumeMounts: [{name: v, mountPath: /data}]
    securityContext:
      allowPrivilegeEscalation: false
      capabilities: {add: [NET_ADMIN, SYS_TIME]}
  - name: b
    image: busybox
    command: [sleep, "3600"]
    securityContext: {runAsUser: 2000, readOnlyRootFilesystem: true}
EOF
kubectl wait --for=condition=Ready pod/sec --timeout=60s
kubectl exec sec -c a -- sh -c 'id -u; id -g; touch /data/f; stat -c %g /data/f'
kubectl exec sec -c b -- sh -c 'id -u; touch /tmp/x'
kubectl get po sec -o jsonpath='{.spec.containers[0].securityContext.capabilities.add}{"\n"}'
#= 101
#= 3000
#= 2000
#= 2000
#= touch: /tmp/x: Read-only file system
#= ["NET_ADMIN","SYS_TIME"]

### a container that must not run as root
kubectl run web --image=nginx --overrides='{"spec":{"securityContext":{"runAsNonRoot":true}}}'
sleep 8
kubectl get po web --no-headers | awk '{print $3}'
kubectl describe po web | grep -o 'Error: container has runAsNonRoot and image will run as root' | head -1
#= CreateContainerConfigError
#= Error: container has runAsNonRoot and image will run as root

### requests and limits of a Pod, and one that fits nowhere
kubectl run nginx --image=nginx --dry-run=client -o yaml > pod.yaml
sed -i 's/    resources: {}/    resources:\n      requests: {cpu: 100m, memory: 256Mi}\n      limits: {cpu: 200m, memory: 512Mi}/' pod.yaml
kubectl apply -f pod.yaml
sed 's/name: nginx/name: huge/; s/256Mi/900Gi/; s/512Mi/900Gi/' pod.yaml | kubectl apply -f -
sleep 3
kubectl get po nginx -o jsonpath='{.status.qosClass}{"\n"}'
kubectl get po huge --no-headers | awk '{print $3}'
kubectl get events --field-selector involvedObject.name=huge -o custom-columns=M:.message --no-headers
#= Burstable
#= Pending
#~ 0/4 nodes are available: .*3 Insufficient memory.*

### a LimitRange that gives Pods what they do not ask for
kubectl create ns limited
cat <<'EOF' | kubectl apply -n limited -f -
apiVersion: v1
kind: LimitRange
metadata: {name: ns-memory-limit}
spec:
  limits:
  - {type: Container, max: {memory: 500Mi}, min: {memory: 100Mi}, default: {memory: 250Mi}, defaultRequest: {memory: 200Mi}}
EOF
kubectl run a --image=nginx -n limited
kubectl get po a -n limited -o jsonpath='{.spec.containers[0].resources.limits.memory} {.spec.containers[0].resources.requests.memory}{"\n"}'
kubectl run b --image=nginx -n limited --overrides='{"spec":{"containers":[{"name":"b","image":"nginx","resources":{"limits":{"memory":"800Mi"}}}]}}'
kubectl delete ns limited
#= 250Mi 200Mi
#= Error from server (Forbidden): pods "b" is forbidden: maximum memory usage per Container is 500Mi, but limit is 800Mi

### a quota that is used up
kubectl create ns one
kubectl create quota my-rq --hard=pods=1,requests.cpu=1 -n one
kubectl run a --image=nginx -n one
kubectl run a --image=nginx -n one --overrides='{"spec":{"containers":[{"name":"a","image":"nginx","resources":{"requests":{"cpu":"0.5"}}}]}}'
kubectl run b --image=nginx -n one --overrides='{"spec":{"containers":[{"name":"b","image":"nginx","resources":{"requests":{"cpu":"0.2"}}}]}}'
kubectl get quota my-rq -n one -o jsonpath='{.status.used.pods}/{.status.hard.pods} {.status.used.requests\.cpu}/{.status.hard.requests\.cpu}{"\n"}'
kubectl delete ns one
#= Error from server (Forbidden): pods "a" is forbidden: failed quota: my-rq: must specify requests.cpu for: a
#= pod/a created
#= Error from server (Forbidden): pods "b" is forbidden: exceeded quota: my-rq, requested: pods=1, used: pods=1, limited: pods=1
#= 1/1 500m/1

### Secrets: made, read, decoded
echo -n admin > username
kubectl create secret generic mysecret --from-literal=password=mypass
kubectl create secret generic mysecret2 --from-file=username
kubectl get secret mysecret2 -o jsonpath='{.data.username}' | base64 -d; echo
kubectl get secret mysecret -o go-template='{{.data.password | base64decode}}{{"\n"}}'
kubectl describe secret mysecret | grep password
#= admin
#= mypass
#~ password: +6 bytes

### a Secret as files and as a variable
kubectl create secret generic mysecret2 --from-literal=username=admin
cat <<'EOF' | kubectl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: nginx}
spec:
  volumes: [{name: foo, secret: {secretName: mysecret2, defaultMode: 0400}}]
  containers:
  - name: nginx
    image: nginx
    volumeMounts: [{name: foo, mountPath: /etc/foo, readOnly: true}]
    env:
    - {name: USERNAME, valueFrom: {secretKeyRef: {name: mysecret2, key: username}}}
EOF
kubectl wait --for=condition=Ready pod/nginx --timeout=60s
kubectl exec nginx -- sh -c 'cat /etc/foo/username; echo " $USERNAME"; stat -Lc %a /etc/foo/username'
#= admin admin
#= 400

### Secrets of the other types
kubectl create secret docker-registry regcred --docker-server=registry.example --docker-username=u --docker-password=p
kubectl get secret regcred -o jsonpath='{.type}{"\n"}{.data.\.dockerconfigjson}' | sed '2s/.*/&/' | tail -1 | base64 -d; echo
kubectl create secret tls web --cert=/none --key=/none
kubectl get secrets --no-headers | awk '{print $1, $2}'
#= {"auths":{"registry.example":{"username":"u","password":"p","auth":"dTpw"}}}
#= error: Cannot read file /none, open /none: no such file or directory
#= regcred kubernetes.io/dockerconfigjson

### a service account, its token, and a Pod that runs as it
kubectl create sa myuser
kubectl get sa -o name
kubectl create token myuser --duration=1h | awk -F. '{print NF}'
kubectl run nginx --image=nginx --dry-run=client -o yaml --overrides='{"spec":{"serviceAccountName":"myuser"}}' | kubectl apply -f -
kubectl wait --for=condition=Ready pod/nginx --timeout=60s
kubectl exec nginx -- cut -c1-2 /var/run/secrets/kubernetes.io/serviceaccount/token
kubectl patch sa myuser -p '{"automountServiceAccountToken":false}'
kubectl run quiet --image=nginx --overrides='{"spec":{"serviceAccountName":"myuser"}}'
kubectl wait --for=condition=Ready pod/quiet --timeout=60s
kubectl exec quiet -- ls /var/run/secrets
#= serviceaccount/myuser
#= 3
#= ey
#= serviceaccount/myuser patched
#~ ls: (?:cannot access )?'?/var/run/secrets'?: No such file or directory

### fields of a Pod as variables and as files
cat <<'EOF' | kubectl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: down, labels: {zone: a}, annotations: {build: two}}
spec:
  containers:
  - name: c
    image: busybox
    command: [sleep, "3600"]
    resources: {limits: {memory: 64Mi}}
    env:
    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    - {name: MEM, valueFrom: {resourceFieldRef: {resource: limits.memory}}}
    volumeMounts: [{name: info, mountPath: /etc/info}]
  volumes:
  - name: info
    projected:
      sources:
      - downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}
      - downwardAPI: {items: [{path: build, fieldRef: {fieldPath: "metadata.annotations['build']"}}]}
EOF
kubectl wait --for=condition=Ready pod/down --timeout=60s
kubectl exec down -- sh -c 'echo $NODE $MEM; cat /etc/info/labels; echo; cat /etc/info/build; echo'
#~ node-\d 67108864
#= zone="a"
#= two

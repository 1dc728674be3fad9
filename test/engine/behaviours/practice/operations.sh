### a liveness probe that fails, and Pods that fail theirs
kubectl run nginx --image=nginx --restart=Always --dry-run=client -o yaml > pod.yaml
sed -i 's|    resources: {}|    livenessProbe:\n      exec: {command: [ls, /tmp/alive]}\n      initialDelaySeconds: 5\n      periodSeconds: 5\n      failureThreshold: 2|' pod.yaml
kubectl create -f pod.yaml
sleep 18
kubectl describe pod nginx | grep -o 'Liveness:.*'
kubectl get events --field-selector involvedObject.name=nginx,reason=Unhealthy -o custom-columns=M:.message --no-headers
kubectl get po nginx -o jsonpath='{.status.containerStatuses[0].restartCount}{"\n"}'
#~ Liveness: +exec \[ls /tmp/alive\] delay=5s timeout=1s period=5s #success=1 #failure=2
#~ Liveness probe failed: ls: cannot access '/tmp/alive': No such file or directory
#= 1

### a startup probe that holds the others back
cat <<'EOF' | kubectl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: slow}
spec:
  containers:
  - name: c
    image: busybox
    command: [sh, -c, "sleep 20; touch /tmp/up; sleep 3600"]
    startupProbe: {exec: {command: [cat, /tmp/up]}, periodSeconds: 5, failureThreshold: 10}
    livenessProbe: {exec: {command: [cat, /tmp/up]}, periodSeconds: 2, failureThreshold: 1}
EOF
sleep 45
kubectl get po slow --no-headers | awk '{print $2, $3, $4}'
#= 1/1 Running 0

### logs: followed, of a while, with their times
kubectl run busybox --image=busybox --restart=Never -- /bin/sh -c 'i=0; while true; do echo "$i: $(date +%Y)"; i=$((i+1)); sleep 1; done'
kubectl wait --for=condition=Ready pod/busybox --timeout=60s
sleep 5
timeout 3 kubectl logs busybox -f | wc -l | sed 's/[5-9]\|1[0-2]/some/'
kubectl logs busybox --tail=1 --timestamps | grep -Ec '^20\S+Z [0-9]+: 20'
kubectl logs busybox --since=2s | wc -l | sed 's/[12]$/few/'
#= some
#= 1
#= few

### a command that fails, one that does not exist, and an image that does not
kubectl run busybox --restart=Never --image=busybox -- /bin/sh -c 'ls /notexist'
kubectl run wrong --restart=Never --image=busybox -- notexist
kubectl run image --image=nginx:doesnotexist
sleep 10
kubectl logs busybox
kubectl get po busybox wrong --no-headers | awk '{print $1, $3}'
kubectl describe po wrong | grep -o 'exec: "notexist": executable file not found in $PATH' | head -1
kubectl get events --field-selector involvedObject.name=image --sort-by=.lastTimestamp -o custom-columns=R:.reason --no-headers | sort -u
#= ls: /notexist: No such file or directory
#= busybox Error
#~ wrong (?:StartError|ContainerCannotRun)
#= exec: "notexist": executable file not found in $PATH
#= BackOff
#= Failed
#= Pulling
#= Scheduled

### what the configuration lacks
kubectl run web --image=nginx --dry-run=client -o yaml | sed 's/    resources: {}/    envFrom:\n    - configMapRef: {name: settings}/' | kubectl apply -f -
sleep 5
kubectl get po web --no-headers | awk '{print $3}'
kubectl get events --field-selector involvedObject.name=web,reason=Failed -o jsonpath='{.items[0].message}{"\n"}'
kubectl create cm settings --from-literal=A=1
kubectl wait --for=condition=Ready pod/web --timeout=90s
#= CreateContainerConfigError
#~ Error: configmap "settings" not found
#= pod/web condition met

### memory that is not enough
kubectl run hog --image=polinux/stress --restart=Never --overrides='{"spec":{"containers":[{"name":"hog","image":"polinux/stress","command":["stress"],"args":["--vm","1","--vm-bytes","250M","--vm-hang","1"],"resources":{"limits":{"memory":"100Mi"}}}]}}'
sleep 15
kubectl get po hog -o jsonpath='{.status.containerStatuses[0].state.terminated.reason} {.status.containerStatuses[0].state.terminated.exitCode}{"\n"}'
#~ OOMKilled 137

### how much nodes and Pods use
kubectl create deploy web --image=nginx
kubectl rollout status deploy web | tail -1
sleep 60
kubectl top nodes | awk '{print $1}'
kubectl top pods --containers | awk '{print $2}' | sort -u
kubectl top pods -A --sort-by=memory --no-headers | head -1 | awk '{print $2}'
#= NAME
#= control-plane
#= nginx
#~ \S+

### a debugger beside a container, and one on a node
kubectl run web --image=registry.k8s.io/pause:3.10
kubectl wait --for=condition=Ready pod/web --timeout=60s
kubectl exec web -- ls
kubectl debug web --image=busybox --target=web -c dbg -- sleep 3600
sleep 4
kubectl exec web -c dbg -- ps -o args | head -2
kubectl debug node/node-1 --image=busybox --profile=sysadmin -- sleep 3600 | sed 's/node-debugger-node-1-..... with/NAME with/'
sleep 4
kubectl exec $(kubectl get po -o name | grep debugger) -- cat /host/etc/hostname
#~ error: .*exec: "ls": executable file not found in \$PATH.*|.*executable file not found in \$PATH.*
#~ COMMAND
#= /pause
#~ Creating debugging pod NAME with container debugger on node node-1\.
#= node-1

### an empty folder that two containers share
cat <<'EOF' | kubectl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: share}
spec:
  containers:
  - {name: a, image: busybox, args: [/bin/sh, -c, sleep 3600], volumeMounts: [{name: v, mountPath: /etc/foo}]}
  - {name: b, image: busybox, args: [/bin/sh, -c, sleep 3600], volumeMounts: [{name: v, mountPath: /etc/foo}]}
  volumes: [{name: v, emptyDir: {}}]
EOF
kubectl wait --for=condition=Ready pod/share --timeout=60s
kubectl exec share -c b -- sh -c "cut -f 1 -d ':' /etc/passwd > /etc/foo/passwd"
kubectl exec share -c a -- head -1 /etc/foo/passwd
#= root

### a volume, a claim, and two Pods that see the same file
ns=$(kubectl config view --minify -o jsonpath='{..namespace}')
cat <<EOF | kubectl apply -f -
apiVersion: v1
kind: PersistentVolume
metadata: {name: vol-$ns}
spec:
  storageClassName: normal-$ns
  capacity: {storage: 10Gi}
  accessModes: [ReadWriteOnce, ReadWriteMany]
  hostPath: {path: /etc/foo}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: mypvc}
spec:
  storageClassName: normal-$ns
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 4Gi}}
EOF
sleep 3
kubectl get pvc mypvc --no-headers | awk '{print $2, $4, $5}'
kubectl run busybox --image=busybox --restart=Never --overrides='{"spec":{"nodeName":"node-1","volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"mypvc"}}],"containers":[{"name":"busybox","image":"busybox","command":["sleep","3600"],"volumeMounts":[{"name":"v","mountPath":"/etc/foo"}]}]}}'
kubectl wait --for=condition=Ready pod/busybox --timeout=60s
kubectl exec busybox -- cp /etc/passwd /etc/foo/passwd
kubectl get po busybox -o yaml | sed 's/name: busybox$/name: busybox2/; /resourceVersion\|uid:/d' | kubectl create -f -
kubectl wait --for=condition=Ready pod/busybox2 --timeout=60s
kubectl exec busybox2 -- ls /etc/foo
ssh node-1 ls /etc/foo
#~ Bound 10Gi RWO,RWX
#= pod/busybox2 created
#= passwd
#= passwd

### storage that comes with the claim
kubectl get sc --no-headers | awk '{print $2, $3}'
cat <<'EOF' | kubectl apply -f -
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
EOF
kubectl get pvc data --no-headers | awk '{print $2}'
kubectl run user --image=busybox --overrides='{"spec":{"volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"data"}}],"containers":[{"name":"user","image":"busybox","command":["sleep","3600"],"volumeMounts":[{"name":"d","mountPath":"/d"}]}]}}'
kubectl wait --for=condition=Ready pod/user --timeout=90s
kubectl get pvc data --no-headers | awk '{print $2}'
#~ \(default\) .*
#= Pending
#= pod/user condition met
#= Bound

### files copied from and to a Pod
kubectl run busybox --image=busybox --restart=Never -- sleep 3600
kubectl wait --for=condition=Ready pod/busybox --timeout=60s
kubectl cp busybox:etc/passwd ./passwd
head -1 passwd
echo sent > here; kubectl cp here busybox:/tmp/there
kubectl exec busybox -- cat /tmp/there
#~ root:x:0:0:.*
#= sent

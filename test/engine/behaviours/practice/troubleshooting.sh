### a kubelet that was stopped
ssh node-1 systemctl stop kubelet
sleep 60
kubectl get node node-1 --no-headers | awk '{print $2}'
ssh node-1 systemctl is-active kubelet
kubectl describe node node-1 | grep -o 'Kubelet stopped posting node status.' | sort -u
ssh node-1 systemctl start kubelet
sleep 20
kubectl get node node-1 --no-headers | awk '{print $2}'
#= NotReady
#= inactive
#= Kubelet stopped posting node status.
#= Ready

### a kubelet whose configuration was broken
ssh node-2 "cp /var/lib/kubelet/config.yaml /root/kept; sed -i 's/^cgroupDriver: systemd/cgroupDriver: {systemd/' /var/lib/kubelet/config.yaml; systemctl restart kubelet"
sleep 60
kubectl get node node-2 --no-headers | awk '{print $2}'
ssh node-2 journalctl -u kubelet --no-pager | grep -o 'failed to load kubelet config file' | head -1
ssh node-2 "mv /root/kept /var/lib/kubelet/config.yaml; systemctl restart kubelet"
sleep 20
kubectl get node node-2 --no-headers | awk '{print $2}'
#= NotReady
#= failed to load kubelet config file
#= Ready

### a scheduler that is gone, and a Pod placed by hand meanwhile
mv /etc/kubernetes/manifests/kube-scheduler.yaml /tmp/
sleep 45
kubectl run manual --image=nginx
sleep 10
kubectl get po manual --no-headers | awk '{print $3}'
kubectl get po -n kube-system -l component=kube-scheduler
kubectl get po manual -o yaml | sed 's/^spec:/spec:\n  nodeName: node-1/; /resourceVersion\|uid:/d; /^status:/,$d' > manual.yaml
kubectl replace --force -f manual.yaml
kubectl wait --for=condition=Ready pod/manual --timeout=60s
mv /tmp/kube-scheduler.yaml /etc/kubernetes/manifests/
sleep 45
kubectl run later --image=nginx
kubectl wait --for=condition=Ready pod/later --timeout=60s
#= Pending
#= No resources found in kube-system namespace.
#= pod/manual replaced
#= pod/manual condition met
#= pod/later condition met

### a scheduler whose manifest names no image
sed -i 's|kube-scheduler:v|kube-scheduler:nope-v|' /etc/kubernetes/manifests/kube-scheduler.yaml
sleep 60
kubectl get po -n kube-system kube-scheduler-control-plane --no-headers | awk '{print $2, $3}'
crictl ps --name kube-scheduler -q | wc -l
sed -i 's|kube-scheduler:nope-v|kube-scheduler:v|' /etc/kubernetes/manifests/kube-scheduler.yaml
sleep 60
kubectl get po -n kube-system kube-scheduler-control-plane --no-headers | awk '{print $2, $3}'
#~ 0/1 (?:ErrImagePull|ImagePullBackOff)
#= 0
#= 1/1 Running

### a controller manager that does not run
mv /etc/kubernetes/manifests/kube-controller-manager.yaml /tmp/
sleep 45
kubectl create deploy idle --image=nginx
sleep 10
kubectl get deploy idle --no-headers | awk '{print $2}'
kubectl get rs -l app=idle
mv /tmp/kube-controller-manager.yaml /etc/kubernetes/manifests/
sleep 60
kubectl get deploy idle --no-headers | awk '{print $2}'
#= 0/1
#~ No resources found in \S+ namespace\.
#= 1/1

### how etcd is, with the certificates that its manifest names
grep -E -- '--(cert|key|trusted-ca)-file' /etc/kubernetes/manifests/etcd.yaml | sed 's/.*- --//'
etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key endpoint health 2>&1 | sed 's/took = .*/took/'
kubectl get --raw='/readyz?verbose' | grep -E 'etcd |readyz'
#~ cert-file=.*
#~ .*127.0.0.1:2379 is healthy: successfully committed proposal: took
#= [+]etcd ok
#= readyz check passed

### which containers run on a node, and one that is stopped there
kubectl run web --image=nginx --overrides='{"spec":{"nodeName":"node-1"}}'
kubectl wait --for=condition=Ready pod/web --timeout=60s
ssh node-1 'crictl ps --label io.kubernetes.pod.name=web -q | wc -l'
ssh node-1 'crictl stop $(crictl ps --label io.kubernetes.pod.name=web -q) >/dev/null'
sleep 10
kubectl get po web --no-headers | awk '{print $2, $3, $4}'
ssh node-1 'crictl logs $(crictl ps --label io.kubernetes.pod.name=web -q) 2>&1 | grep -c worker'
#= 1
#= 1/1 Running 1
#~ [1-9]\d*

### an application of two tiers with three faults
kubectl create deploy db --image=redis:7 --port=6379
kubectl create service clusterip database --tcp=6379:6380
kubectl create deploy app --image=busybox -- sh -c 'while ! nc -z -w 1 database 6379; do echo waiting; sleep 2; done; echo connected; sleep 3600'
kubectl rollout status deploy app | tail -1
kubectl rollout status deploy db | tail -1
kubectl logs deploy/app --tail=1
kubectl get endpointslices -l kubernetes.io/service-name=database -o jsonpath='{.items[*].endpoints}{"|\n"}'
kubectl patch svc database -p '{"spec":{"selector":{"app":"db"}}}'
sleep 6
kubectl logs deploy/app --tail=1
kubectl patch svc database --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":6379}]'
sleep 6
kubectl logs deploy/app --tail=1
#= waiting
#~ .*\|
#= waiting
#= connected

### a name server that does not run
kubectl -n kube-system scale deploy coredns --replicas=0
sleep 40
kubectl run t --image=busybox:1.37 --restart=Never --rm -i -- nslookup -timeout=1 kubernetes.default 2>&1 | grep -o 'connection timed out\|no servers could be reached\|Connection refused' | head -1
kubectl -n kube-system scale deploy coredns --replicas=2
kubectl -n kube-system rollout status deploy coredns | tail -1
sleep 5
kubectl run t --image=busybox:1.37 --restart=Never --rm -i -- nslookup kubernetes.default.svc.cluster.local | grep 'Address: 10.96.0.1$'
#~ .+
#= deployment "coredns" successfully rolled out
#= Address: 10.96.0.1

### a Pod that waits for a volume that nobody has
kubectl run web --image=nginx --overrides='{"spec":{"volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"none"}}],"containers":[{"name":"web","image":"nginx","volumeMounts":[{"name":"d","mountPath":"/d"}]}]}}'
sleep 3
kubectl get po web --no-headers | awk '{print $3}'
kubectl get po web -o jsonpath='{.status.conditions[?(@.type=="PodScheduled")].message}{"\n"}'
#= Pending
#~ 0/4 nodes are available: persistentvolumeclaim "none" not found.*

### events in order, and what failed lately
kubectl create deploy bad --image=nginx:nope
sleep 15
kubectl get events --sort-by=.metadata.creationTimestamp -o custom-columns=R:.reason --no-headers | head -3 | sort
kubectl events --types=Warning --for=pod/$(kubectl get po -o jsonpath='{.items[0].metadata.name}') | grep -c 'Failed to pull'
#= ScalingReplicaSet
#= Scheduled
#= SuccessfulCreate
#= 1

### a Pod that is exposed at once, and its endpoints
kubectl run nginx --image=nginx --restart=Never --port=80 --expose
kubectl wait --for=condition=Ready pod/nginx --timeout=60s
kubectl get svc nginx --no-headers | awk '{print $2, $5}'
kubectl get endpointslices -l kubernetes.io/service-name=nginx --no-headers | awk '{print $2, $3}'
kubectl run busybox --rm --image=busybox -i --restart=Never -- wget -qO- nginx:80 | grep -c title
#= service/nginx created
#= pod/nginx created
#= ClusterIP 80/TCP
#= IPv4 80
#= 1

### a ClusterIP that becomes a NodePort, in an editor
kubectl create deploy foo --image=httpd --port=80
kubectl expose deploy foo --port=6262 --target-port=80
kubectl rollout status deploy foo | tail -1
curl -s $(kubectl get svc foo -o jsonpath='{.spec.clusterIP}'):6262
KUBE_EDITOR="sed -i s/ClusterIP/NodePort/" kubectl edit svc foo
port=$(kubectl get svc foo -o jsonpath='{.spec.ports[0].nodePort}')
curl -s node-2:$port
#~ <html><body><h1>It works!</h1></body></html>
#= service/foo edited
#~ <html><body><h1>It works!</h1></body></html>

### three replicas answer by turns
kubectl create deploy web --image=registry.k8s.io/e2e-test-images/agnhost:2.53 --replicas=3 --port=8080 -- /agnhost netexec --http-port=8080
kubectl rollout status deploy web | tail -1
kubectl expose deploy web --port=80 --target-port=8080
sleep 1
IP=$(kubectl get svc web -o jsonpath='{.spec.clusterIP}')
for i in {1..30}; do curl -s $IP/hostname; echo; done | sort -u | wc -l
kubectl scale deploy web --replicas=0
sleep 40
curl -sS --max-time 2 $IP
#= 3
#~ curl: \(7\) Failed to connect to \S+ port 80 after \d+ ms: Could not connect to server

### only Pods with a label may come in
kubectl create deploy nginx --image=nginx
kubectl expose deploy nginx --port=80
kubectl rollout status deploy nginx | tail -1
cat <<'EOF' | kubectl create -f -
kind: NetworkPolicy
apiVersion: networking.k8s.io/v1
metadata: {name: access-nginx}
spec:
  podSelector: {matchLabels: {app: nginx}}
  ingress:
  - from: [{podSelector: {matchLabels: {access: granted}}}]
EOF
kubectl run busybox --image=busybox --rm -i --restart=Never -- wget -O- http://nginx:80 --timeout 2 2>&1 | grep -o 'download timed out'
kubectl run busybox --image=busybox --rm -i --restart=Never --labels=access=granted -- wget -qO- http://nginx:80 --timeout 2 | grep -c Welcome
kubectl describe netpol access-nginx | grep -A1 'From:'
#= download timed out
#= 2
#=     From:
#=       PodSelector: access=granted

### nothing leaves but questions of names
kubectl create deploy web --image=nginx; kubectl expose deploy web --port=80
kubectl run client --image=busybox -l role=client -- sleep 3600
kubectl rollout status deploy web | tail -1
kubectl wait --for=condition=Ready pod/client --timeout=60s
cat <<'EOF' | kubectl apply -f -
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: egress}
spec:
  podSelector: {matchLabels: {role: client}}
  policyTypes: [Egress]
  egress:
  - ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
EOF
kubectl exec client -- nslookup web | grep -c 'Name:'
kubectl exec client -- wget -qO- -T 2 http://web
kubectl exec client -- ls -d /etc
#= 1
#= wget: download timed out
#= /etc

### names of Services and of Pods
kubectl create deploy web --image=nginx; kubectl expose deploy web --port=80
kubectl rollout status deploy web | tail -1
ns=$(kubectl config view --minify -o jsonpath='{..namespace}')
kubectl run t --image=busybox:1.28 --rm -i --restart=Never -- nslookup web | grep -A1 'Name: .*web' | sed "s/$ns/NS/; s/10\.[0-9.]*/IP/"
ip=$(kubectl get po -l app=web -o jsonpath='{.items[0].status.podIP}')
kubectl run t --image=busybox:1.28 --rm -i --restart=Never -- nslookup ${ip//./-}.$ns.pod.cluster.local | grep -cF "$ip"
#~ Name: +web
#~ Address 1: IP web.NS.svc.cluster.local
#= 1

### a Service without an address of its own
kubectl create deploy web --image=nginx --replicas=2
kubectl create service clusterip web --clusterip=None --tcp=80
kubectl rollout status deploy web | tail -1
kubectl run t --image=busybox:1.37 --rm -i --restart=Never -- nslookup -type=a web.$(kubectl config view --minify -o jsonpath='{..namespace}').svc.cluster.local | grep -c 'Address: 10.244'
kubectl get svc web --no-headers | awk '{print $2, $3}'
#= 2
#= ClusterIP None

### a name outside that a Service stands for
kubectl create service externalname out --external-name=web.example.com
kubectl get svc out -o jsonpath='{.spec.type} {.spec.externalName}{"\n"}'
#= ExternalName web.example.com

### a Service that finds nobody, and why
kubectl create deploy web --image=nginx --replicas=1
kubectl create service clusterip web --tcp=80:80
kubectl set selector svc web app=wbe
kubectl rollout status deploy web | tail -1
kubectl describe svc web | grep Endpoints
kubectl get po --show-labels --no-headers | grep -o 'app=web'
kubectl set selector svc web app=web
sleep 1
kubectl describe svc web | grep -c 'Endpoints:.*:80'
#~ Endpoints: *
#= app=web
#= 1

### an Ingress by host and path
kubectl create deploy web --image=nginx; kubectl expose deploy web --port=80
kubectl create ingress site --class=nginx --rule="shop.example/app*=web:80,tls=cert" --annotation nginx.ingress.kubernetes.io/rewrite-target=/
kubectl get ingress site --no-headers | awk '{print $2, $3}'
kubectl describe ingress site | grep -A4 '^Rules'
kubectl create ingress bad --rule="shop.example=web"
#= nginx shop.example
#~  +/app +web:80 .*
#~ error: rule shop.example=web is invalid and should be in format host/path=svcname:svcport\[,tls\[=secret\]\]

### readiness decides who gets requests
kubectl create deploy web --image=nginx --dry-run=client -o yaml > web.yaml
sed -i 's|        resources: {}|        readinessProbe:\n          httpGet: {path: /ready, port: 80}\n          periodSeconds: 2|' web.yaml
kubectl apply -f web.yaml; kubectl expose deploy web --port=80
sleep 10
kubectl get po -l app=web --no-headers | awk '{print $2, $3}'
kubectl get endpointslices -l kubernetes.io/service-name=web -o jsonpath='{.items[0].endpoints[0].conditions.ready}{"\n"}'
kubectl exec deploy/web -- sh -c 'echo ok > /usr/share/nginx/html/ready'
sleep 5
kubectl get po -l app=web --no-headers | awk '{print $2}'
curl -s $(kubectl get svc web -o jsonpath='{.spec.clusterIP}')/ready
#= 0/1 Running
#= false
#= 1/1
#= ok

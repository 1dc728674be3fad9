/** For a cluster without a lesson: the commands that show most, in that order. Markdown. */
export const firstSteps = `
Everything here is a cluster of your own. Type the commands into the terminal, or let them be typed and press Enter. Nothing can be broken that Reset does not mend.

### See what is there

\`\`\`sh
kubectl get nodes
\`\`\`

### Run three copies of a web server

\`\`\`sh
kubectl create deployment my-web --image=nginx --replicas=3
\`\`\`

A Deployment makes a ReplicaSet, and that makes three Pods. The picture shows where the scheduler places them.

### Give them one address

\`\`\`sh
kubectl expose deployment my-web --port=80
\`\`\`

\`\`\`sh
curl -s http://my-web.default.svc.cluster.local | head -4
\`\`\`

### Delete them all, and watch them come back

\`\`\`sh
kubectl delete pod -l app=my-web
\`\`\`

### Roll out a new version, Pod by Pod

\`\`\`sh
kubectl set image deployment/my-web nginx=nginx:1.27
\`\`\`

### Roll out one that does not exist

\`\`\`sh
kubectl set image deployment/my-web nginx=nginx:1.161
\`\`\`

The old Pods go on serving. Ask why the new ones do not start:

\`\`\`sh
kubectl why deployment my-web
\`\`\`

### Go back

\`\`\`sh
kubectl rollout undo deployment/my-web
\`\`\`

### Your own kubectl

Share has a kubeconfig for it: this cluster speaks the real API.
`;

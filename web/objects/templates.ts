/** What one begins with: small, whole, and fit to be applied. A row for each. */

export interface Template {
  name: string;
  yaml: string;
}

const labels = (app: string, indent: string): string =>
  `${indent}labels:\n${indent}  app: ${app}\n`;

export const templates: readonly Template[] = [
  {
    name: "Deployment",
    yaml: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
${labels("web", "  ")}spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
${labels("web", "      ")}    spec:
      containers:
        - name: web
          image: nginx:1.27
          ports:
            - containerPort: 80
          resources:
            requests:
              cpu: 50m
              memory: 64Mi
          readinessProbe:
            httpGet:
              path: /
              port: 80
`,
  },
  {
    name: "Deployment with a Service",
    yaml: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
${labels("web", "      ")}    spec:
      containers:
        - name: web
          image: nginx:1.27
          ports:
            - name: http
              containerPort: 80
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
    - port: 80
      targetPort: http
`,
  },
  {
    name: "Pod",
    yaml: `apiVersion: v1
kind: Pod
metadata:
  name: box
spec:
  containers:
    - name: box
      image: busybox:1.36
      command: [sleep, infinity]
`,
  },
  {
    name: "Service",
    yaml: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
    - port: 80
`,
  },
  {
    name: "ConfigMap",
    yaml: `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  greeting: hello
`,
  },
  {
    name: "Secret",
    yaml: `apiVersion: v1
kind: Secret
metadata:
  name: password
stringData:
  password: change-me
`,
  },
  {
    name: "Ingress",
    yaml: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  rules:
    - host: web.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: web
                port:
                  number: 80
`,
  },
  {
    name: "Job",
    yaml: `apiVersion: batch/v1
kind: Job
metadata:
  name: once
spec:
  completions: 3
  parallelism: 2
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: once
          image: busybox:1.36
          command: [sh, -c, "echo working; sleep 5"]
`,
  },
  {
    name: "CronJob",
    yaml: `apiVersion: batch/v1
kind: CronJob
metadata:
  name: every-minute
spec:
  schedule: "* * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers:
            - name: date
              image: busybox:1.36
              command: [date]
`,
  },
  {
    name: "StatefulSet with a Service",
    yaml: `apiVersion: v1
kind: Service
metadata:
  name: db
spec:
  clusterIP: None
  selector:
    app: db
  ports:
    - port: 6379
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db
spec:
  serviceName: db
  replicas: 2
  selector:
    matchLabels:
      app: db
  template:
    metadata:
${labels("db", "      ")}    spec:
      containers:
        - name: redis
          image: redis:7
          ports:
            - containerPort: 6379
  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
        resources:
          requests:
            storage: 1Gi
`,
  },
  {
    name: "PersistentVolumeClaim",
    yaml: `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 1Gi
`,
  },
  {
    name: "NetworkPolicy",
    yaml: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web-from-front
spec:
  podSelector:
    matchLabels:
      app: web
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector:
            matchLabels:
              app: front
`,
  },
  {
    name: "HorizontalPodAutoscaler",
    yaml: `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: web
  minReplicas: 1
  maxReplicas: 5
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: 50
`,
  },
];

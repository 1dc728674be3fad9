### a definition of a kind, with its short name, and an object of it
cat > crd.yaml <<'END'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: operators.stable.example.com
spec:
  group: stable.example.com
  scope: Namespaced
  names:
    plural: operators
    singular: operator
    kind: Operator
    shortNames: [op]
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                email: {type: string}
                name: {type: string}
                age: {type: integer}
END
kubectl apply -f crd.yaml
kubectl wait --for=condition=established crd/operators.stable.example.com
cat > operator.yaml <<'END'
apiVersion: stable.example.com/v1
kind: Operator
metadata:
  name: operator-sample
spec:
  email: operator-sample@stable.example.com
  name: operator sample
  age: 30
END
kubectl apply -f operator.yaml
kubectl get operators --no-headers | awk '{print $1}'
kubectl get op operator-sample -o jsonpath='{.spec.age}{"\n"}'
kubectl describe op operator-sample | grep -E 'Age|Email'
kubectl delete crd operators.stable.example.com
kubectl get op 2>&1
#= customresourcedefinition.apiextensions.k8s.io/operators.stable.example.com created
#= customresourcedefinition.apiextensions.k8s.io/operators.stable.example.com condition met
#= operator.stable.example.com/operator-sample created
#= operator-sample
#= 30
#~ \s+Age:\s+30
#~ \s+Email:\s+operator-sample@stable.example.com
#= customresourcedefinition.apiextensions.k8s.io "operators.stable.example.com" deleted
#= error: the server doesn't have a resource type "op"

### columns of a kind, and values that its schema does not take
kubectl apply -f - <<'END'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: backups.data.example.com
spec:
  group: data.example.com
  scope: Namespaced
  names: {plural: backups, singular: backup, kind: Backup}
  versions:
    - name: v1alpha1
      served: true
      storage: true
      additionalPrinterColumns:
        - {name: Schedule, type: string, jsonPath: .spec.cronExpression}
        - {name: Pods, type: integer, jsonPath: .spec.maxRetained}
      schema:
        openAPIV3Schema:
          type: object
          required: [spec]
          properties:
            spec:
              type: object
              required: [cronExpression]
              properties:
                cronExpression: {type: string, minLength: 9}
                maxRetained: {type: integer, minimum: 1, default: 3}
END
sleep 2
make_backup() { printf 'apiVersion: data.example.com/v1alpha1\nkind: Backup\nmetadata: {name: nightly}\nspec: {%s}\n' "$1" | kubectl apply -f -; }
make_backup 'cronExpression: "0 0 * * *"'
kubectl get backups
make_backup 'maxRetained: 0, cronExpression: "0 0 * * *"'
make_backup 'cronExpression: "0 0 * * *", pods: 3'
kubectl explain backups.spec | grep -A1 cronExpression
kubectl delete crd backups.data.example.com
#= customresourcedefinition.apiextensions.k8s.io/backups.data.example.com created
#= backup.data.example.com/nightly created
#~ NAME\s+SCHEDULE\s+PODS
#~ nightly\s+0 0 \* \* \*\s+3
#~ The Backup "nightly" is invalid: spec.maxRetained: Invalid value: 0: spec.maxRetained in body should be greater than or equal to 1
#~ .*strict decoding error: unknown field "spec.pods"
#~ \s+cronExpression\s+<string> -required-
#= customresourcedefinition.apiextensions.k8s.io "backups.data.example.com" deleted

### which kinds are whose: definitions listed, their scope and short names
kubectl create -f - <<'END'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: students.school.example.com}
spec:
  group: school.example.com
  scope: Cluster
  names: {plural: students, singular: student, kind: Student, shortNames: [stu], categories: [all]}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
END
kubectl wait --for=condition=established crd students.school.example.com >/dev/null
kubectl get crd -o custom-columns=NAME:.metadata.name,SCOPE:.spec.scope --no-headers
kubectl api-resources --api-group=school.example.com --no-headers
kubectl api-versions | grep school
kubectl create -f - <<< '{"apiVersion":"school.example.com/v1","kind":"Student","metadata":{"name":"ada"},"marks":[1,2]}'
kubectl get stu ada -o jsonpath='{.marks[1]}{"\n"}'
kubectl auth can-i list students.school.example.com
kubectl delete crd students.school.example.com
#~ students.school.example.com\s+Cluster
#~ students\s+stu\s+school.example.com/v1\s+false\s+Student
#= school.example.com/v1
#= student.school.example.com/ada created
#= 2
#= yes

### a rule that the objects of a kind must keep
kubectl create -f - <<'END'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ranges.demo.example.com}
spec:
  group: demo.example.com
  scope: Namespaced
  names: {plural: ranges, singular: range, kind: Range}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              x-kubernetes-validations:
                - {rule: "self.low <= self.high", message: low must not be above high}
              properties: {low: {type: integer}, high: {type: integer}}
END
sleep 2
for high in 5 1; do
  printf 'apiVersion: demo.example.com/v1\nkind: Range\nmetadata: {name: r-%s}\nspec: {low: 3, high: %s}\n' $high $high | kubectl create -f -
done
kubectl delete crd ranges.demo.example.com
#= range.demo.example.com/r-5 created
#~ The Range "r-1" is invalid: spec: Invalid value: .*low must not be above high

### a request for a certificate is approved, and its user let in
base64 -d > jane.csr <<< LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIZU1JR0dBZ0VBTUNReERUQUxCZ05WQkFNTUJHcGhibVV4RXpBUkJnTlZCQW9NQ21SbGRtVnNiM0JsY25NdwpXVEFUQmdjcWhrak9QUUlCQmdncWhrak9QUU1CQndOQ0FBVEVKS0tYbCs5aXFpTFhNTVA5Y3huSWZ1NEFpWlROCjg2d0hjL2lubjM4UmtsMHpvekJiUXdlRDgyK3U5bVl0M2V3RGozMDZEZDVWcUpiTUpsTHRsVFJtb0FBd0NnWUkKS29aSXpqMEVBd0lEUndBd1JBSWdla2hFbDlvS2UwMUJzNTRTNGFKMS83MmY4aExEMkpSTGFXUWlBZjlENFBJQwpJSDhtQit6bWtjK2hOckovUDhDODhXZm9kL0JMNlo4TnZZanp6RXI2WkhRcgotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K
head -1 jane.csr
cat > csr.yaml <<END
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata:
  name: jane
spec:
  request: $(base64 -w0 < jane.csr)
  signerName: kubernetes.io/kube-apiserver-client
  expirationSeconds: 86400
  usages: [client auth]
END
kubectl apply -f csr.yaml
kubectl get csr jane --no-headers | awk '{print $3, $NF}'
kubectl certificate approve jane
sleep 2
kubectl get csr jane --no-headers | awk '{print $NF}'
kubectl get csr jane -o jsonpath='{.status.certificate}' | base64 -d | head -1
kubectl create role reader --verb=list --resource=pods
kubectl create rolebinding jane --role=reader --user=jane
kubectl auth can-i list pods --as jane
kubectl delete csr jane
#= -----BEGIN CERTIFICATE REQUEST-----
#= certificatesigningrequest.certificates.k8s.io/jane created
#= kubernetes.io/kube-apiserver-client Pending
#= certificatesigningrequest.certificates.k8s.io/jane approved
#= Approved,Issued
#= -----BEGIN CERTIFICATE-----
#= role.rbac.authorization.k8s.io/reader created
#= rolebinding.rbac.authorization.k8s.io/jane created
#= yes

### a request for a certificate is denied
base64 -d > eve.csr <<< LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIaU1JR0pBZ0VBTUNjeEREQUtCZ05WQkFNTUEyVjJaVEVYTUJVR0ExVUVDZ3dPYzNsemRHVnRPbTFoYzNSbApjbk13V1RBVEJnY3Foa2pPUFFJQkJnZ3Foa2pPUFFNQkJ3TkNBQVFzbDNIdFV3dnFqSWxCNVBJb0dZV1MzOTN0ClJvcDI0RHpIYnZjSkViNkR4cU9EUHJRYmdxNXJjNHNQUngrVUJQMUpzUTRvaGhrdTRLSWdsRGNaMFM1NW9BQXcKQ2dZSUtvWkl6ajBFQXdJRFNBQXdSUUlnVnYrZTB5NldEVTYvWnMwNHB4N3l6QUQ4OEVFTEozMjVkVmZaZU8xSgpWN01DSVFEK1JuQXBNSVcvWVZ2aU9Ybk9jYmZGdEZUbFpoM0Y4YmtzOS9oRi95dm1QQT09Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=
printf 'apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\nmetadata: {name: eve}\nspec:\n  request: %s\n  signerName: example.com/mine\n  usages: [client auth]\n' "$(base64 -w0 < eve.csr)" | kubectl create -f -
kubectl certificate deny eve
kubectl get csr eve --no-headers | awk '{print $NF}'
kubectl describe csr eve | grep -E 'Status|Signer'
#= certificatesigningrequest.certificates.k8s.io/eve created
#= certificatesigningrequest.certificates.k8s.io/eve denied
#= Denied
#~ Signer:\s+example.com/mine
#~ Status:\s+Denied

/**
 * Images that are not simulated, of which something is known: what they are built on, what they start, where they listen.
 * A row with a server in it is stood in for; one that only carries tools or a distribution starts those.
 */

/** What an image's files are built on. */
export type Base =
  | "busybox"
  | "alpine"
  | "debian"
  | "ubuntu"
  | "fedora"
  | "rocky"
  | "centos"
  | "amazon";

export interface StandIn {
  /** Normalised names, `docker.io/` left out. */
  names: string;
  /** Absent: busybox, with the usual tools. */
  base?: Base;
  /** Programs beside those of the base, in /usr/bin; `name=program` where the two differ. */
  tools?: string;
  entrypoint?: string[];
  cmd?: string[];
  /** Where its server listens, whatever a Pod declares. */
  ports?: number[];
  user?: string;
  /** Users that its files name beside that one. */
  accounts?: string;
  env?: Record<string, string>;
  workingDir?: string;
  /** Files that its manifests copy or run, without content of their own; `path=program` where one is simulated, those that end with `/` are open folders. */
  files?: string;
  /** All its programs are here: any other one is not found. */
  closed?: true;
}

const curl = "curl";
const network = "curl wget dig host getent ss nslookup nc ping ip ifconfig netstat ps";

export const standIns: readonly StandIn[] = [
  // Tools
  { names: "radial/busyboxplus", cmd: ["/bin/sh"], tools: "curl dig host", closed: true },
  { names: "tutum/curl", base: "ubuntu", cmd: ["/bin/bash"], tools: `${curl} wget`, closed: true },
  {
    names: "appropriate/curl alpine/curl byrnedo/alpine-curl",
    base: "alpine",
    entrypoint: ["curl"],
    tools: curl,
    closed: true,
  },
  {
    names: "badouralix/curl-jq",
    base: "alpine",
    cmd: ["/bin/sh"],
    tools: `${curl} jq`,
    closed: true,
  },
  {
    names: "praqma/network-multitool wbitt/network-multitool hwchiu/netutils",
    base: "alpine",
    cmd: ["/entrypoint"],
    ports: [80, 443],
    tools: `${network} bash`,
  },
  {
    names: "infoblox/dnstools tutum/dnsutils-alpine",
    base: "alpine",
    cmd: ["/bin/sh"],
    tools: `${network} bash`,
    closed: true,
  },
  {
    names: "alpine/git bitnami/git",
    base: "alpine",
    entrypoint: ["git"],
    tools: `${curl} git`,
    workingDir: "/git",
  },
  // Its manifests run everything as root, and go over to the user that owns /vt.
  {
    names: "vitess/lite vitess/base vitess/etcd",
    base: "debian",
    accounts: "vitess",
    files: "/vt/ /vt/bin/",
  },
  { names: "alpine/socat", base: "alpine", entrypoint: ["socat"], tools: `${curl} socat` },
  {
    names: "arunvelsriram/utils",
    base: "ubuntu",
    cmd: ["/bin/bash"],
    tools: network,
    user: "1000",
    closed: true,
  },
  {
    names: "giantswarm/tiny-tools",
    base: "alpine",
    cmd: ["/bin/sh"],
    tools: `${network} bash fish=stand-in`,
    closed: true,
  },
  {
    names:
      "jonlabelle/network-tools amouat/network-utils raesene/alpine-containertools digitalocean/doks-debug",
    base: "alpine",
    cmd: ["/bin/bash"],
    tools: `${network} bash`,
    closed: true,
  },
  // Distributions
  {
    names: "library/bash",
    base: "alpine",
    entrypoint: ["docker-entrypoint.sh"],
    cmd: ["bash"],
    tools: "bash docker-entrypoint.sh=bash-entrypoint",
    files: "/usr/local/bin/bash=bash",
    closed: true,
  },
  {
    names: "library/centos quay.io/centos/centos",
    base: "centos",
    cmd: ["/bin/bash"],
    tools: curl,
    closed: true,
  },
  {
    names: "library/fedora quay.io/fedora/fedora registry.fedoraproject.org/fedora",
    base: "fedora",
    cmd: ["/bin/bash"],
    tools: curl,
    closed: true,
  },
  {
    names:
      "library/rockylinux rockylinux/rockylinux library/almalinux library/oraclelinux redhat/ubi8 redhat/ubi9 registry.access.redhat.com/ubi8/ubi registry.access.redhat.com/ubi9/ubi registry.access.redhat.com/ubi8 registry.access.redhat.com/ubi9",
    base: "rocky",
    cmd: ["/bin/bash"],
    tools: curl,
    closed: true,
  },
  {
    names:
      "registry.access.redhat.com/ubi8/ubi-minimal registry.access.redhat.com/ubi9/ubi-minimal registry.access.redhat.com/ubi9-minimal",
    base: "rocky",
    cmd: ["/bin/bash"],
    tools: `${curl} microdnf=dnf`,
    closed: true,
  },
  {
    names: "library/amazonlinux public.ecr.aws/amazonlinux/amazonlinux",
    base: "amazon",
    cmd: ["/bin/bash"],
    tools: curl,
    closed: true,
  },
  {
    names: "library/buildpack-deps",
    base: "debian",
    cmd: ["bash"],
    tools: "curl wget git",
  },
  // Languages
  {
    names: "library/perl",
    base: "debian",
    cmd: ["perl", "-de0"],
    tools: "perl curl",
    workingDir: "/usr/src/app",
  },
  {
    names: "library/ruby",
    base: "debian",
    cmd: ["irb"],
    tools: "ruby curl",
    env: { LANG: "C.UTF-8" },
  },
  {
    names: "library/php",
    base: "debian",
    entrypoint: ["docker-php-entrypoint"],
    cmd: ["php", "-a"],
    tools: "php curl docker-php-entrypoint=stand-in-php-entrypoint",
    workingDir: "/var/www/html",
  },
  {
    names: "library/golang",
    base: "debian",
    cmd: ["bash"],
    tools: "curl wget",
    env: {
      GOPATH: "/go",
      PATH: "/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    },
    workingDir: "/go",
  },
  {
    names:
      "library/rust library/gcc library/erlang library/elixir library/haskell library/gradle library/maven library/swift library/julia library/r-base",
    base: "debian",
    cmd: ["bash"],
    tools: curl,
  },
  {
    names:
      "library/openjdk library/eclipse-temurin library/amazoncorretto library/ibm-semeru-runtimes",
    base: "debian",
    cmd: ["jshell"],
    tools: curl,
    env: { JAVA_HOME: "/usr/local/openjdk" },
  },
  // Servers
  {
    names: "bitnami/memcached",
    base: "debian",
    entrypoint: ["/entrypoint"],
    cmd: ["memcached"],
    ports: [11211],
  },
  {
    names: "library/rabbitmq bitnami/rabbitmq",
    base: "ubuntu",
    entrypoint: ["/entrypoint"],
    cmd: ["rabbitmq-server"],
    ports: [5672, 15672],
  },
  {
    names: "library/tomcat bitnami/tomcat",
    base: "ubuntu",
    cmd: ["/entrypoint"],
    ports: [8080],
    tools: curl,
    workingDir: "/usr/local/tomcat",
  },
  {
    names:
      "library/wordpress bitnami/wordpress library/drupal library/joomla library/nextcloud library/phpmyadmin phpmyadmin/phpmyadmin",
    base: "debian",
    entrypoint: ["/entrypoint"],
    cmd: ["apache2-foreground"],
    ports: [80],
    tools: curl,
    workingDir: "/var/www/html",
  },
  {
    names: "library/ghost",
    base: "debian",
    entrypoint: ["/entrypoint"],
    ports: [2368],
    tools: "bash",
  },
  {
    names: "grafana/grafana grafana/grafana-oss grafana/grafana-enterprise",
    base: "alpine",
    entrypoint: ["/entrypoint"],
    ports: [3000],
    tools: `${curl} bash`,
    user: "472",
    workingDir: "/usr/share/grafana",
  },
  {
    names: "prom/prometheus quay.io/prometheus/prometheus bitnami/prometheus",
    entrypoint: ["/entrypoint"],
    ports: [9090],
    user: "nobody",
    workingDir: "/prometheus",
  },
  {
    names: "prom/alertmanager quay.io/prometheus/alertmanager",
    entrypoint: ["/entrypoint"],
    ports: [9093],
    user: "nobody",
  },
  {
    names: "prom/node-exporter quay.io/prometheus/node-exporter",
    entrypoint: ["/entrypoint"],
    ports: [9100],
    user: "nobody",
  },
  {
    names: "minio/minio quay.io/minio/minio",
    base: "rocky",
    entrypoint: ["/entrypoint"],
    cmd: ["minio"],
    ports: [9000, 9001],
    tools: curl,
  },
  {
    names:
      "fluent/fluentd fluent/fluentd-kubernetes-daemonset library/fluentd quay.io/fluentd_elasticsearch/fluentd registry.k8s.io/fluentd-elasticsearch k8s.gcr.io/fluentd-elasticsearch gcr.io/google-containers/fluentd-elasticsearch",
    base: "debian",
    entrypoint: ["/entrypoint"],
    ports: [24224],
  },
  {
    names: "fluent/fluent-bit cr.fluentbit.io/fluent/fluent-bit",
    base: "debian",
    entrypoint: ["/entrypoint"],
    ports: [2020],
  },
  {
    names: "library/zipkin openzipkin/zipkin openzipkin/zipkin-slim",
    base: "alpine",
    entrypoint: ["/entrypoint"],
    ports: [9411],
    user: "1000",
  },
  {
    names: "jaegertracing/all-in-one",
    base: "alpine",
    entrypoint: ["/entrypoint"],
    ports: [16686, 14268, 4317, 4318],
    user: "10001",
  },
  { names: "library/nats", entrypoint: ["/entrypoint"], ports: [4222, 8222] },
  {
    names: "library/zookeeper bitnami/zookeeper",
    base: "ubuntu",
    entrypoint: ["/entrypoint"],
    ports: [2181],
  },
  {
    names:
      "registry.k8s.io/kubernetes-zookeeper gcr.io/google-samples/k8szk gcr.io/google_samples/k8szk",
    base: "ubuntu",
    cmd: ["/entrypoint"],
    ports: [2181],
    tools: "start-zookeeper zookeeper-ready=zk zkCli.sh=zk zkOk.sh=zk",
    files: "/opt/zookeeper/ /opt/zookeeper/conf/ /var/lib/zookeeper/",
  },
  {
    names: "library/elasticsearch docker.elastic.co/elasticsearch/elasticsearch library/opensearch",
    base: "ubuntu",
    entrypoint: ["/entrypoint"],
    ports: [9200, 9300],
    tools: curl,
    user: "1000:0",
    workingDir: "/usr/share/elasticsearch",
  },
  {
    names: "library/kibana docker.elastic.co/kibana/kibana",
    base: "ubuntu",
    entrypoint: ["/entrypoint"],
    ports: [5601],
    tools: curl,
    user: "1000",
  },
  {
    names: "library/cassandra gcr.io/google-samples/cassandra",
    base: "ubuntu",
    entrypoint: ["/entrypoint"],
    ports: [9042, 7000],
    tools: "nodetool",
  },
  {
    names: "library/consul hashicorp/consul",
    base: "alpine",
    files: "/consul/ /consul/data/ /consul/config/",
    entrypoint: ["/entrypoint"],
    ports: [8500, 8600],
    tools: curl,
  },
  {
    names: "library/vault hashicorp/vault",
    base: "alpine",
    entrypoint: ["docker-entrypoint.sh"],
    cmd: ["server", "-dev"],
    ports: [8200],
    tools: "vault",
    files:
      "/bin/vault=vault /usr/local/bin/docker-entrypoint.sh=vault-entry /vault/ /vault/config/ /vault/data/ /vault/file/ /vault/logs/",
  },
  {
    names: "jenkins/jenkins library/jenkins",
    base: "debian",
    entrypoint: ["/entrypoint"],
    ports: [8080, 50000],
    tools: curl,
    user: "jenkins",
  },
  { names: "library/sonarqube", base: "ubuntu", entrypoint: ["/entrypoint"], ports: [9000] },
  { names: "library/registry", base: "alpine", entrypoint: ["/entrypoint"], ports: [5000] },
  {
    names: "library/traefik traefik/traefik",
    base: "alpine",
    entrypoint: ["/entrypoint"],
    ports: [80, 8080],
  },
  { names: "library/caddy", base: "alpine", cmd: ["/entrypoint"], ports: [80] },
  { names: "library/haproxy", base: "debian", entrypoint: ["/entrypoint"] },
  {
    names: "library/influxdb",
    base: "debian",
    entrypoint: ["/entrypoint"],
    ports: [8086],
    tools: curl,
  },
  {
    names: "library/mongo-express",
    base: "alpine",
    entrypoint: ["/entrypoint"],
    ports: [8081],
    tools: "bash",
  },
  { names: "library/adminer", base: "alpine", entrypoint: ["/entrypoint"], ports: [8080] },
  // Demonstrations
  {
    names:
      "istio/tcp-echo-server registry.istio.io/release/tcp-echo-server venilnoronha/tcp-echo-server",
    entrypoint: ["tcp-echo"],
    cmd: ["9000", "hello"],
    tools: "tcp-echo",
    ports: [9000],
  },
  {
    names: "weaveworksdemos/front-end",
    base: "alpine",
    cmd: ["/entrypoint"],
    ports: [8079],
    tools: curl,
  },
  {
    names:
      "weaveworksdemos/catalogue weaveworksdemos/payment weaveworksdemos/user weaveworksdemos/carts weaveworksdemos/orders weaveworksdemos/shipping weaveworksdemos/queue-master weaveworksdemos/session-db",
    base: "alpine",
    entrypoint: ["/entrypoint"],
    ports: [80],
    user: "1000",
  },
  {
    names:
      "istio/examples-bookinfo-ratings-v2 registry.istio.io/release/examples-bookinfo-ratings-v2",
    base: "debian",
    cmd: ["/entrypoint"],
    ports: [9080],
    tools: curl,
    user: "1000",
  },
  {
    names:
      "dockersamples/examplevotingapp_vote dockersamples/examplevotingapp_result kodekloud/examplevotingapp_vote kodekloud/examplevotingapp_result",
    base: "debian",
    cmd: ["/entrypoint"],
    ports: [80],
    tools: curl,
  },
  {
    names: "dockersamples/examplevotingapp_worker kodekloud/examplevotingapp_worker",
    base: "debian",
    cmd: ["/entrypoint"],
  },
  {
    names: "google/cadvisor gcr.io/cadvisor/cadvisor",
    base: "alpine",
    entrypoint: ["/entrypoint"],
    ports: [8080],
  },
  // Of which manifests copy a file
  {
    names: "argoproj/argocd quay.io/argoproj/argocd",
    base: "ubuntu",
    entrypoint: ["/entrypoint"],
    cmd: [],
    files:
      "/usr/local/bin/argocd=argocd /usr/local/bin/argocd-util=argocd /usr/local/bin/argocd-server=argocd-server",
    user: "999",
    workingDir: "/home/argocd",
  },
  {
    names: "flannel/flannel-cni-plugin ghcr.io/flannel-io/flannel-cni-plugin",
    base: "alpine",
    files: "/flannel",
  },
  {
    names: "metallb/controller quay.io/metallb/controller",
    base: "alpine",
    entrypoint: ["/controller"],
    files: "/controller=metallb-controller",
  },
  {
    names: "metallb/frr-k8s quay.io/metallb/frr-k8s",
    base: "alpine",
    entrypoint: ["/frr-k8s"],
    files: "/frr-k8s /frr-reloader.sh=stand-in /frr-metrics /frr-status /statuscleaner",
  },
  { names: "resouer/sample", base: "alpine", cmd: ["/entrypoint"], files: "/sample.war" },
  // One-shot commands
  {
    names: "flyway/flyway boxfuse/flyway redgate/flyway",
    base: "ubuntu",
    entrypoint: ["flyway"],
    tools: "flyway=one-shot",
  },
  {
    names: "library/liquibase liquibase/liquibase",
    base: "ubuntu",
    entrypoint: ["liquibase"],
    tools: "liquibase=one-shot",
  },
  { names: "minio/mc", base: "rocky", entrypoint: ["mc"], tools: "mc=one-shot" },
  {
    names: "amazon/aws-cli public.ecr.aws/aws-cli/aws-cli",
    base: "amazon",
    entrypoint: ["aws"],
    tools: "curl aws=one-shot",
  },
  {
    names: "google/cloud-sdk gcr.io/google.com/cloudsdktool/google-cloud-cli",
    base: "debian",
    cmd: ["/bin/bash"],
    tools: "curl gcloud=one-shot gsutil=one-shot kubectl",
  },
  { names: "mcr.microsoft.com/azure-cli", base: "rocky", cmd: ["bash"], tools: "curl az=one-shot" },
  {
    names: "hashicorp/terraform",
    base: "alpine",
    entrypoint: ["terraform"],
    tools: "terraform=one-shot",
  },
  { names: "alpine/helm", base: "alpine", entrypoint: ["helm"], tools: "helm=one-shot" },
];

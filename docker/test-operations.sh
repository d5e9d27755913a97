#!/usr/bin/env bash
# Tests what an operator gets, on Debian and after `mvn package -DskipTests -Psbom`: the jar, the compose files, Prometheus with its alerts, and the
# Kubernetes files. The service and Prometheus really run, with a key, and every query of the dashboard must have an
# answer. No container is started.
set -euo pipefail
cd "$(dirname "$0")"

missing=()
command -v curl > /dev/null || missing+=(curl)
command -v java > /dev/null || missing+=(openjdk-17-jre-headless)
command -v jq > /dev/null || missing+=(jq)
command -v kubectl > /dev/null || missing+=(kubernetes-client)
command -v promtool > /dev/null || missing+=(prometheus)
command -v shellcheck > /dev/null || missing+=(shellcheck)
command -v unzip > /dev/null || missing+=(unzip)
compose=(docker compose)
if ! docker compose version > /dev/null 2>&1; then
  compose=(docker-compose)
  command -v docker-compose > /dev/null || missing+=(docker-compose)
fi
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -q
  apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

work=$(mktemp -d)
pids=()
end() {
  for pid in "${pids[@]}"; do
    kill "$pid" 2> /dev/null || true
  done
  wait
  rm -rf "$work"
}
trap end EXIT

. ./check.sh

free_port() {
  local port
  while port=$((20000 + RANDOM % 20000)) && (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do :; done
  echo "$port"
}

# --- files ---

check "scripts" shellcheck ./*.sh

for more in "" compose.keys.yaml compose.gpu.yaml "compose.keys.yaml compose.gpu.yaml"; do
  files=(-f compose.yaml)
  for file in $more; do
    files+=(-f "$file")
  done
  check "compose.yaml $more" "${compose[@]}" "${files[@]}" config -q
done
# shellcheck disable=SC2016 # awk's
check "every port is published for this machine only" \
  awk '/^ +ports:/ { ports = 1; next } ports && /^ +- / { if ($2 !~ /^127\.0\.0\.1:/) exit 1; next } { ports = 0 }' compose*.yaml
check "Prometheus's configuration" promtool check config prometheus/prometheus.yml
check "alert rules" promtool check rules prometheus/alerts.yml
check "what sets the alerts off" promtool test rules prometheus/alerts-test.yml
sed -n 's/.*- alert: //p' prometheus/alerts.yml > "$work/alerts"
while read -r alert; do
  check "$alert in README.md" grep -q "^| \`$alert\` |" README.md
done < "$work/alerts"

cp -r kubernetes "$work/kubernetes"
key=$(head -c 32 /dev/urandom | sha256sum | cut -d ' ' -f 1)
echo "test $(printf %s "$key" | sha256sum | cut -d ' ' -f 1)" | tee "$work/keys.txt" > "$work/kubernetes/keys.txt"
kustomized() {
  kubectl kustomize "$work/kubernetes" > "$work/all.yaml"
  local kind
  for kind in Deployment HorizontalPodAutoscaler NetworkPolicy PodDisruptionBudget Secret Service; do
    grep -q "^kind: $kind$" "$work/all.yaml" || { echo "$kind is missing"; return 1; }
  done
  grep -q 'image: linformer:[0-9]' "$work/all.yaml"
}
check "kubectl kustomize" kustomized

# --- the jar ---

jar=../serving/target/linformer-serving.jar
# the tools are put in by Spring Boot's plugin
unzip -l "$jar" | sed -n 's|.*BOOT-INF/lib/\(.*\.jar\)$|\1|p' | grep -v '^spring-boot-jarmode-tools-' > "$work/libraries"
version() {
  java -jar "$jar" --version | tee /dev/stderr | grep -qE '^linformer-serving [0-9.]+(-SNAPSHOT)?\+([0-9a-f]{7}|unknown)$'
}
check "--version" version
bill() {
  unzip -p "$jar" META-INF/sbom/application.cdx.json > "$work/bill.json"
  jq -r '.components[] | select(.licenses and .hashes) | .name' "$work/bill.json" > "$work/components"
  [ -s "$work/libraries" ] && each_library_in "$work/components"
}
licences() {
  unzip -p "$jar" META-INF/THIRD-PARTY.txt | sed 's/^[^:]*:\([^:]*\):.*: .*/\1/' > "$work/licences"
  each_library_in "$work/licences"
}
each_library_in() {
  local library
  while read -r library; do
    # without version and classifier
    grep -qxF "$(sed -E 's/-[0-9][0-9A-Za-z.]*(-.*)?\.jar$//' <<< "$library")" "$1" || { echo "$library is missing"; return 1; }
  done < "$work/libraries"
}
check "the bill of materials has every library" bill
check "the licences have every library" licences
check "licence" test "$(unzip -p "$jar" META-INF/LICENSE | cmp - ../LICENSE && echo same)" = same

# --- the service, and Prometheus with our files ---

service=http://127.0.0.1:$(free_port)
SERVER_PORT=${service##*:} SERVING_API_KEYS_FILE=$work/keys.txt SERVING_MAX_CONCURRENT_REQUESTS=1 \
  SERVING_REQUEST_TIMEOUT=5m DJL_OFFLINE=true java -Xmx1g -jar ../serving/target/linformer-serving.jar > "$work/service.log" 2>&1 &
pids+=($!)
if ! until_true 600 curl -fs "$service/actuator/health/readiness"; then
  tail -n 20 "$work/service.log"
  echo "the service did not start"
  exit 1
fi

# only what cannot be the same here: address, key, and times that a test can wait for
cp -r prometheus "$work/prometheus"
printf %s "$key" > "$work/prometheus/key"
sed -i "s/linformer:8080/${service#http://}/; s/_interval: 15s/_interval: 1s/" "$work/prometheus/prometheus.yml"
prometheus=http://127.0.0.1:$(free_port)
prometheus --config.file="$work/prometheus/prometheus.yml" --storage.tsdb.path="$work/data" \
  --web.listen-address="${prometheus#http://}" > "$work/prometheus.log" 2>&1 &
pids+=($!)

ask() {
  curl -fs -m 300 -o /dev/null -H "Authorization: Bearer $key" -H 'Content-Type: application/json' "$service$1" \
    --data-binary @- <<< "$2"
}
text=$(printf 'A text that is longer than what the model reads at once. %.0s' {1..400})
texts=$(printf "\"$text\",%.0s" {1..8})
traffic() {
  ask /v1/classify '{"model": "spam-linformer", "text": "You have been selected to receive a free prize."}' || return 1
  ask /v1/classify '{"model": "debian-topic", "text": "A recorder with a mixer.", "top_k": 1}' || return 1
  ask /v1/embeddings '{"input": ["How do I reset my password?", "Forgot the login"]}' || return 1
  ask /v1/embeddings "{\"input\": \"$text\", \"truncate\": \"end\"}" || return 1
  ask /v1/embeddings "{\"input\": \"$text\"}" && return 1
  # this takes longer than half a second, and meanwhile others are refused
  ask /v1/classify "{\"text\": [${texts%,}], \"truncate\": \"end\"}" &
  local many=$!
  sleep 1 # or one of the others comes first, and this is refused
  until refused; do
    kill -0 "$many" || return 1
  done
  wait "$many"
}
refused() {
  [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
    "$service/v1/classify" -d '{"text": "One more."}')" = 429 ]
}

# number QUERY: whether Prometheus answers with one at least
number() {
  curl -fs "$prometheus/api/v1/query" --data-urlencode "query=$1" \
    | tee /dev/stderr | jq -e '.status == "success" and any(.data.result[]; .value[1] != "NaN")'
}
scraped() {
  curl -fs "$prometheus/api/v1/targets" \
    | jq -e '.data.activeTargets[] | .lastError | if . == "" then . else error end' && number 'up{job="linformer"} == 1'
}
# a rate needs two values: Prometheus has those of the first requests when the others come
check "requests" traffic
check "Prometheus reads the metrics" until_true 30 scraped
check "the scrape" until_true 60 number 'linformer_rejected_total{job="linformer", reason="queue_full"} > 0'
answered='sum(linformer_requests_seconds_count{outcome="success"})'
check "more requests" traffic
check "a later scrape" until_true 60 number "$answered >= 10"

check "metrics are not for those without a key" test \
  "$(curl -s -o /dev/null -w '%{http_code}' "$service/actuator/prometheus")" = 401
check "health is" curl -fs "$service/actuator/health/liveness"

jq -r '.panels[] | .title as $title | .targets[] | $title + "\t" + .expr' grafana/dashboards/linformer.json > "$work/queries"
while IFS=$'\t' read -r title query; do
  check "panel '$title': $query" number "${query//\$__rate_interval/15m}"
done < "$work/queries"

curl -fs -H "Authorization: Bearer $key" "$service/actuator/prometheus" > "$work/metrics"
jq -r '.panels[].targets[].expr' grafana/dashboards/linformer.json | cat - prometheus/alerts.yml \
  | grep -oE '\b(linformer|http_server|jvm|process|system)_[a-z_]+' | sort -u > "$work/names"
while read -r name; do
  check "metric $name" grep -qE "^$name(\{| )" "$work/metrics"
done < "$work/names"

healthy() {
  curl -fs "$prometheus/api/v1/rules" | tee /dev/stderr | jq -e '[.data.groups[].rules[].health] | length > 0 and all(. == "ok")'
}
check "Prometheus evaluates the alerts" until_true 10 healthy

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]

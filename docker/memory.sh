#!/usr/bin/env bash
# Prints the table of memory in README.md: the service with its defaults but for models and batches, after `mvn package`.
# Each batch is full: texts of 4,096 tokens, three times as many as one batch holds, and beside them short texts for the other cores.
set -euo pipefail
cd "$(dirname "$0")"
trap 'kill $(jobs -p) 2> /dev/null || true' EXIT

text=$(printf 'word %.0s' {1..4094})
short=$(printf 'word %.0s' {1..126})
shorts=$(printf "\"$short\",%.0s" {1..64})
echo "| models | max-batch-tokens | after start, MiB | after full batches | largest |"
echo "| --- | --- | --- | --- | --- |"

# row MODELS TOKENS
row() {
  local port=18099 pid texts i model started
  SERVER_PORT=$port SERVING_MODELS=$1 SERVING_MAX_BATCH_TOKENS=$2 SERVING_REQUEST_TIMEOUT=10m \
    java -Xmx1g -jar ../serving/target/linformer-serving.jar > /dev/null &
  pid=$!
  until curl -fs "http://127.0.0.1:$port/actuator/health/readiness" > /dev/null; do
    kill -0 "$pid"
    sleep 1
  done
  mib() { awk -v name="$1:" '$1 == name { printf "%d", $2 / 1024 }' "/proc/$pid/status"; }
  started=$(mib VmRSS)
  texts=$(for ((i = 0; i < $2 / 4096; i++)); do printf '"%s",' "$text"; done)
  for model in ${1//,/ }; do
    local requests=()
    for i in 1 2 3; do
      curl -fsS -o /dev/null "http://127.0.0.1:$port/v1/embeddings" -H 'Content-Type: application/json' \
        --data-binary @- <<< "{\"model\": \"$model\", \"input\": [${texts%,}], \"truncate\": \"end\"}" &
      requests+=($!)
    done
    for i in {1..6}; do
      curl -fsS -o /dev/null "http://127.0.0.1:$port/v1/embeddings" -H 'Content-Type: application/json' \
        --data-binary @- <<< "{\"model\": \"$model\", \"input\": [${shorts%,}]}" &
      requests+=($!)
    done
    wait "${requests[@]}"
  done
  echo "| $(tr ',' '\n' <<< "$1" | wc -l) | $2 | $started | $(mib VmRSS) | $(mib VmHWM) |"
  kill "$pid"
  wait "$pid" || true
}

row minilm-linformer-4k 16384
row minilm-linformer-4k,spam-linformer 16384
row minilm-linformer-4k,spam-linformer,debian-topic 4096
row minilm-linformer-4k,spam-linformer,debian-topic 16384
row minilm-linformer-4k,spam-linformer,debian-topic 65536

#!/usr/bin/env bash
# Measures memory allocators under the service in its image, after test-image.sh has built it and
# `java -Dscale=0.001 -jar serving/benchmark/target/benchmark.jar soak` has written the texts: the same requests with each, in
# turn, and that several times. The processor's time is the figure to trust where something else runs beside it. Writes the
# table into README.md.
set -euo pipefail
cd "$(dirname "$0")"

rounds=${1:-3}
requests=${2:-240}
texts=$PWD/../serving/benchmark/target/texts/mixed.txt
jemalloc=$(find /usr/lib -name libjemalloc.so.2 -print -quit)
[ -n "$jemalloc" ] || { apt-get update -q && apt-get install -q -y --no-install-recommends libjemalloc2; }
jemalloc=$(find /usr/lib -name libjemalloc.so.2 -print -quit)
export CONTAINERS_CONF=$PWD/target/image/containers.conf CONTAINERS_STORAGE_CONF=$PWD/target/image/storage.conf DISABLE_HC_SYSTEMD=true

work=$(mktemp -d)
chmod 755 "$work"
end() {
  podman rm -f allocator > /dev/null 2>&1 || true
  rm -rf "$work"
}
trap end EXIT

# the service without its calls of mallopt and malloc_trim, which cannot be turned off
mkdir -p "$work/plain/org/linformer/zoo"
cat > "$work/plain/GlibcAllocator.java" << 'END'
package org.linformer.zoo;
public final class GlibcAllocator {
  public static void keepFreedMemory() {}
  public static void giveBackFreedMemory() {}
}
END
javac --release 17 -d "$work/plain" "$work/plain/GlibcAllocator.java"
chmod -R a+rX "$work"

port=28456
service=http://127.0.0.1:$port
mapfile -t flags < <(podman image inspect --format '{{json .Config.Entrypoint}}' localhost/linformer:cpu | jq -r '.[1:][]')
# measure NAME OPTION...: one run
measure() {
  local name=$1
  shift
  local arguments=("${flags[@]}")
  if [ "$name" = "glibc without mallopt" ]; then
    for i in "${!arguments[@]}"; do
      [ "${arguments[i]}" != -cp ] || arguments[i + 1]=/plain:${arguments[i + 1]}
    done
  fi
  podman run -d --name allocator --pull=never --read-only --tmpfs /tmp --memory 4g --memory-swap 4g -e SERVER_PORT=$port \
    -e SERVING_OPEN=true -e SERVER_ADDRESS=127.0.0.1 -e SERVING_REQUEST_TIMEOUT=10m -v "$work/plain:/plain:ro" \
    -v "$jemalloc:/jemalloc.so:ro" "$@" --entrypoint /opt/jre/bin/java localhost/linformer:cpu "${arguments[@]}" > /dev/null
  until curl -fs -o /dev/null "$service/actuator/health/readiness"; do
    [ "$(podman inspect --format '{{.State.Running}}' allocator)" = true ] || { podman logs allocator >&2; exit 1; }
    sleep 0.5
  done
  local pid before began
  pid=$(podman inspect --format '{{.State.Pid}}' allocator)
  before=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
  began=$(date +%s%N)
  # shellcheck disable=SC2016 # bash's own
  head -n "$requests" "$texts" | tr '\n' '\0' | xargs -0 -P 8 -n 1 bash -c \
    'curl -fsS -o /dev/null -H "Content-Type: application/json" "$0${1%% *}" --data-binary @- <<< "${1#* }"' "$service"
  awk -v name="$name" -v before="$before" -v seconds="$((($(date +%s%N) - began) / 1000000))" -v requests="$requests" '
    FILENAME ~ /stat$/ { cpu = $14 + $15 - before }
    $1 == "VmRSS:" { resident = $2 / 1024 }
    $1 == "VmHWM:" { most = $2 / 1024 }
    END { printf "%s\t%.0f\t%.0f\t%.0f\t%.2f\n", name, resident, most, 10 * cpu / requests, 1000 * requests / seconds }' \
    "/proc/$pid/stat" "/proc/$pid/status" | tee -a "$work/runs"
  podman rm -f -t 0 allocator > /dev/null
}

for ((round = 0; round < rounds; round++)); do
  measure "glibc, mallopt as the code sets it"
  measure "glibc, mallopt, MALLOC_ARENA_MAX=1" -e MALLOC_ARENA_MAX=1
  measure "glibc, mallopt, MALLOC_ARENA_MAX=2" -e MALLOC_ARENA_MAX=2
  measure "glibc without mallopt"
  measure "jemalloc" -e LD_PRELOAD=/jemalloc.so
  measure "jemalloc, oversize_threshold:0, dirty_decay_ms:30000" -e LD_PRELOAD=/jemalloc.so \
    -e MALLOC_CONF=oversize_threshold:0,dirty_decay_ms:30000,background_thread:true
done

{
  echo "Medians of $rounds runs of $requests requests each, 8 at a time: vectors and labels of texts of 16, 128, 1,000 and 4,000 tokens"
  echo "(\`./measure-allocators.sh $rounds $requests\`; $(LC_ALL=C lscpu | sed -n 's/^Model name: *//p'), $(nproc) processors)."
  echo
  echo "| allocator | resident at the end, MiB | at most, MiB | CPU time of an answer, ms | answers a second |"
  echo "| --- | --- | --- | --- | --- |"
  cut -f 1 "$work/runs" | awk '!seen[$0]++' | while read -r name; do
    row="| $name |"
    for column in 2 3 4 5; do
      row+=" $(awk -F '\t' -v name="$name" -v column=$column '$1 == name { print $column }' "$work/runs" | sort -n \
        | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }') |"
    done
    echo "$row"
  done
} | tee "$work/table"
awk -v file="$work/table" '/<!-- allocators -->/ { print; while ((getline line < file) > 0) print line; skip = 1 }
  /<!-- end of allocators -->/ { skip = 0 } !skip' README.md > "$work/README.md"
cat "$work/README.md" > README.md

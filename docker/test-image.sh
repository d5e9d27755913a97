#!/usr/bin/env bash
# Builds both targets of the Dockerfile with Podman, on Debian and after `mvn package`, and tries them as an operator should
# run them: another user, no capabilities, a read-only root file system, limits. Nothing is fetched from an image registry: the
# images that the Dockerfile starts from are made of Debian's packages and of the JDK 25 of this machine, by the names that it
# asks for. --write puts the figures into README.md. target/ holds the layers for the next time.
set -euo pipefail
cd "$(dirname "$0")"

missing=()
for program in curl:curl jq:jq mmdebstrap:mmdebstrap podman:podman runc:runc shellcheck:shellcheck; do
  command -v "${program%%:*}" > /dev/null || missing+=("${program##*:}")
done
[ -e /usr/lib/podman/netavark ] || missing+=(netavark)
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -q
  apt-get install -q -y --no-install-recommends "${missing[@]}"
fi
jdk=$(find /usr/lib/jvm -mindepth 1 -maxdepth 1 -type d -name '*25*' -print -quit 2> /dev/null || true)
if [ -z "$jdk" ]; then
  echo "/usr/lib/jvm must hold a JDK 25, but does not"
  exit 1
fi

home=$PWD/target/image
mkdir -p "$home"
cat > "$home/containers.conf" << END
[containers]
default_ulimits = ["nofile=1024:$(ulimit -Hn)", "nproc=8192:8192"]
netns = "host"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
END
printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' "$home/storage" "$home/run" > "$home/storage.conf"
export CONTAINERS_CONF=$home/containers.conf CONTAINERS_STORAGE_CONF=$home/storage.conf
# there may be no systemd to ask for health at times: podman healthcheck run does it here
export DISABLE_HC_SYSTEMD=true

work=$(mktemp -d)
end() {
  podman rm -af > /dev/null 2>&1 || true
  rm -rf "$work"
}
trap end EXIT

. ./check.sh

# --- images ---

argument() {
  sed -n "s/^ARG $1=//p" Dockerfile
}
debian=localhost/$(argument RUN_IMAGE)
jdk_image=localhost/$(argument JDK_IMAGE)
if ! podman image exists "$debian"; then
  cat > "$work/hook" << 'END'
cd "$1"
find usr/share/doc -type f ! -name copyright -delete
rm -rf usr/share/man/* usr/share/info/* usr/share/lintian/* usr/share/locale/* var/cache/apt/*.bin var/lib/apt/lists/* etc/resolv.conf
END
  TMPDIR=$work mmdebstrap --quiet --variant=minbase --mode=root --dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"' \
    --customize-hook="sh $work/hook \"\$1\"" bookworm "$work/debian.tar" /etc/apt/sources.list.d/debian.sources
  podman import -q --change 'CMD ["bash"]' "$work/debian.tar" "$debian" > /dev/null
  rm "$work/debian.tar"
fi
if ! podman image exists "$jdk_image"; then
  mkdir "$work/jdk"
  tar -C "$jdk" -chf "$work/jdk/jdk.tar" .
  cat > "$work/jdk/Dockerfile" << END
FROM ${debian#localhost/}
RUN apt-get update -q && apt-get install -q -y --no-install-recommends binutils
ADD jdk.tar /opt/java/openjdk
ENV JAVA_HOME=/opt/java/openjdk PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
END
  podman build -q --pull=never --network host --format docker -t "$jdk_image" "$work/jdk" > /dev/null
  rm -r "$work/jdk"
fi

# build TARGET CONTEXT
build() {
  podman build -q --pull=never --network none --format docker --target "$1" -t "localhost/linformer:$1" -f Dockerfile "$2" > "$work/build" 2>&1 \
    || { tail -n 20 "$work/build"; return 1; }
}
if ! build cpu ..; then
  cat "$work/build"
  echo "the image cannot be built"
  exit 1
fi
size=$(podman image inspect --format '{{.Size}}' localhost/linformer:cpu)
check "the image has less than 700 MB, but has $((size / 1000000))" test "$size" -lt 700000000

free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)) && (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do :; done
  echo "$port"
}
port=$(free_port)
service=http://127.0.0.1:$port
# start IMAGE OPTION...: in the background, without rights
start() {
  local image=$1
  shift
  podman rm -f linformer > /dev/null 2>&1 || true
  # conmon leaves a file where it is when the memory limit kills
  cd "$work"
  podman run -d --name linformer --pull=never --read-only --tmpfs /tmp:rw,noexec,size=64m,mode=1777 --cap-drop=all \
    --security-opt no-new-privileges --pids-limit 512 --memory 3g --memory-swap 3g -e SERVER_PORT="$port" \
    "$@" "localhost/linformer:$image" > /dev/null
  cd "$OLDPWD"
  pid=$(podman inspect --format '{{.State.Pid}}' linformer)
}
ready() {
  until_true 120 curl -fs "$service/actuator/health/readiness" || { podman logs linformer 2>&1 | tail -n 20; return 1; }
}
# ended STATUS WORDS...: it ends by itself, with that status, and its log has the words
ended() {
  local status
  status=$(timeout 120 podman wait linformer)
  podman logs linformer > "$work/log" 2>&1
  cat "$work/log"
  echo "status $status"
  [ "$status" = "$1" ] && grep -qF "$2" "$work/log"
}
# ask PATH BODY
ask() {
  curl -fsS -m 120 -H 'Content-Type: application/json' "$service$1" --data-binary @- <<< "$2"
}

# --- as it should be run ---

open=(-e SERVING_OPEN=true -e SERVER_ADDRESS=127.0.0.1)
began=$(date +%s%N)
start cpu "${open[@]}"
check "it gets ready" ready
took=$((($(date +%s%N) - began) / 10000000))
cpu=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
resident() {
  awk -v name="$1:" '$1 == name { print int($2 / 1024) }' "/proc/$pid/status"
}
idle=$(resident VmRSS)
most=$(resident VmHWM)

has() {
  grep -qE "$1" "/proc/$pid/$2"
}
check "it is not root" has '^Uid:\s10001\s10001' status
check "it has no capabilities" has '^CapEff:\s0+$' status
check "it cannot get more rights" has '^NoNewPrivs:\s1$' status
check "seccomp is on" has '^Seccomp:\s2$' status
check "its root file system cannot be written to" has ' / / ro[, ]' mountinfo
check "it unpacks nothing" test "$(find "/proc/$pid/root/tmp" -type f ! -path '*/hsperfdata_*' | wc -l)" = 0
check "natives come from the image" test "$(grep -oE '/[^ ]*\.so[^ ]*' "/proc/$pid/maps" | grep -vcE '^/(opt|lib|lib64|usr/lib)/')" = 0
check "the AOT cache is used" has '/opt/linformer/linformer.aot' maps
heap() {
  podman exec linformer jcmd 1 VM.flags | tee /dev/stderr | grep -oE 'MaxHeapSize=[0-9]+' | grep -qE '=12[0-9]{8}$'
}
check "the heap is bounded by the limit: 40 % of 3 GiB" heap
check "Kubernetes' preStop has its sleep" podman exec linformer sleep 0
check "HEALTHCHECK" podman healthcheck run linformer

mail='Guaranteed to lose 10-12 lbs in 30 days\n\n1) Fight The Risk of Cancer!\n\n2) Slim Down - Guaranteed to lose 10-12 lbs in 30 days\n\n3) Get the Child Support You Deserve - Free Legal Advice\n\n4) Join the Web'\''s Fastest Growing Singles Community\n\n5) Start Your Private Photo Album Online!\n\nHave a Wonderful Day,\nOffer Manager\nPrizeMama\n\nIf you wish to leave this list please use the link below.'
spam() {
  ask /v1/classify "{\"text\": \"$mail\"}" | tee /dev/stderr | jq -e '.results[0].labels[0] | .label == "spam" and .score > 0.99'
}
check "classify: the README's mail is spam" spam
alike() {
  ask /v1/embeddings '{"input": ["How do I reset my password?", "Forgot the login", "The river froze over in January."]}' | jq -e '
    def dot(a; b): [a, b] | transpose | map(.[0] * .[1]) | add;
    [.data[].embedding] | (.[0] | length) == 384 and dot(.[0]; .[1]) > dot(.[0]; .[2]) + 0.2'
}
check "embeddings: a text is nearer to one that means the same" alike
topic() {
  ask /v1/classify '{"model": "debian-topic", "text": "A multitrack audio recorder with effects, a mixer and MIDI support."}' \
    | tee /dev/stderr | jq -e '.results[0].labels[0].label == "sound"'
}
check "classify: the third model" topic
long=$(printf 'The committee met on Tuesday and spoke about the budget of the library. %.0s' {1..250})
check "a text of 3,500 tokens" ask /v1/embeddings "{\"input\": \"$long\"}"
metric() {
  curl -fsS "$service/actuator/prometheus" > "$work/metrics" && grep -E '^linformer_' "$work/metrics" && grep -qE "^$1" "$work/metrics"
}
check "metrics" metric 'linformer_requests_seconds_count\{.*outcome="success".*\} [1-9]'
check "readiness names the models" eval "curl -fsS $service/actuator/health/readiness | jq -e '.components.model.details.models | length == 3'"
busy=$(resident VmRSS)

# what was let in is answered though it is told to stop
texts=$(printf "\"$long\",%.0s" {1..4})
for i in 1 2 3; do
  ask /v1/embeddings "{\"input\": [${texts%,}]}" > "$work/answer$i" &
  answers[i]=$!
done
check "texts wait" until_true 30 metric 'linformer_queue_depth [1-9]'
check "it stops when it is told to" podman stop -t 70 linformer
for i in 1 2 3; do
  check "what was let in is answered: $i" wait "${answers[i]}"
  check "with all its texts: $i" jq -e '.data | length == 4' "$work/answer$i"
done
check "status 143: SIGTERM reached it" test "$(podman inspect --format '{{.State.ExitCode}}' linformer)" = 143
check "no error in its log" eval "! podman logs linformer 2>&1 | grep -E ' (ERROR|WARN) |warning'"

# --- limits ---

start cpu "${open[@]}" --cpus 1 --memory 2g --memory-swap 2g
check "it gets ready on one processor with 2 GiB" ready
check "it computes as many batches at once as it has processors" eval "podman logs linformer 2>&1 | grep '1 batches at once'"
check "it answers there" spam
start cpu "${open[@]}" --memory 512m --memory-swap 512m
check "with too little memory it is killed, and does not hang" ended 137 ""
start cpu "${open[@]}" -e JAVA_TOOL_OPTIONS=-Xmx32m
check "it gets ready with a heap of 32 MiB" ready
full() {
  printf '{"text": "%s"}' "$(yes word | head -n 800000 | tr '\n' ' ')" > "$work/full"
  curl -s -m 120 -H 'Content-Type: application/json' "$service/v1/classify" --data-binary "@$work/full" || true
  ended 3 "OutOfMemoryError"
}
check "with a full heap it ends with status 3" full

# --- keys ---

start cpu
check "it does not answer others without keys" ended 1 "serving.api-keys-file"
key=$(head -c 32 /dev/urandom | sha256sum | cut -d ' ' -f 1)
echo "test $(printf %s "$key" | sha256sum | cut -d ' ' -f 1)" > "$work/keys.txt"
chmod 755 "$work"
start cpu -v "$work/keys.txt:/keys.txt:ro" -e SERVING_API_KEYS_FILE=/keys.txt
check "with keys it gets ready" ready
check "who has no key is refused" test "$(curl -s -o /dev/null -w '%{http_code}' "$service/v1/models")" = 401
check "who has one is answered" curl -fsS -H "Authorization: Bearer $key" "$service/v1/models"

# --- the other target ---

check "the target cuda wants a jar with CUDA" eval "! build cuda .."
# a jar with CUDA's natives as far as there is anything of them here: where they go, and that the CPU does without a driver
cudart=$(find -L /usr/local/cuda/lib64 /usr/lib/x86_64-linux-gnu -maxdepth 1 -name 'libcudart.so.*' -print -quit 2> /dev/null || true)
if [ -n "$cudart" ]; then
  mkdir -p "$work/context/docker" "$work/context/serving/target" "$work/native/native/lib" "$work/native/pytorch/cu128/linux-x86_64" "$work/BOOT-INF/lib"
  cp unpack.sh "$work/context/docker"
  cp ../.dockerignore "$work/context"
  cp ../serving/target/linformer-serving.jar "$work/context/serving/target"
  cp -L "$cudart" "$work/native/pytorch/cu128/linux-x86_64/libcudart-0.so.12"
  version=$(unzip -p ../serving/target/linformer-serving.jar 'BOOT-INF/lib/pytorch-native-cpu-*.jar' > "$work/cpu.jar" && unzip -p "$work/cpu.jar" native/lib/pytorch.properties | sed -n 's/^version=//p')
  printf 'version=%s\nflavor=cu128\nclassifier=linux-x86_64\nlibraries=libcudart-0.so.12\n' "$version" > "$work/native/native/lib/pytorch.properties"
  "$jdk/bin/jar" cf "$work/BOOT-INF/lib/pytorch-native-cu128-0.jar" -C "$work/native" .
  unzip -p ../serving/target/linformer-serving.jar BOOT-INF/classpath.idx > "$work/BOOT-INF/classpath.idx"
  echo '- "BOOT-INF/lib/pytorch-native-cu128-0.jar"' >> "$work/BOOT-INF/classpath.idx"
  (cd "$work" && "$jdk/bin/jar" uf0 context/serving/target/linformer-serving.jar BOOT-INF)
  check "the target cuda" build cuda "$work/context"
  start cuda "${open[@]}"
  check "without a driver it gets ready on the CPU" ready
  check "it asked for a GPU" has '/opt/djl/cuda/libcudart.so' maps
  check "CUDA's natives lie where DJL looks for them" test -e "/proc/$pid/root/opt/djl/pytorch/$version-cu128-linux-x86_64/0.36.0-libdjl_torch.so"
  check "it answers on the CPU" spam
else
  echo "left out: the target cuda, for this machine has no libcudart"
fi

# --- figures ---

figures() {
  echo "| layer | MB |"
  echo "| --- | --- |"
  podman history --no-trunc --format json localhost/linformer:cpu | jq -r 'reverse[] | select(.size > 0) | [.size, .CreatedBy] | @tsv' \
    | awk '{ printf "| `%s` | %.1f |\n", $NF, $1 / 1e6; all += $1 } END { printf "| together | %.1f |\n", all / 1e6 }'
  echo
  awk -v took="$took" -v cpu="$cpu" -v ticks="$(getconf CLK_TCK)" -v idle="$idle" -v most="$most" -v busy="$busy" 'BEGIN {
    printf "Ready %.1f s after `docker run`, with %.1f CPU-seconds; resident memory is %d MiB then, %d MiB at most until then, and %d MiB\n", \
      took / 100, cpu / ticks, idle, most, busy
    print "after the requests of `./test-image.sh`, which wrote this."
  }'
}
figures | tee "$work/figures"
if [ "${1:-}" = --write ]; then
  awk -v file="$work/figures" '/<!-- figures -->/ { print; while ((getline line < file) > 0) print line; skip = 1 }
    /<!-- end of figures -->/ { skip = 0 } !skip' README.md > "$work/README.md"
  cat "$work/README.md" > README.md
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
